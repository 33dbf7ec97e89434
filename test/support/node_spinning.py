# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Spins a node until something has come."""

from __future__ import annotations

import time

import rclpy


def spin_until(node, condition, timeout_s=10.0):
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, 'timed out'
        rclpy.spin_once(node, timeout_sec=0.05)
