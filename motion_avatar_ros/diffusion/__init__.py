# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Noise schedules and samplers; they know nothing of networks."""
