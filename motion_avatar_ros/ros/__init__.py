# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the nodes share of ROS: parameters, QoS, lifecycle, messages, diagnostics, inputs."""
