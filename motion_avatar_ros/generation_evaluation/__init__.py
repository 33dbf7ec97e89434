# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How good generated motion is: a trained evaluator, its validity, and figures without one."""
