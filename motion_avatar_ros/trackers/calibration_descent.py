# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Levenberg-Marquardt on a calibration problem.

Frames that fit nobody are trusted less (Student's t, by reweighting). Poses are not integrated
out: Laplace's correction for that moves height and arms by more than it can know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.trackers.calibration_body import Unknowns
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE
from motion_avatar_ros.trackers.calibration_problem import CalibrationProblem, Normal

_STEPS, _TRIES = 30, 8
_FREEDOM = 12.0  # of Student's t


@dataclass(frozen=True)
class Solution:
    """
    The end of a descent.

    Attributes:
        unknowns: the estimate.
        cost: its sum of squares.
        covariance: (C, C) of the core.
    """

    unknowns: Unknowns
    cost: float
    covariance: np.ndarray


def descend(problem: CalibrationProblem, start: Unknowns) -> Solution:
    """Return the most likely sizes and offsets, from a start that is roughly right."""
    unknowns, damping = start, 1e-3
    for _ in range(_STEPS):
        left = problem.residuals(unknowns)
        problem.trust = np.minimum(
            1.0, (_FREEDOM + POSTURE_SIZE) / (_FREEDOM + problem.posture_costs(left)))
        cost = problem.cost(unknowns)
        normal = problem.normal_equations(unknowns)
        for _ in range(_TRIES):
            tried = _step(problem, unknowns, normal, damping)
            tried_cost = problem.cost(tried)
            if tried_cost < cost:
                break
            damping = max(8.0 * damping, 1e-4)
        else:
            break
        unknowns, damping = tried, damping / 6.0
        if cost - tried_cost < 1e-3 * max(1.0, 1e-3 * abs(cost)):
            break
    matrix = problem.reduced(problem.normal_equations(unknowns), 0.0)[0]
    covariance = np.linalg.inv(matrix)[:problem.core, :problem.core]
    return Solution(unknowns, problem.cost(unknowns), covariance)


def _step(
    problem: CalibrationProblem, unknowns: Unknowns, normal: Normal, damping: float
) -> Unknowns:
    matrix, gradient, answers = problem.reduced(normal, damping)
    matrix += damping * np.diag(np.diag(normal.yy))
    step = -np.linalg.solve(matrix, gradient)
    core, habits = step[:problem.core], step[problem.core:].reshape(-1, POSTURE_SIZE)
    shared = np.concatenate((
        np.broadcast_to(core, (len(problem.trust), problem.core)),
        habits[problem.frames.steps], np.ones((len(problem.trust), 1))), axis=1)
    return unknowns.moved(-(answers @ shared[..., None])[..., 0], core, habits)
