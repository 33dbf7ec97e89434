# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Commands for joints, as the controllers of ros2_control take them, turned into targets.

A trajectory begins where the joints are when it comes into force: at their last target, or, as
a joint_trajectory_controller has it unless told otherwise, where they are measured. From there it
goes along lines through its points, or along cubics where these have velocities; the last point is
kept. A new command replaces the one before it; joints that it does not name stay at their targets.
Positions, as for a forward_command_controller, are targets at once.

A command comes into force `delay_s` after it came. What no controller would take is refused whole
and changes nothing. Targets beyond the joints' limits are cut, and counted. All times are of one
steady clock [s].
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError

MOST_POINTS = 10_000
_MOST_UNDER_WAY = 10_000        # delayed commands: 10 s at 1 kHz
_AT_REST_RAD_S = 1e-6


class CommandRefusedError(MotionAvatarError):
    """A command that no controller would take."""


@dataclass(frozen=True)
class JointPath:
    """
    Points for some joints.

    Attributes:
        joints: (K,) their numbers.
        times_s: (P,) when the points are reached.
        positions: (P, K) [rad].
        velocities: (P, K) [rad/s], or None.
    """

    joints: np.ndarray
    times_s: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray | None

    def begun(self, start_s: float, position: np.ndarray) -> JointPath:
        """Return it with a point (K,) before it, at rest, unless it is on its way already."""
        if self.times_s[0] <= start_s:
            return self
        velocities = self.velocities
        return JointPath(
            self.joints, np.concatenate([[start_s], self.times_s]),
            np.concatenate([position[None], self.positions]),
            None if velocities is None else np.concatenate([
                np.zeros((1, len(self.joints))), velocities]))

    def at(self, time_s: float) -> np.ndarray:
        """Return the positions (K,) [rad] at a time."""
        times_s = self.times_s
        after = int(np.searchsorted(times_s, time_s, side='right'))
        if after == len(times_s):
            return self.positions[-1]
        if after == 0:
            return self.positions[0]
        span_s = times_s[after] - times_s[after - 1]
        share = (time_s - times_s[after - 1]) / span_s
        first, second = self.positions[after - 1], self.positions[after]
        if self.velocities is None:
            return first + share * (second - first)
        rest = 1.0 - share
        return (
            (1.0 + 2.0 * share) * rest ** 2 * first + share ** 2 * (3.0 - 2.0 * share) * second
            + span_s * share * rest * (
                rest * self.velocities[after - 1] - share * self.velocities[after]))


