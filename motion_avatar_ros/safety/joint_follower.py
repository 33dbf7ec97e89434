# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The last stage before a robot: whatever is asked, its joints move within their limits.

A follower begins where the robot is. A target far away, one that stops, vanishes or comes back
elsewhere is approached within the limits of velocity and acceleration and without passing it;
one that moves as the limits allow is followed exactly once it is reached.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.retarget.joint_limits import JointLimits


class JointFollower:
    """Follows targets with J joints."""

    def __init__(self, limits: JointLimits, position: np.ndarray) -> None:
        """
        Begin at rest.

        Args:
            limits: of the joints.
            position: (J,) [rad] where they are; beyond a limit they may only come back.
        """
        self._limits = limits
        self._target: np.ndarray | None = None
        self.position = np.array(position, dtype=float)
        self.speed = np.zeros(len(self.position))

    def follow(
        self, target: np.ndarray, dt_s: float, max_speed_rad_s: float = np.inf
    ) -> np.ndarray:
        """
        Return the next positions (J,) [rad].

        Args:
            target: (J,) [rad].
            dt_s: time since the last positions; at most a few frames.
            max_speed_rad_s: of every joint, beside the limits.
        """
        before = target if self._target is None else self._target
        self._target = target
        drift = np.clip((target - before) / dt_s, -max_speed_rad_s, max_speed_rad_s)
        gap = target - self.position - drift * dt_s
        # Relative to the target: reach it now, but no faster than can be braked before it.
        approach = np.clip(
            gap / dt_s, -self._limits.brakes(-gap, dt_s), self._limits.brakes(gap, dt_s))
        speed = np.clip(drift + approach, -max_speed_rad_s, max_speed_rad_s)
        return self._moved(speed, dt_s)

    def stop(self, dt_s: float) -> np.ndarray:
        """Return the next positions (J,) [rad] on the way to rest."""
        self._target = None
        return self._moved(np.zeros(len(self.speed)), dt_s)

    def _moved(self, speed: np.ndarray, dt_s: float) -> np.ndarray:
        least, greatest = self._limits.reach(self.position, self.speed, dt_s)
        step = np.clip(speed * dt_s, least, greatest)
        self.position = self.position + step
        self.speed = step / dt_s
        return self.position
