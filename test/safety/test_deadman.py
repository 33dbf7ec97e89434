# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A button that must be held."""

from __future__ import annotations

from motion_avatar_ros.safety.deadman import Deadman


def test_nothing_moves_before_it_is_pressed_after_it_is_released_and_when_it_is_silent():
    button = Deadman(0.3)
    assert 'silent' in button.why_released(10.0)
    button.take(False, 10.0)
    assert 'released' in button.why_released(10.0)
    button.take(True, 10.1)
    assert button.why_released(10.35) is None
    assert 'silent' in button.why_released(10.5)
    button.take(True, 10.6)
    button.take(False, 10.7)
    assert 'released' in button.why_released(10.7)