class JointController:
    """Keeps the targets of the J joints of one robot."""

    def __init__(
        self, names: Sequence[str], lower: np.ndarray, upper: np.ndarray, start: np.ndarray,
        delay_s: float = 0.0, position_names: Sequence[str] = (),
        is_from_target: bool = True,
    ) -> None:
        """
        Keep the start pose.

        Args:
            names: of the joints.
            lower, upper: (J,) their limits [rad].
            start: (J,) first targets [rad].
            delay_s: after which commands come into force.
            position_names: joints of `take_positions`, in order; none for all.
            is_from_target: whether trajectories begin at the last target; else where measured.

        Raises:
            CommandRefusedError: `position_names` are not the robot's.
        """
        self._numbers = {name: number for number, name in enumerate(names)}
        self._lower, self._upper = lower, upper
        self._target = start.copy()
        self._delay_s = delay_s
        self._is_from_target = is_from_target
        self._position_joints = self._joints(position_names or names)
        self._under_way: deque[tuple[float, JointPath | np.ndarray]] = deque()
        self._path: JointPath | None = None
        #: Commands that were beyond a limit.
        self.cut = 0

    def take_positions(self, values: Sequence[float] | np.ndarray, now_s: float) -> None:
        """
        Take positions [rad] of all joints that are commanded so.

        Raises:
            CommandRefusedError: there are fewer or more, or they are not finite.
        """
        positions = np.asarray(values, dtype=float)
        if positions.shape != self._position_joints.shape:
            raise CommandRefusedError(
                f'{positions.size} positions; allowed: {len(self._position_joints)}, one for each '
                'joint')
        if not np.isfinite(positions).all():
            raise CommandRefusedError('positions that are not finite')
        self._send(self._within(positions[None], self._position_joints)[0], now_s)

    def take_trajectory(
        self, names: Sequence[str], times_s: Sequence[float],
        positions: Sequence[Sequence[float]], velocities: Sequence[Sequence[float]] | None,
        now_s: float, start_s: float | None = None,
    ) -> None:
        """
        Take a trajectory.

        Args:
            names: of its K joints.
            times_s: (P,) of its points, from its start.
            positions: (P, K) [rad].
            velocities: (P, K) [rad/s], or None.
            now_s: when it came.
            start_s: when it starts; None starts it when it comes into force.

        Raises:
            CommandRefusedError: a joint is unknown or named twice, points are missing, too many,
                out of order, over, incomplete or not finite, or the end is not at rest.
        """
        joints = self._joints(names)
        if not 0 < len(times_s) <= MOST_POINTS:
            raise CommandRefusedError(
                f'a trajectory of {len(times_s)} points; allowed: 1 .. {MOST_POINTS}')
        after_s = np.asarray(times_s, dtype=float)
        if not np.isfinite(after_s).all() or after_s[0] < 0.0 or (np.diff(after_s) <= 0.0).any():
            raise CommandRefusedError('points whose time_from_start does not rise from 0 on')
        angles = _table(positions, len(after_s), len(joints), 'positions')
        speeds = None if velocities is None else _table(
            velocities, len(after_s), len(joints), 'velocities')
        if speeds is not None and np.abs(speeds[-1]).max() > _AT_REST_RAD_S:
            raise CommandRefusedError('a trajectory that does not end at rest')
        due_s = now_s + self._delay_s
        begin_s = due_s if start_s is None else start_s
        if start_s is not None and begin_s + after_s[-1] < due_s:
            raise CommandRefusedError('a trajectory that is over: do the clocks agree?')
        self._send(
            JointPath(joints, begin_s + after_s, self._within(angles, joints), speeds), now_s)

    def target(self, now_s: float, measured: np.ndarray) -> np.ndarray:
        """Return the targets (J,) [rad] of a time no earlier than the last; `measured` (J,)."""
        while self._under_way and self._under_way[0][0] <= now_s:
            due_s, command = self._under_way.popleft()
            if isinstance(command, JointPath):
                self._advance(due_s)
                begin = self._target if self._is_from_target else measured
                self._path = command.begun(due_s, begin[command.joints])
            else:
                self._path = None
                self._target[self._position_joints] = command
        self._advance(now_s)
        return self._target.copy()

    def _advance(self, now_s: float) -> None:
        path = self._path
        if path is not None:
            self._target[path.joints] = np.clip(
                path.at(now_s), self._lower[path.joints], self._upper[path.joints])
            if now_s >= path.times_s[-1]:
                self._path = None

    def _send(self, command: JointPath | np.ndarray, now_s: float) -> None:
        if len(self._under_way) >= _MOST_UNDER_WAY:
            raise CommandRefusedError(
                f'more than {_MOST_UNDER_WAY} commands within the delay of {self._delay_s:g} s')
        self._under_way.append((now_s + self._delay_s, command))

    def _joints(self, names: Sequence[str]) -> np.ndarray:
        if not len(names):
            raise CommandRefusedError('no joint is named')
        for name in names:
            if name not in self._numbers:
                raise CommandRefusedError(
                    f"'{name}' is no joint of the robot; its joints: {', '.join(self._numbers)}")
        if len(set(names)) != len(names):
            raise CommandRefusedError('a joint is named twice')
        return np.array([self._numbers[name] for name in names])

    def _within(self, positions: np.ndarray, joints: np.ndarray) -> np.ndarray:
        within = np.clip(positions, self._lower[joints], self._upper[joints])
        self.cut += bool((within != positions).any())
        return within


def _table(rows: Sequence[Sequence[float]], points: int, joints: int, what: str) -> np.ndarray:
    """Return (P, K) numbers, all finite."""
    if len(rows) != points or any(len(row) != joints for row in rows):
        raise CommandRefusedError(f'points whose {what} are not one for each of {joints} joints')
    table = np.array(rows, dtype=float).reshape(points, joints)
    if not np.isfinite(table).all():
        raise CommandRefusedError(f'points whose {what} are not finite')
    return table
