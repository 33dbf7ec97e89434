# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a robot says that its joints are, and whether that can be believed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.joint_limits import JointLimits

_BEYOND_LIMIT_RAD = 0.1     # a measured joint further out is not believed


class EngageError(MotionAvatarError):
    """A robot that cannot be engaged now."""


class MeasuredJoints:
    """The J joints of a robot as measured; all times are of one steady clock [s]."""

    def __init__(
        self, names: Sequence[str], limits: JointLimits, timeout_s: float,
        max_deviation_rad: float, deviation_s: float,
    ) -> None:
        """
        Begin without knowing any.

        Args:
            names: of the joints.
            limits: of the joints.
            timeout_s: so old may a measured joint be.
            max_deviation_rad, deviation_s: a joint further from its command for so long does
                not follow.
        """
        self._names = tuple(names)
        self._limits = limits
        self._timeout_s = timeout_s
        self._max_deviation_rad, self._deviation_s = max_deviation_rad, deviation_s
        self._joints = np.full(len(self._names), np.nan)
        self._told_s = np.full(len(self._names), np.nan)
        self._near_s = 0.0      # when all were last near their commands

    def take(self, joints: np.ndarray, now_s: float) -> None:
        """Take joints (J,) [rad], which may come in parts: NaN for those not told."""
        is_told = np.isfinite(joints)
        self._joints[is_told] = joints[is_told]
        self._told_s[is_told] = now_s

    def whole(self, now_s: float) -> np.ndarray:
        """
        Return all of them (J,) [rad].

        Raises:
            EngageError: some are missing, old, or far beyond their limits.
        """
        is_known = ~np.isnan(self._joints)
        if not is_known.any() or self.age_s(now_s) > self._timeout_s:
            raise EngageError(
                "the robot's joint states do not come, so where it is is not known")
        missing = [n for n, known in zip(self._names, is_known, strict=True) if not known]
        if missing:
            raise EngageError(f"the robot's joint states lack {', '.join(missing)}")
        beyond = np.maximum(
            self._joints - self._limits.upper, self._limits.lower - self._joints)
        worst = int(beyond.argmax())
        if beyond[worst] > _BEYOND_LIMIT_RAD:
            raise EngageError(
                f"joint '{self._names[worst]}' is measured at {self._joints[worst]:.2f} rad; its "
                f'range is {self._limits.lower[worst]:.2f} .. {self._limits.upper[worst]:.2f}')
        return self._joints.copy()

    def begin_to_follow(self, now_s: float) -> None:
        """Take it that the robot is where it is commanded now."""
        self._near_s = now_s

    def problem(self, commanded: np.ndarray, now_s: float) -> str | None:
        """Return why a robot with commands (J,) [rad] must not be commanded any more, or None."""
        age_s = self.age_s(now_s)
        if age_s > self._timeout_s:
            return f"the robot's joint states stopped {age_s:.1f} s ago"
        away = np.abs(self._joints - commanded)
        worst = int(away.argmax())
        if away[worst] <= self._max_deviation_rad:
            self._near_s = now_s
        elif now_s - self._near_s > self._deviation_s:
            return (f"joint '{self._names[worst]}' is {away[worst]:.2f} rad from its command: "
                    'the robot does not follow')
        return None

    def age_s(self, now_s: float) -> float:
        """Return how long ago the joint was told that was told longest ago [s]."""
        return now_s - float(np.nanmin(self._told_s))
