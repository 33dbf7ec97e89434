# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether a robot is commanded, and how it gets from where it is to where the operator is.

    disengaged --engage--> aligning --arrived--> engaged
         ^                  |    ^                 |
         |                  v    +--body is back-- v
         +--disengage----- hold  <---body stopped--+
    stopped: from anywhere by `stop`, silent; left by `reset` only, to disengaged.

Nothing is commanded before somebody engages. Then commands begin at the measured joints and
align with the operator's pose slowly; once there they follow it. A body that stops is held, and
aligned with again when it returns; one that stays away ends it, for good. So do measured joints
that are late and then stop; those that do not follow end it too: a robot that was held by hand, or
whose controller was off, must not be caught up with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import enum

import numpy as np

from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.safety.joint_follower import JointFollower
from motion_avatar_ros.safety.measured_joints import EngageError, MeasuredJoints

_ARRIVED_RAD = 0.05


class EngageState(enum.Enum):
    """What the command topics carry."""

    DISENGAGED = 'disengaged'   # nothing
    ALIGNING = 'aligning'       # from the measured joints to the operator's pose, slowly
    ENGAGED = 'engaged'         # the operator's pose
    HOLD = 'hold'               # the last command, while the body is not to be believed
    STOPPED = 'stopped'         # nothing, until reset


@dataclass(frozen=True)
class GateSettings:
    """
    Times and speeds.

    Attributes:
        approach_rad_s: joints go no faster while they align.
        approach_s: after so long that limit rises, in as much again to the joints' own, so
            that an operator who keeps moving is reached.
        resume_s: the same after a hold, from its end on.
        match_rad: robot and operator must be so near in each joint to engage; 0 aligns from
            any pose.
        hold_s: a body that is away for longer ends the engagement.
        state_hold_s: measured joints that are older hold the robot.
        state_timeout_s: and those that are older than this end the engagement.
        max_deviation_rad, deviation_s: a measured joint further from its command for so long
            ends the engagement.
    """

    approach_rad_s: float = 0.5
    approach_s: float = 3.0
    resume_s: float = 1.0
    match_rad: float = 0.0
    hold_s: float = 10.0
    state_hold_s: float = 0.1
    state_timeout_s: float = 0.5
    max_deviation_rad: float = 0.5
    deviation_s: float = 0.3


