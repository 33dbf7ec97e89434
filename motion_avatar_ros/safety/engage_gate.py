# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether a robot is commanded, and how it gets from where it is to where the operator is.

    disengaged --engage--> approaching --arrived--> engaged
         ^                  |       ^                 |
         |                  v       +--body is back-- v
         +--disengage-----  hold  <------body stopped-+
    stopped: from anywhere by `stop`, silent; left by `disengage` only.

Nothing is commanded before somebody engages. Then commands begin at the measured joints and
approach the operator's pose slowly; once there they follow it. A body that stops is held, and
approached again when it returns. Measured joints that stop, or that do not follow, end it: a
robot that was held by hand, or whose controller was off, must not be caught up with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import enum

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.safety.joint_follower import JointFollower

_ARRIVED_RAD = 0.05
_BEYOND_LIMIT_RAD = 0.1     # a measured joint further out is not believed


class EngageError(MotionAvatarError):
    """A robot that cannot be engaged now."""


class EngageState(enum.Enum):
    """What the command topics carry."""

    DISENGAGED = 'disengaged'   # nothing
    APPROACHING = 'approaching'  # from the measured joints to the operator's pose, slowly
    ENGAGED = 'engaged'         # the operator's pose
    HOLD = 'hold'               # the last command, while the body is not to be believed
    STOPPED = 'stopped'         # nothing, until disengaged and engaged again


@dataclass(frozen=True)
class GateSettings:
    """
    Times and speeds.

    Attributes:
        approach_rad_s: joints go no faster while they approach.
        approach_s: after so long that limit rises, in as much again to the joints' own, so
            that an operator who keeps moving is reached.
        hold_s: a body that is away for longer ends the engagement.
        state_timeout_s: so old may measured joints be.
        max_deviation_rad, deviation_s: a measured joint further from its command for so long
            ends the engagement.
    """

    approach_rad_s: float = 0.5
    approach_s: float = 3.0
    hold_s: float = 10.0
    state_timeout_s: float = 0.5
    max_deviation_rad: float = 0.5
    deviation_s: float = 0.3


