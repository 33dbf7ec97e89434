# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The last wall before a robot: no command leaves but through here.

It knows nothing of where commands come from and trusts none of them: each is compared with the
command that was *sent* before it, by rules of its own. One that breaks a rule is not sent; the
joints brake instead, from where they were sent, which breaks none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.retarget.joint_limits import JointLimits

_ROUNDING = 1e-6
_MOST_IN_A_ROW = 3


class CommandWall:
    """Judges the commands of J joints."""

    def __init__(self, names: Sequence[str], limits: JointLimits) -> None:
        """
        Get ready; nothing passes before `begin`.

        Args:
            names: of the joints, for words.
            limits: of the joints.
        """
        self._names = tuple(names)
        self._limits = limits
        self._position: np.ndarray | None = None
        self._speed = np.zeros(len(self._names))
        self._in_a_row = 0
        #: Commands that were not sent, by the rule that they broke.
        self.rejected: Counter[str] = Counter()
        #: What was wrong with the last of them, in one line.
        self.last_anomaly = ''

    @property
    def is_trusting(self) -> bool:
        """Whether commands may go on coming; not after several bad ones in a row."""
        return self._in_a_row < _MOST_IN_A_ROW

    def begin(self, position: np.ndarray) -> None:
        """Take where the robot is at rest (J,) [rad], from where commands begin."""
        if position.shape != (len(self._names),) or not np.isfinite(position).all():
            raise ValueError('commands begin at finite positions of all joints')
        self._position = np.array(position, dtype=float)
        self._speed = np.zeros(len(self._names))
        self._in_a_row = 0

    def passed(self, joints: np.ndarray, dt_s: float) -> np.ndarray:
        """
        Return what may be sent: the command (J,) [rad], or braking joints in its place.

        Args:
            joints: (J,) [rad] to command.
            dt_s: time since the command before, above 0.
        """
        if self._position is None:
            raise ValueError('no command before it is known where the robot is')
        anomaly = self._anomaly(joints, dt_s)
        if anomaly is None:
            self._in_a_row = 0
            sent = np.array(joints, dtype=float)
        else:
            rule, self.last_anomaly = anomaly
            self.rejected[rule] += 1
            self._in_a_row += 1
            sent = self._braked(dt_s)
        self._speed = (sent - self._position) / dt_s
        self._position = sent
        return sent.copy()

    def _anomaly(self, joints: np.ndarray, dt_s: float) -> tuple[str, str] | None:
        """Return the rule that a command breaks and how, or None."""
        assert self._position is not None
        count = len(self._names)
        if np.shape(joints) != (count,):
            return 'joints', f'a command of shape {np.shape(joints)} for {count} joints'
        if not np.isfinite(joints).all():
            return 'finite', 'a command that is not finite'
        limits = self._limits
        step = joints - self._position
        speed = step / dt_s
        # From beyond a limit a joint may come back, and no further out.
        excess = np.maximum(
            joints - np.maximum(limits.upper, self._position),
            np.minimum(limits.lower, self._position) - joints)
        for rule, value, most in (
                ('position', excess, np.zeros(count)),
                ('velocity', np.abs(speed), limits.velocity),
                ('acceleration', np.abs(speed - self._speed) / dt_s, limits.acceleration)):
            beyond = value - most - _ROUNDING * (1.0 + most)
            worst = int(beyond.argmax())
            if beyond[worst] > 0.0:
                return rule, (
                    f"a command of joint '{self._names[worst]}' beyond its {rule} limit, by "
                    f'{value[worst] - most[worst]:.3g}')
        return None

    def _braked(self, dt_s: float) -> np.ndarray:
        """Return the joints after a frame of braking as hard as they may."""
        assert self._position is not None
        change = self._limits.acceleration * dt_s
        speed = np.sign(self._speed) * np.maximum(np.abs(self._speed) - change, 0.0)
        lower = np.minimum(self._limits.lower, self._position)
        upper = np.maximum(self._limits.upper, self._position)
        return np.clip(self._position + speed * dt_s, lower, upper)
