# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From tracker frames to the sparse observation that estimators take."""
