# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Levenberg-Marquardt on a calibration problem, with the poses integrated out.

The most likely sizes and offsets are those of the posterior with all poses integrated out.
Laplace's approximation of that integral adds the logarithm of the determinant of the poses'
information to the sum of squares; without it arms come out a tenth too long. How much a person
scatters within a step is found on the way (MacKay's fixed point), and frames that fit nobody
are trusted less (Student's t).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import transpose
from motion_avatar_ros.trackers.calibration_body import Unknowns
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE
from motion_avatar_ros.trackers.calibration_problem import CalibrationProblem, Normal, PARTS

_ROUNDS = 4
_FIRST_STEPS, _STEPS = 30, 10
_FREEDOM = 12.0  # of Student's t
_SPREAD_RANGE, _SPREAD_CHANGE, _SPREAD_FRAMES = (0.01, 30.0), (0.2, 5.0), 2.0
_SETTLED = 2e-3  # largest change of a size, lever [m] or turn [rad] in a round


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


class _Descent:
    """Steps down, with the slope of the volume of the poses held between rounds."""

    def __init__(self, problem: CalibrationProblem, start: Unknowns) -> None:
        self.problem = problem
        self.unknowns = self._anchor = start
        self._volume_slope = np.zeros(problem.core)

    def run(self, longest: int) -> None:
        problem = self.problem
        damping = 1e-3
        for _ in range(longest):
            left = problem.residuals(self.unknowns)
            problem.trust = np.minimum(
                1.0, (_FREEDOM + POSTURE_SIZE) / (_FREEDOM + problem.posture_costs(left)))
            cost = self._total(self.unknowns)
            normal = problem.normal_equations(self.unknowns)
            normal.y[:problem.core] += 0.5 * self._volume_slope
            better = None
            for _ in range(8):
                tried = self._step(normal, damping)
                tried_cost = self._total(tried)
                if tried_cost < cost:
                    better = tried
                    break
                damping = max(8.0 * damping, 1e-4)
            if better is None:
                return
            self.unknowns, damping = better, damping / 6.0
            if cost - tried_cost < 1e-3 * max(1.0, 1e-3 * abs(cost)):
                return

    def renew(self) -> None:
        """Find the volume's slope and the spreads anew, here."""
        self._renew_spreads()
        self._volume_slope = self._slope_of_volume()
        self._anchor = self.unknowns

    def change_since_renewal(self) -> float:
        return float(np.abs(self.unknowns.core_since(self._anchor)).max())

    def _total(self, unknowns: Unknowns) -> float:
        return self.problem.cost(unknowns) + float(
            self._volume_slope @ unknowns.core_since(self._anchor))

    def _step(self, normal: Normal, damping: float) -> Unknowns:
        problem = self.problem
        matrix, gradient, answers = problem.reduced(normal, damping)
        matrix += damping * np.diag(np.diag(normal.yy))
        step = -np.linalg.solve(matrix, gradient)
        core, habits = step[:problem.core], step[problem.core:].reshape(-1, POSTURE_SIZE)
        shared = np.concatenate((
            np.broadcast_to(core, (len(problem.trust), problem.core)),
            habits[problem.frames.steps], np.ones((len(problem.trust), 1))), axis=1)
        return self.unknowns.moved(-(answers @ shared[..., None])[..., 0], core, habits)

    def _volume(self, unknowns: Unknowns) -> float:
        """Return the logarithm of the determinant of the poses' information."""
        information, _ = self._pose_information(unknowns)
        return float(np.linalg.slogdet(information)[1].sum()
                     + 2.0 * len(information) * unknowns.log_scale)

    def _pose_information(self, unknowns: Unknowns) -> tuple[np.ndarray, np.ndarray]:
        problem = self.problem
        by_pose, posture_by_pose = problem.pose_slopes(unknowns)
        pulls = (problem.within[problem.frames.steps]
                 * problem.trust[:, None, None]) @ posture_by_pose
        return transpose(by_pose) @ by_pose + transpose(posture_by_pose) @ pulls, pulls

    def _slope_of_volume(self) -> np.ndarray:
        """Return the slope (C,) of the volume by the core, the poses following."""
        problem, step = self.problem, 1e-3
        answers = problem.reduced(problem.normal_equations(self.unknowns), 0.0)[2]
        still = np.zeros_like(self.unknowns.habits)
        slopes = np.zeros(problem.core)
        for slot in range(problem.core):
            volumes = []
            for sign in (step, -step):
                core = np.zeros(problem.core)
                core[slot] = sign
                volumes.append(self._volume(self.unknowns.moved(
                    -sign * answers[..., slot], core, still)))
            slopes[slot] = (volumes[0] - volumes[1]) / (2.0 * step)
        return slopes

    def _renew_spreads(self) -> None:
        problem = self.problem
        postures = problem.residuals(self.unknowns).postures
        information, pulls = self._pose_information(self.unknowns)
        unknown = pulls @ np.linalg.solve(information, transpose(pulls))
        within = problem.within
        for step in range(len(problem.spreads)):
            here = problem.frames.steps == step
            trust = problem.trust[here]
            for slot, part in enumerate(PARTS):
                prior = within[step][np.ix_(part, part)]
                left = postures[here][:, part]
                energy = trust @ np.einsum('fi,ij,fj->f', left, prior, left)
                share = np.einsum(
                    'ij,fji->f', np.linalg.inv(prior), unknown[here][:, part][:, :, part])
                # The habit takes what one frame is worth.
                known = trust @ np.maximum(len(part) - share, 0.0) * (1.0 - 1.0 / here.sum())
                change = (_SPREAD_FRAMES + energy) / (_SPREAD_FRAMES + known)
                problem.spreads[step, slot] = np.clip(
                    problem.spreads[step, slot] * np.clip(change, *_SPREAD_CHANGE),
                    *_SPREAD_RANGE)


def descend(problem: CalibrationProblem, start: Unknowns, rounds: int = _ROUNDS) -> Solution:
    """Return the most likely sizes and offsets, from a start that is roughly right."""
    descent = _Descent(problem, start)
    descent.run(_FIRST_STEPS)
    for _ in range(rounds):
        descent.renew()
        descent.run(_STEPS)
        if descent.change_since_renewal() < _SETTLED:
            break
    matrix = problem.reduced(problem.normal_equations(descent.unknowns), 0.0)[0]
    covariance = np.linalg.inv(matrix)[:problem.core, :problem.core]
    return Solution(descent.unknowns, problem.cost(descent.unknowns), covariance)