class EngageGate:
    """Passes the commands of J joints, or nothing; all times are of one steady clock [s]."""

    def __init__(
        self, names: Sequence[str], limits: JointLimits, settings: GateSettings
    ) -> None:
        """
        Prepare, disengaged.

        Args:
            names: of the joints, for reasons.
            limits: of the joints.
            settings: times and speeds.
        """
        self._names = tuple(names)
        self._limits = limits
        self._settings = settings
        self._follower: JointFollower | None = None
        self._measured = np.full(len(self._names), np.nan)
        self._measured_s = np.full(len(self._names), np.nan)
        self._since_s = 0.0
        self._near_s = 0.0  # when all joints were last near their commands
        self.state = EngageState.DISENGAGED
        #: Why it is in this state, in one line.
        self.reason = 'nobody has engaged'

    @property
    def is_commanding(self) -> bool:
        """Whether commands leave."""
        return self._follower is not None

    def measure(self, joints: np.ndarray, now_s: float) -> None:
        """Take the robot's joints (J,) [rad], which may come in parts: NaN for those not told."""
        is_told = ~np.isnan(joints)
        self._measured[is_told] = joints[is_told]
        self._measured_s[is_told] = now_s

    def engage(self, now_s: float) -> None:
        """
        Begin to command, from where the robot is; nothing where it is commanded already.

        Raises:
            EngageError: stopped, or where the robot is is not known or not to be believed.
        """
        if self.state is EngageState.STOPPED:
            raise EngageError('stopped: disengage first (engage with data: false)')
        if self.is_commanding:
            return
        self._follower = JointFollower(self._limits, self._whole_measurement(now_s))
        self._near_s = now_s
        self._go(EngageState.APPROACHING, now_s, 'approaching the operator')

    def disengage(self, reason: str = 'somebody disengaged') -> None:
        """Command nothing any more; also leaves a stop."""
        self._follower = None
        self._go(EngageState.DISENGAGED, 0.0, reason)

    def stop(self) -> None:
        """Command nothing any more, and refuse to engage before `disengage`."""
        self._follower = None
        self._go(EngageState.STOPPED, 0.0, 'somebody stopped it')

    def command(
        self, target: np.ndarray | None, dt_s: float, now_s: float
    ) -> np.ndarray | None:
        """
        Return joints (J,) [rad] to command, or None for silence.

        Args:
            target: (J,) [rad] the operator's pose; None while there is none to be believed.
            dt_s: time since the last command, at most a few frames.
            now_s: the time.
        """
        if self._follower is None:
            return None
        problem = self._robot_problem(now_s)
        if problem is not None:
            self.disengage(problem)
            return None
        if target is None:
            if self.state is not EngageState.HOLD:
                self._go(EngageState.HOLD, now_s, 'no body to follow')
            elif now_s - self._since_s > self._settings.hold_s:
                self.disengage(f'no body to follow for {self._settings.hold_s:g} s')
                return None
            return self._follower.stop(dt_s)
        if self.state is EngageState.HOLD:
            self._go(EngageState.APPROACHING, now_s, 'the body is back: approaching it')
        if self.state is EngageState.ENGAGED:
            return self._follower.follow(target, dt_s)
        joints = self._follower.follow(target, dt_s, self._approach_rad_s(now_s))
        if np.abs(target - joints).max() < _ARRIVED_RAD:
            self._go(EngageState.ENGAGED, now_s, 'following the operator')
        return joints

    @property
    def speed(self) -> np.ndarray:
        """Speeds (J,) [rad/s] of the last command."""
        assert self._follower is not None
        return self._follower.speed

    def _approach_rad_s(self, now_s: float) -> float:
        settings = self._settings
        late = (now_s - self._since_s - settings.approach_s) / settings.approach_s
        share = min(max(late, 0.0), 1.0)
        fastest = float(self._limits.velocity.max())
        return settings.approach_rad_s + share * max(fastest - settings.approach_rad_s, 0.0)

    def _whole_measurement(self, now_s: float) -> np.ndarray:
        joints = self._measured.copy()
        is_known = ~np.isnan(joints)
        if not is_known.any() or self._age_s(now_s) > self._settings.state_timeout_s:
            raise EngageError(
                "the robot's joint states do not come, so where it is is not known")
        missing = [n for n, known in zip(self._names, is_known, strict=True) if not known]
        if missing:
            raise EngageError(
                f"the robot's joint states lack {', '.join(missing)}")
        beyond = np.maximum(joints - self._limits.upper, self._limits.lower - joints)
        worst = int(beyond.argmax())
        if beyond[worst] > _BEYOND_LIMIT_RAD:
            raise EngageError(
                f"joint '{self._names[worst]}' is measured at {joints[worst]:.2f} rad; its range "
                f'is {self._limits.lower[worst]:.2f} .. {self._limits.upper[worst]:.2f}')
        return joints

    def _age_s(self, now_s: float) -> float:
        """Return how long ago the joint was told that was told longest ago."""
        return now_s - float(np.nanmin(self._measured_s))

    def _robot_problem(self, now_s: float) -> str | None:
        """Return why the robot must not be commanded any more."""
        assert self._follower is not None
        age_s = self._age_s(now_s)
        if age_s > self._settings.state_timeout_s:
            return f"the robot's joint states stopped {age_s:.1f} s ago"
        away = np.abs(self._measured - self._follower.position)
        worst = int(away.argmax())
        if away[worst] <= self._settings.max_deviation_rad:
            self._near_s = now_s
        elif now_s - self._near_s > self._settings.deviation_s:
            return (f"joint '{self._names[worst]}' is {away[worst]:.2f} rad from its command: "
                    'the robot does not follow')
        return None

    def _go(self, state: EngageState, now_s: float, reason: str) -> None:
        self.state, self._since_s, self.reason = state, now_s, reason
