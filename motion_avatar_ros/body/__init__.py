# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The SMPL 22-joint body: skeleton, rotations, kinematics, motion files, coding, mesh."""
