# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What keeps motion safe to look at and to follow: limits, blending, holding."""
