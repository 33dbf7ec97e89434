# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from motion_avatar_ros.body.skeleton import HEAD
from motion_avatar_ros.training.lag import lag_ms

RATE_HZ = 60.0
FRAMES = 300


def swinging(late_s: float = 0.0, frames: int = FRAMES, size_m: float = 0.1) -> np.ndarray:
    """Joints (T, 22, 3) about a head at rest, each with its own two sines below 2 Hz."""
    rng = np.random.default_rng(0)
    seconds = np.arange(frames)[:, None, None] / RATE_HZ - late_s
    sines = [
        np.sin(2.0 * np.pi * rng.uniform(0.4, 2.0, (22, 3)) * seconds
               + rng.uniform(0.0, 6.0, (22, 3))) for _ in range(2)]
    joints = rng.normal(0.0, 0.3, (22, 3)) + size_m * (sines[0] + sines[1])
    joints[:, HEAD] = 0.0
    return joints


@pytest.mark.parametrize('late_s', [0.0, 0.004, 0.05, 0.1083, 0.2, -0.03])
def test_planted_delay_is_found_between_frames_with_its_sign(late_s):
    assert lag_ms(swinging(late_s), swinging(), RATE_HZ) == pytest.approx(1e3 * late_s, abs=1.0)


@pytest.mark.parametrize('rate_hz', [30.0, 120.0])
def test_delay_is_in_time_not_in_frames(rate_hz):
    late = np.roll(swinging(frames=600), 6, axis=0)[6:]
    assert lag_ms(late, swinging(frames=600)[6:], rate_hz) == pytest.approx(
        6e3 / rate_hz, abs=60.0 / rate_hz)


@pytest.mark.parametrize('alpha', [0.5, 0.25, 0.15])
def test_causal_low_pass_lags_by_its_phase_delay(alpha):
    cycles_per_s = 0.8
    sway = 0.2 * np.sin(2.0 * np.pi * cycles_per_s * np.arange(FRAMES) / RATE_HZ)
    truth = swinging(size_m=0.0)
    truth[:, 4, 0] += sway
    late = truth.copy()
    late[:, 4, 0] = lfilter([alpha], [1.0, alpha - 1.0], truth[:, 4, 0])
    omega = 2.0 * np.pi * cycles_per_s / RATE_HZ
    phase = math.atan2((1.0 - alpha) * math.sin(omega), 1.0 - (1.0 - alpha) * math.cos(omega))
    # One joint of 21 moves: its speed over all of them is still above the threshold.
    assert lag_ms(late[60:], truth[60:], RATE_HZ) == pytest.approx(
        1e3 * phase / omega / RATE_HZ, abs=2.0)


def test_walking_head_does_not_hide_the_lag_of_the_body():
    walk = np.zeros((FRAMES, 1, 3))
    walk[:, 0, 0] = 3.0 * np.arange(FRAMES) / RATE_HZ
    walk[:, 0, 2] = 0.1 * np.sin(np.arange(FRAMES) / 3.0)
    late = lag_ms(swinging(0.08) + walk, swinging() + walk, RATE_HZ)
    assert late == pytest.approx(80.0, abs=1.0)


def test_jitter_on_top_does_not_move_the_lag():
    noise = np.random.default_rng(1).normal(0.0, 0.001, (FRAMES, 22, 3))
    assert lag_ms(swinging(0.05) + noise, swinging(), RATE_HZ) == pytest.approx(50.0, abs=3.0)


def test_clip_that_hardly_moves_has_no_lag():
    assert lag_ms(swinging(0.05, size_m=0.001), swinging(size_m=0.001), RATE_HZ) is None
    still = swinging(size_m=0.0)
    assert lag_ms(still, swinging(), RATE_HZ) is None
    assert lag_ms(swinging(), still, RATE_HZ) is None


def test_peak_at_the_edge_is_no_lag():
    # A slow swing that is later than the search reaches: correlation still rises at its edge.
    truth, late = swinging(size_m=0.0), swinging(size_m=0.0)
    seconds = np.arange(FRAMES) / RATE_HZ
    truth[:, 4, 0] += np.sin(2.0 * np.pi * 0.5 * seconds)
    late[:, 4, 0] += np.sin(2.0 * np.pi * 0.5 * (seconds - 0.4))
    assert lag_ms(late, truth, RATE_HZ) is None


def test_motion_that_has_nothing_to_do_with_the_truth_has_no_lag():
    other = np.random.default_rng(2).normal(0.0, 0.02, (FRAMES, 22, 3)).cumsum(axis=0)
    assert lag_ms(other, swinging(), RATE_HZ) is None


def test_clip_too_short_to_search_has_no_lag():
    assert lag_ms(swinging(0.03, 59), swinging(frames=59), RATE_HZ) is None
    assert lag_ms(swinging(0.03, 60), swinging(frames=60), RATE_HZ) is not None
