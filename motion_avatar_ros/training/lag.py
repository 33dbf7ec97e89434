# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How late an estimate is: the shift at which its joints' velocities agree best with the truth's.

Velocities are those of the 21 joints relative to the head, in world axes. The head is where it
was observed, in estimate and truth alike, so that it carries no lag, and its motion is part of
every joint's in the world: in a walk it would hold the peak at zero whatever the legs do. All
joints and axes share one correlation, so that each weighs by how much it moves.

There is no lag, None, where it could not be told from chance: a clip of less than 1 s, joints that
move by less than 5 cm/s (root mean square, truth and estimate), a peak at the edge of the search
or of a correlation below 0.3.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.skeleton import HEAD

#: The lag is searched within this much, late and early.
SEARCH_S = 0.25

_LEAST_S = 1.0
_LEAST_SPEED_M_S = 0.05
_LEAST_CORRELATION = 0.3


def lag_ms(positions: np.ndarray, true_positions: np.ndarray, rate_hz: float) -> float | None:
    """
    Measure the lag of one clip.

    Args:
        positions, true_positions: (T, 22, 3) joints of estimate and truth [m], in the world.
        rate_hz: frames per second.

    Returns:
        The lag [ms], positive where the estimate is late, between frames by a parabola through
        the peak; None where there is none to be told.
    """
    if len(positions) < _LEAST_S * rate_hz:
        return None
    velocity, true_velocity = (
        _velocities_m_s(joints, rate_hz) for joints in (positions, true_positions))
    if min(_speed_m_s(velocity), _speed_m_s(true_velocity)) < _LEAST_SPEED_M_S:
        return None
    furthest = int(SEARCH_S * rate_hz + 1e-9)
    correlations = np.array([
        _correlation(velocity, true_velocity, late) for late in range(-furthest, furthest + 1)])
    peak = int(np.argmax(correlations))
    if peak in (0, 2 * furthest) or correlations[peak] < _LEAST_CORRELATION:
        return None
    before, top, after = correlations[peak - 1:peak + 2]
    bend = before - 2.0 * top + after
    between = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(1e3 * (peak - furthest + between) / rate_hz)


def _velocities_m_s(joints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return (T - 1, 63) of the joints other than the head, relative to it."""
    relative = np.delete(joints - joints[:, HEAD:HEAD + 1], HEAD, axis=1)
    return np.diff(relative, axis=0).reshape(len(joints) - 1, -1) * rate_hz


def _speed_m_s(velocity: np.ndarray) -> float:
    """Return the root mean square over frames and joints."""
    return float(np.sqrt(3.0 * np.square(velocity).mean()))


def _correlation(velocity: np.ndarray, true_velocity: np.ndarray, late: int) -> float:
    """Correlate the frames that overlap for an estimate that is `late` frames late."""
    frames = len(velocity)
    own = velocity[max(late, 0):frames + min(late, 0)]
    true = true_velocity[max(-late, 0):frames - max(late, 0)]
    scale = np.sqrt(np.vdot(own, own) * np.vdot(true, true))
    return float(np.vdot(own, true) / scale) if scale > 0.0 else 0.0
