# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Poses of a robot between those that were solved, for an output at its own rate.

The output is one input interval behind the input, so that there is a pose on either side.
Between them joints and base follow a cubic that goes on as fast as they came (Hermite).
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.rotations import slerp
from motion_avatar_ros.retarget.solver import RobotPose

_LONGEST_S = 0.1    # an input that pauses for longer begins anew
_SHARE = 0.2        # of a new delay in the mean of delays


class PoseInterpolator:
    """Gives the poses of one robot at any time; stamps and times are of one clock [s]."""

    def __init__(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Take the position limits (J,) [rad] of the joints, which no cubic may pass."""
        self._lower, self._upper = lower, upper
        self.clear()

    def clear(self) -> None:
        """Forget all poses."""
        self._poses: list[tuple[float, RobotPose]] = []
        self._delay_s = 0.0

    def push(self, pose: RobotPose, stamp_s: float, now_s: float) -> None:
        """
        Take a solved pose.

        Args:
            pose: to be shown soon.
            stamp_s: of the pose; one that is not later than the last begins anew.
            now_s: the time.
        """
        if self._poses:
            interval_s = stamp_s - self._poses[-1][0]
            if not 0.0 < interval_s <= _LONGEST_S:
                self.clear()
            else:
                delay_s = now_s - stamp_s + interval_s
                share = 1.0 if len(self._poses) == 1 else _SHARE
                self._delay_s += share * (delay_s - self._delay_s)
        self._poses = [*self._poses[-2:], (stamp_s, pose)]

    def at(self, now_s: float) -> tuple[float, RobotPose] | None:
        """Return the stamp [s] that is shown now, and its pose; None before the first pose."""
        if not self._poses:
            return None
        (end_s, end) = self._poses[-1]
        if len(self._poses) == 1:
            return end_s, end
        stamp_s = min(max(now_s - self._delay_s, self._poses[-2][0]), end_s)
        start_s, start = self._poses[-2]
        share = (stamp_s - start_s) / (end_s - start_s)
        before_s, before = self._poses[0]
        came = 1.0 if before_s == start_s else (end_s - start_s) / (start_s - before_s)

        def between(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
            """Interpolate b to c, arriving as fast as on a straight line, having come from a."""
            leaving = c - b if before_s == start_s else came * (b - a)
            return b + share * leaving + share * share * (c - b - leaving) * (2.0 - share)

        joints = np.clip(
            between(before.joints, start.joints, end.joints), self._lower, self._upper)
        return stamp_s, RobotPose(
            slerp(start.base_rotation, end.base_rotation, share),
            between(before.base_position, start.base_position, end.base_position), joints)
