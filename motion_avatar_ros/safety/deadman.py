# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A button that must be held for a robot to move."""

from __future__ import annotations


class Deadman:
    """Held while it says so, and says it often; all times are of one steady clock [s]."""

    def __init__(self, timeout_s: float) -> None:
        """Begin released; it counts as released after `timeout_s` without a word."""
        self._timeout_s = timeout_s
        self._is_pressed = False
        self._told_s = float('-inf')

    def take(self, is_pressed: bool, now_s: float) -> None:
        """Take what it says."""
        self._is_pressed, self._told_s = is_pressed, now_s

    def why_released(self, now_s: float) -> str | None:
        """Return why nothing may move, or None while it is held."""
        if now_s - self._told_s > self._timeout_s:
            return 'the deadman button is silent'
        return None if self._is_pressed else 'the deadman button is released'
