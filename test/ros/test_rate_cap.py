# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The rate cap: no stream at its rate loses frames, no stream exceeds it."""

from __future__ import annotations

from motion_avatar_ros.ros.rate_cap import RateCap
import numpy as np


def admitted(rate_hz: float, times_s: np.ndarray) -> int:
    cap = RateCap(rate_hz)
    return sum(cap.admits(float(time_s)) for time_s in times_s)


def test_a_jittering_stream_at_the_rate_loses_nothing():
    jitter_s = np.random.default_rng(0).uniform(-0.004, 0.004, 600)
    assert admitted(60.0, np.arange(600) / 60.0 + jitter_s) >= 595


def test_a_faster_stream_is_cut_to_the_rate():
    assert 295 <= admitted(30.0, np.arange(2400) / 240.0) <= 302


def test_after_a_pause_no_burst_is_let_through():
    cap = RateCap(10.0)
    assert cap.admits(0.0)
    assert sum(cap.admits(100.0 + burst * 1e-3) for burst in range(50)) <= 2
