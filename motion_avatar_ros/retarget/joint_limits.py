# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How far each joint may go in the next frame: position, velocity and acceleration, hard."""

from __future__ import annotations

import numpy as np


class JointLimits:
    """
    Limits of J joints, and where they are and how fast.

    A joint may only be as fast as it can still brake, by its acceleration, before its position
    limit; then the three limits never contradict each other.
    """

    def __init__(
        self, lower: np.ndarray, upper: np.ndarray, velocity: np.ndarray,
        acceleration: np.ndarray,
    ) -> None:
        """
        Take limits.

        Args:
            lower, upper: (J,) [rad].
            velocity: (J,) [rad/s].
            acceleration: (J,) [rad/s^2].
        """
        self.lower = lower
        self.upper = upper
        self.velocity = velocity
        self.acceleration = acceleration

    def reach(
        self, position: np.ndarray, speed: np.ndarray, dt_s: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the least and the greatest step (J,) [rad] of the next frame.

        Args:
            position: (J,) [rad], within the limits.
            speed: (J,) [rad/s] of the last frame, such as these steps allowed.
            dt_s: time of the frame.
        """
        change = self.acceleration * dt_s
        fastest = np.minimum(self.velocity, speed + change)
        slowest = np.maximum(-self.velocity, speed - change)
        greatest = np.minimum(fastest, self.brakes(self.upper - position, dt_s))
        least = np.maximum(slowest, -self.brakes(position - self.lower, dt_s))
        # Only where the limits just changed: as far towards the allowed as acceleration lets.
        greatest = np.maximum(greatest, np.minimum(slowest, self.velocity))
        least = np.minimum(np.maximum(least, -self.velocity), greatest)
        return least * dt_s, greatest * dt_s

    def brakes(self, room: np.ndarray, dt_s: float) -> np.ndarray:
        """Return the greatest speed (J,) from which a joint still stops within its room [rad]."""
        # After this frame there must be room for the parabola of braking, which is enough however
        # long the frames to come are: room = v dt + v^2 / 2a.
        room = np.maximum(room, 0.0)
        return self.acceleration * (
            np.sqrt(dt_s * dt_s + 2.0 * room / self.acceleration) - dt_s)