class EngageGate:
    """Passes the commands of J joints, or nothing; all times are of one steady clock [s]."""

    def __init__(
        self, names: Sequence[str], limits: JointLimits, settings: GateSettings,
        limbs: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        """
        Prepare, disengaged.

        Args:
            names: of the joints, for reasons.
            limits: of the joints.
            settings: times and speeds.
            limbs: numbers of the joints by the part of the body that they are of.
        """
        self._limits = limits
        self._settings = settings
        self._limbs = dict(limbs or {'robot': range(len(names))})
        self._follower: JointFollower | None = None
        self.measured = MeasuredJoints(
            names, limits, settings.state_timeout_s, settings.max_deviation_rad,
            settings.deviation_s)
        self._since_s = 0.0
        self._is_resuming = False
        self.state = EngageState.DISENGAGED
        #: Why it is in this state, in one line.
        self.reason = 'nobody has engaged'

    @property
    def is_commanding(self) -> bool:
        """Whether commands leave."""
        return self._follower is not None

    def mismatch(self, target: np.ndarray | None, now_s: float) -> dict[str, float]:
        """Return how far [rad] each limb's worst joint is from a target (J,); {} if unknown."""
        if target is None:
            return {}
        try:
            away = np.abs(self.measured.whole(now_s) - target)
        except EngageError:
            return {}
        return {limb: float(away[list(joints)].max())
                for limb, joints in self._limbs.items() if len(joints)}

    def engage(self, target: np.ndarray | None, now_s: float) -> np.ndarray | None:
        """
        Begin to command, from where the robot is; nothing where it is commanded already.

        Args:
            target: (J,) [rad] the operator's pose; None while there is none to be believed.
            now_s: the time.

        Returns:
            Where commands begin (J,) [rad]; None where they had begun before.

        Raises:
            EngageError: stopped, no body, where the robot is is not known or not to be
                believed, or too far from the operator.
        """
        if self.state is EngageState.STOPPED:
            raise EngageError('stopped: reset first')
        if self.is_commanding:
            return None
        if target is None:
            raise EngageError('there is no body to follow')
        measured = self.measured.whole(now_s)
        most = self._settings.match_rad
        if most > 0.0:
            far = {limb: rad for limb, rad in self.mismatch(target, now_s).items() if rad > most}
            if far:
                limbs = ', '.join(f'{limb} {rad:.2f} rad' for limb, rad in far.items())
                raise EngageError(
                    f'robot and operator differ by more than {most:g} rad: {limbs}; take its pose')
        self._follower = JointFollower(self._limits, measured)
        self.measured.begin_to_follow(now_s)
        self._is_resuming = False
        self._go(EngageState.ALIGNING, now_s, 'aligning with the operator')
        return measured

    def disengage(self, reason: str = 'somebody disengaged') -> None:
        """Command nothing any more; a stop stays."""
        self._follower = None
        if self.state is not EngageState.STOPPED:
            self._go(EngageState.DISENGAGED, 0.0, reason)

    def stop(self) -> None:
        """Command nothing any more, and refuse to engage before `reset`."""
        self._follower = None
        self._go(EngageState.STOPPED, 0.0, 'somebody stopped it')

    def reset(self) -> None:
        """Leave a stop, for disengaged; nothing else changes anything."""
        if self.state is EngageState.STOPPED:
            self._go(EngageState.DISENGAGED, 0.0, 'somebody reset it')

    def command(
        self, target: np.ndarray | None, dt_s: float, now_s: float,
        why_none: str = 'no body to follow',
    ) -> np.ndarray | None:
        """
        Return joints (J,) [rad] to command, or None for silence.

        Args:
            target: (J,) [rad] the operator's pose; None while there is none to be believed.
            dt_s: time since the last command, at most a few frames.
            now_s: the time.
            why_none: why there is no target.
        """
        if self._follower is None:
            return None
        problem = self.measured.problem(self._follower.position, now_s)
        if problem is not None:
            self.disengage(problem)
            return None
        if (age_s := self.measured.age_s(now_s)) > self._settings.state_hold_s:
            target = None
            why_none = f"the robot's joint states are {age_s:.2f} s old"
        if target is None:
            if self.state is not EngageState.HOLD:
                self._go(EngageState.HOLD, now_s, why_none)
            elif now_s - self._since_s > self._settings.hold_s:
                self.disengage(f'{why_none} for {self._settings.hold_s:g} s')
                return None
            self.reason = why_none
            return self._follower.stop(dt_s)
        if self.state is EngageState.HOLD:
            self._is_resuming = True
            self._go(EngageState.ALIGNING, now_s, 'aligning with the operator again')
        if self.state is EngageState.ENGAGED:
            return self._follower.follow(target, dt_s)
        share = self._risen(now_s)
        joints = self._follower.follow(target, dt_s, self._approach_rad_s(share))
        if share == 1.0 or np.abs(target - joints).max() < _ARRIVED_RAD:
            self._go(EngageState.ENGAGED, now_s, 'following the operator')
        return joints

    def _risen(self, now_s: float) -> float:
        """Return the share of the joints' own speed limits that has been let in, 0 .. 1."""
        settings, elapsed_s = self._settings, now_s - self._since_s
        late = elapsed_s / settings.resume_s if self._is_resuming else (
            elapsed_s - settings.approach_s) / settings.approach_s
        return min(max(late, 0.0), 1.0)

    def _approach_rad_s(self, share: float) -> float:
        slow = self._settings.approach_rad_s
        return slow + share * max(float(self._limits.velocity.max()) - slow, 0.0)

    def _go(self, state: EngageState, now_s: float, reason: str) -> None:
        self.state, self._since_s, self.reason = state, now_s, reason
