# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Random faults between an operator and a robot, in simulated time.

The body stream, the retargeter, the gate and the wall are those of retarget_node, wired as there;
only the messages' way and the clocks are simulated. Whatever is sent is judged by rules of its
own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
import heapq
import itertools

from motion_avatar_ros.body.joint_state import JointStateEncoder, JointStateError
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.nodes.retarget_parameters import RETARGET_PARAMETERS
from motion_avatar_ros.nodes.robot_commands import RobotCommands
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.solver import NotFollowedError
from motion_avatar_ros.ros.body_messages import joint_state_message, pose_from_message
from motion_avatar_ros.safety.body_stream import (
    LONGEST_FRAME_S, BodyStampError, BodyStream, StreamSettings,
)
from motion_avatar_ros.safety.deadman import Deadman
from motion_avatar_ros.safety.engage_gate import EngageState
from motion_avatar_ros.safety.measured_joints import EngageError
import numpy as np

RATE_HZ = 60.0
SECONDS = 30.0
FIRST_FAULT_S = 7.5     # aligning takes six seconds at most
HOLD_S = 2.0
RESUME_S = 2.0
_WATCH_S = 0.05
_LONG_S = (HOLD_S + 0.6, HOLD_S + 1.5)
_START_NS = 1_700_000_000_000_000_000
_SILENT = (EngageState.DISENGAGED, EngageState.STOPPED)
_EPS = 1e-6

#: What happens to bodies while a fault lasts. Those of the second row take the body away.
BODY_FAULTS = (
    'jitter', 'duplicates', 'nan', 'teleport', 'swap', 'drift', 'slower', 'faster',
    'dropout', 'late', 'future', 'frozen clock', 'clock steps', 'stall and burst', 'deadman')
#: Of the robot: each ends the engagement.
ROBOT_FAULTS = ('robot silent', 'robot held')


class BrokenRuleError(AssertionError):
    """Something was sent that may not be, or nothing came of what must."""


@dataclass(frozen=True)
class Fault:
    """One of BODY_FAULTS or ROBOT_FAULTS, from start_s to stop_s."""

    kind: str
    start_s: float
    stop_s: float


@dataclass
class Outcome:
    """Counts of what happened in scripts."""

    counts: Counter[str] = field(default_factory=Counter)
    largest_step_share: float = 0.0     # of what the velocity limit allows

    def add(self, other: Outcome) -> None:
        self.counts.update(other.counts)
        self.largest_step_share = max(self.largest_step_share, other.largest_step_share)


def random_faults(rng: np.random.Generator) -> list[Fault]:
    """Return faults of a script, with time to recover after each."""
    faults, at_s = [], FIRST_FAULT_S
    while True:
        kinds = ROBOT_FAULTS if rng.random() < 0.12 else BODY_FAULTS
        lasts_s = rng.uniform(*_LONG_S) if rng.random() < 0.3 else rng.uniform(0.05, HOLD_S - 0.5)
        if kinds is ROBOT_FAULTS:
            lasts_s = rng.uniform(1.2, 2.0)
        stop_s = at_s + lasts_s
        if stop_s + RESUME_S + 6.0 > SECONDS:
            return faults
        faults.append(Fault(str(rng.choice(kinds)), at_s, stop_s))
        at_s = stop_s + RESUME_S + rng.uniform(6.2, 8.0)


