# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Live full-body motion from three tracker frames, for avatars and robots, on ROS 2."""

__version__ = '0.1.0'