class FaultScript:
    """One run of 30 s."""

    def __init__(
        self, retargeter: Retargeter, seed: int, faults: list[Fault] | None = None,
        plant: Callable[[FaultScript], None] = lambda script: None,
    ) -> None:
        """
        Prepare.

        Args:
            retargeter: of the robot, used by one script at a time.
            seed: of everything.
            faults: instead of random ones.
            plant: puts a bug in.
        """
        self.rng = np.random.default_rng(seed)
        self.faults = random_faults(self.rng) if faults is None else faults
        values = {row.name: row.default for row in RETARGET_PARAMETERS}
        values.update({'command.interface': 'forward', 'engage.hold_s': HOLD_S,
                       'command.joints': 'whole_body'})
        self.retargeter = retargeter
        retargeter.solver.reset()
        self.commands = RobotCommands(retargeter, values, self._receive, lambda line: None)
        self.stream = BodyStream(StreamSettings())
        self.deadman = Deadman(values['deadman.timeout_s'])
        self.poses = builtin_motion('mix', RATE_HZ).poses
        self.first_frame = int(self.rng.integers(len(self.poses.root_position)))
        self.outcome = Outcome()
        self.now_s = 100.0 + self.rng.uniform(0.0, 1e5)
        self.begin_s = self.now_s
        self.clock_off_ns = 0
        self.frozen_ns: int | None = None
        gate = self.commands.gate
        limits = gate._limits
        middle = np.clip(0.0, limits.lower, limits.upper)
        self.measured = np.clip(
            middle + self.rng.uniform(-0.3, 0.3, len(middle)), limits.lower, limits.upper)
        self.sent: tuple[float, np.ndarray, np.ndarray] | None = None
        self.limits = limits
        plant(self)

    def run(self) -> Outcome:
        """Play it through; BrokenRuleError where a rule is broken."""
        events: list[tuple[float, int, Callable[[], None]]] = []
        order = itertools.count()

        def at(time_s: float, work: Callable[[], None]) -> None:
            heapq.heappush(events, (time_s, next(order), work))

        self._at = at
        for kind, period_s in (
                (self._emit_body, 1.0 / RATE_HZ), (self._watch, _WATCH_S),
                (self._measure, 0.01), (self._press, 0.1)):
            at(self.begin_s, lambda work=kind, step=period_s: self._repeat(work, step))
        at(self.begin_s + 0.5, self._engage)
        at(self.begin_s + FIRST_FAULT_S - 0.1,
           lambda: self._expect_engaged('the first engagement'))
        for fault in self.faults:
            self._plan(fault)
        self._plan_operator()
        end_s = self.begin_s + SECONDS
        while events and events[0][0] <= end_s:
            self.now_s, _, work = heapq.heappop(events)
            work()
        self.outcome.counts['scripts'] += 1
        self.outcome.counts['rejected by the wall'] += sum(self.commands.wall.rejected.values())
        return self.outcome

    # What goes on all the time.

    def _repeat(self, work: Callable[[], None], period_s: float) -> None:
        due_s = self.now_s
        work()
        if work == self._emit_body:
            period_s *= 2.0 if self._is_on('slower') else 0.5 if self._is_on('faster') else 1.0
        self._at(due_s + period_s, lambda: self._repeat(work, period_s if (
            work != self._emit_body) else 1.0 / RATE_HZ))

    def _ros_ns(self) -> int:
        if self.frozen_ns is not None:
            return self.frozen_ns
        return _START_NS + round((self.now_s - self.begin_s) * 1e9) + self.clock_off_ns

    def _emit_body(self) -> None:
        """Send the body that is due, as faults will have it."""
        pose = self._pose()
        stamp_ns = self._ros_ns() - 10_000_000
        delay_s = 0.01
        if self._is_on('jitter'):
            delay_s += self.rng.uniform(0.0, 0.08)
        if self._is_on('dropout') or (self._is_on('nan') and self.rng.random() < 0.3):
            if self._is_on('nan'):
                self._at(self.now_s + delay_s, lambda: self._take(pose, stamp_ns, True))
            return
        if self._is_on('late'):
            stamp_ns -= 700_000_000
        if self._is_on('future'):
            stamp_ns += 2_000_000_000
        stall = self._active('stall and burst')
        if stall is not None:
            delay_s = max(delay_s, self.begin_s + stall.stop_s - self.now_s)
        for _ in range(2 if self._is_on('duplicates') else 1):
            self._at(self.now_s + delay_s, lambda: self._take(pose, stamp_ns, False))

    def _pose(self) -> BodyPose:
        frame = self.first_frame + round((self.now_s - self.begin_s) * RATE_HZ)
        if self._is_on('teleport'):
            frame += 400 * int(self.rng.integers(4))
        pose = self.poses[frame % len(self.poses.root_position)]
        root = pose.root_position.copy()
        if self._is_on('teleport'):
            root = root + self.rng.uniform(-3.0, 3.0, 3) * [1.0, 1.0, 0.1]
        drift = self._active('drift')
        if drift is not None:
            root[2] += 0.2 * (self.now_s - self.begin_s - drift.start_s)
        rotations = pose.local_rotations
        if self._is_on('swap'):
            rotations = rotations.copy()
            for left, right in ((16, 17), (18, 19), (20, 21)):
                rotations[[left, right]] = rotations[[right, left]]
        return BodyPose(rotations, root)

    def _take(self, pose: BodyPose, stamp_ns: int, is_nan: bool) -> None:
        """Do as retarget_node does with a body."""
        now_ns = self._ros_ns()
        try:
            elapsed_s = self.stream.elapsed_s(stamp_ns, now_ns)
            if is_nan:
                message = joint_state_message(pose, stamp_ns, 'odom', JointStateEncoder())
                message.position[int(self.rng.integers(len(message.position)))] = float('nan')
                pose = pose_from_message(message)
            robot = self.retargeter.step(pose, elapsed_s or LONGEST_FRAME_S)
        except (BodyStampError, JointStateError, NotFollowedError):
            self.outcome.counts['refused bodies'] += 1
            return
        self.stream.take(stamp_ns, now_ns, self.now_s)
        self._command(robot.joints[self.commands.joints])

    def _command(self, joints: np.ndarray | None) -> None:
        why = self.stream.why_not(self.now_s) or self.deadman.why_released(self.now_s) or ''
        if joints is not None or why:
            self.commands.send(None if why else joints, self.now_s, why)

    def _watch(self) -> None:
        self._command(None)
        if self._is_on('clock steps') and self.rng.random() < 0.2:
            self.clock_off_ns += int(self.rng.choice([-5, -1, 1, 5])) * 1_000_000_000
        is_frozen = self._is_on('frozen clock')
        if is_frozen and self.frozen_ns is None:
            self.frozen_ns = self._ros_ns()
        elif not is_frozen:
            self.frozen_ns = None

    def _measure(self) -> None:
        if not self._is_on('robot held') and self.sent is not None:
            self.measured = self.sent[1]
        if not self._is_on('robot silent'):
            self.commands.gate.measured.take(self.measured, self.now_s)

    def _press(self) -> None:
        self.deadman.take(not self._is_on('deadman'), self.now_s)

    def _is_on(self, kind: str) -> bool:
        return self._active(kind) is not None

    def _active(self, kind: str) -> Fault | None:
        at_s = self.now_s - self.begin_s
        return next((fault for fault in self.faults if (
            fault.kind == kind and fault.start_s <= at_s < fault.stop_s)), None)

    # What is judged.

    def _receive(self, message: object) -> None:
        """Judge a command."""
        joints = np.array(message.data)
        gate, limits = self.commands.gate, self.limits
        if gate.state in _SILENT:
            raise BrokenRuleError(f'a command while {gate.state.value}')
        if not np.isfinite(joints).all():
            raise BrokenRuleError('a command that is not finite')
        before_s, before, speed = self.sent or (
            self.now_s - 0.02, self.measured, np.zeros(len(joints)))
        dt_s = min(max(self.now_s - before_s, 1e-3), LONGEST_FRAME_S)
        new_speed = (joints - before) / dt_s
        share = float((np.abs(new_speed) / limits.velocity).max())
        self.outcome.largest_step_share = max(self.outcome.largest_step_share, share)
        if share > 1.0 + _EPS:
            raise BrokenRuleError(f'a step of {share:.2f} times the velocity limit')
        if (np.abs(new_speed - speed) > limits.acceleration * dt_s * (1.0 + _EPS) + _EPS).any():
            raise BrokenRuleError('a step beyond the acceleration limit')
        beyond = np.maximum(joints - np.maximum(limits.upper, before),
                            np.minimum(limits.lower, before) - joints)
        if (beyond > _EPS).any():
            raise BrokenRuleError('a step beyond a position limit')
        self.sent = self.now_s, joints, new_speed
        self.outcome.counts['commands'] += 1

    def _engage(self) -> None:
        target = self.commands._target
        try:
            begin = self.commands.gate.engage(target, self.now_s)
        except EngageError as error:
            raise BrokenRuleError(f'engage was refused: {error}') from None
        if begin is not None:
            self.commands.wall.begin(begin)
            self.sent = None
        self.outcome.counts['engagements'] += 1

    def _plan(self, fault: Fault) -> None:
        """Say what must come of a fault."""
        begin_s, stop_s = self.begin_s, self.begin_s + fault.stop_s
        is_long = fault.stop_s - fault.start_s > HOLD_S
        takes_away = BODY_FAULTS.index(fault.kind) >= BODY_FAULTS.index('dropout') if (
            fault.kind in BODY_FAULTS) else True
        self._at(begin_s + fault.start_s, lambda: self.outcome.counts.update([fault.kind]))
        if fault.kind == 'robot held':
            # Ends it where the operator went far from where the robot is held.
            self._at(stop_s + 0.5, self._engage_where_ended)
        elif fault.kind == 'robot silent':
            self._at(stop_s + 0.1, lambda: self._expect_ended(fault))
            self._at(stop_s + 0.5, self._engage)
        elif is_long and takes_away and fault.kind != 'clock steps':
            self._at(stop_s + RESUME_S, lambda: self._expect_ended(fault))
            self._at(stop_s + RESUME_S + 0.1, self._engage)
        elif fault.kind == 'clock steps':
            self._at(stop_s + RESUME_S, self._engage_where_ended)
        else:
            self._at(stop_s + RESUME_S, lambda: self._expect_resumed(fault))

    def _plan_operator(self) -> None:
        """Now and then somebody stops the robot in the end."""
        if self.rng.random() < 0.5:
            return
        stop_s = self.begin_s + SECONDS - 3.0

        def stop() -> None:
            self.commands.gate.stop()
            self.outcome.counts['stops'] += 1

        def try_to_engage() -> None:
            self.commands.gate.disengage()
            try:
                self.commands.gate.engage(self.commands._target, self.now_s)
            except EngageError:
                return
            raise BrokenRuleError('a stop was lifted by engaging')

        self._at(stop_s, stop)
        self._at(stop_s + 1.0, try_to_engage)
        self._at(stop_s + 2.0, self.commands.gate.reset)
        self._at(stop_s + 2.1, self._engage)

    def _expect_engaged(self, after: str) -> None:
        state = self.commands.gate.state
        if state is not EngageState.ENGAGED:
            raise BrokenRuleError(
                f'{state.value} after {after}: {self.commands.gate.reason}')

    def _expect_resumed(self, fault: Fault) -> None:
        self._expect_engaged(f'a {fault.kind} of {fault.stop_s - fault.start_s:.2f} s')
        self.outcome.counts['resumed within 2 s'] += 1

    def _expect_ended(self, fault: Fault) -> None:
        state = self.commands.gate.state
        if state is not EngageState.DISENGAGED:
            raise BrokenRuleError(
                f'{state.value} after a {fault.kind} of {fault.stop_s - fault.start_s:.2f} s')
        self.outcome.counts['ended and stayed so'] += 1

    def _engage_where_ended(self) -> None:
        if self.commands.gate.state is EngageState.DISENGAGED:
            self.outcome.counts['ended'] += 1
            self._engage()
