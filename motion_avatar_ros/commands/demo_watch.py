# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's own node: waits for the body, measures it, and says how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
import threading
import time
from typing import Any


from motion_avatar_ros.commands.demo_nodes import (
    AVATAR, BODY_TOPIC, GENERATOR, RETARGET, ROBOT_STATE_TOPIC, TRUTH_TOPIC, DemoNodes,
)
from motion_avatar_ros.commands.follow_check import (
    JSON_NAMES, MAX_MPJPE_CM, MAX_MPJPE_OF_BUILT_IN_CM, FollowCheck, FollowFigures,
)
from motion_avatar_ros.commands.motion_check import MotionCheck, MotionFigures
from motion_avatar_ros.commands.node_processes import NodeProcesses
from motion_avatar_ros.commands.robot_check import RobotCheck
from motion_avatar_ros.commands.watching_node import WatchingNode
from motion_avatar_ros.errors import ModelFolderError, MotionAvatarError

_READY_WITHIN_S = 60.0
_ENGAGED_WITHIN_S = 30.0    # of the first pose: a robot's meshes take a while
_SETTLE_S = 1.0  # the first poses fade in from the rest pose
_SAY_EVERY_S = 10.0
_LONGEST_MEASUREMENT_S = 300.0  # then anew: what is kept grows by 70 kB/s
_LEAST_MEASUREMENT_S = 2.0
_USER_MISTAKE = 2


class NodeRefusedError(MotionAvatarError):
    """A node refused its parameters."""


@dataclass(frozen=True)
class DemoOutcome:
    """Exit status, what is wrong in one line or None, and the values of --json."""

    status: int
    problem: str | None
    json_values: dict[str, Any]


class DemoWatch:
    """Watches running nodes; a context manager."""

    def __init__(
        self, processes: NodeProcesses, nodes: DemoNodes, must_stop: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self._processes = processes
        self._nodes = nodes
        self._must_stop = must_stop
        self._watching = WatchingNode('demo_check', must_stop)
        self._say = say
        self._start_s = time.monotonic()

    def __enter__(self) -> DemoWatch:
        self._watching.__enter__()
        self._node = self._watching.node
        self._check = self._new_check()
        self._robot = RobotCheck(self._node, RETARGET, ROBOT_STATE_TOPIC) if (
            self._nodes.is_simulated) else None
        return self

    def _new_check(self) -> FollowCheck | MotionCheck:
        nodes = self._nodes
        if nodes.prompt is not None:
            return MotionCheck(
                self._node, f'/{GENERATOR}/joint_states', GENERATOR, nodes.generated_hz)
        return FollowCheck(
            self._node, BODY_TOPIC, TRUTH_TOPIC, AVATAR, max_mpjpe_cm=(
                MAX_MPJPE_OF_BUILT_IN_CM if nodes.is_built_in else MAX_MPJPE_CM))

    def __exit__(self, *raised: object) -> None:
        self._watching.__exit__(*raised)

    def run(self, duration_s: float | None) -> DemoOutcome:
        """
        Wait for the first pose, then measure until the duration is over or a stop is asked.

        Raises:
            NodeRefusedError: a node refused what the user asked for.
            ModelFolderError: there is no such model.
        """
        file_sha256 = _file_sha256(self._nodes.model)
        problem = self._wait_for_poses()
        figures = None
        if problem is None and not self._must_stop.is_set():
            self._welcome()
            problem = self._engage()
            self._check.restart()
            if problem is None:
                problem = self._spin(lambda: self._check.seconds >= _SETTLE_S)
            self._restart()
            if problem is None:
                problem = self._measure(duration_s)
            figures = self._check.figures()
        return self._outcome(figures, problem, file_sha256)

    def _wait_for_poses(self) -> str | None:
        def is_ready() -> bool:
            return self._check.has_poses or self._waited_s() > _READY_WITHIN_S or (
                self._nodes.refusal(self._processes) is not None)

        problem = self._spin(is_ready)
        if problem is None and not self._check.has_poses and not self._must_stop.is_set():
            refusal = self._nodes.refusal(self._processes)
            problem = f'{self._nodes.failure}: ' + (
                refusal or f'{self._nodes.source} gave no pose within {_READY_WITHIN_S:g} s')
        self._check.restart()
        return problem

    def _welcome(self) -> None:
        if self._nodes.port is not None:
            problem = self._spin(lambda: self._page() is not None or self._check.seconds > 10.0)
            if problem is None:
                self._say(f'page: {self._page()}')
        self._say(f'the body moves after {self._waited_s():.1f} s; ROS_DOMAIN_ID is '
                  f'{self._node.context.get_domain_id()}; Ctrl-C ends')
        if self._nodes.prompt is not None:
            where = '' if self._nodes.port is None else 'on the page, or '
            self._say(f'say what is to be done {where}on /{GENERATOR}/prompt')

    def _engage(self) -> str | None:
        """Engage the simulated robot, if there is one; return why it is not."""
        robot = self._robot
        if robot is None:
            return None
        end_s = time.monotonic() + _ENGAGED_WITHIN_S
        problem = self._spin(lambda: robot.engage() or time.monotonic() > end_s)
        if problem is None and not robot.was_engaged and not self._must_stop.is_set():
            return robot.problem
        if robot.was_engaged:
            self._say(f'the simulated robot is engaged: {robot.reason}')
        return problem

    def _restart(self) -> None:
        self._check.restart()
        if self._robot is not None:
            self._robot.restart()

    def _measure(self, duration_s: float | None) -> str | None:
        end_s = time.monotonic() + (float('inf') if duration_s is None else duration_s)
        while not self._must_stop.is_set() and time.monotonic() < end_s:
            if self._check.seconds > _LONGEST_MEASUREMENT_S:
                self._restart()
            say_s = min(end_s, time.monotonic() + _SAY_EVERY_S)
            problem = self._spin(lambda: time.monotonic() >= say_s)
            if problem is not None:
                return problem
            self._say(self._check.figures().line)
        return None

    def _spin(self, is_over: Callable[[], bool]) -> str | None:
        """Serve callbacks until it is over; return how a node ended, should one end."""
        ended = self._watching.serve_until(is_over, self._processes)
        if ended is None:
            return None
        if ended.status == _USER_MISTAKE:
            raise NodeRefusedError(f'{ended.name}: {ended.last_words}')
        return ended.line

    def _outcome(
        self, figures: FollowFigures | MotionFigures | None, problem: str | None, file_sha256: str
    ) -> DemoOutcome:
        told = self._check.told
        loaded_sha256 = told.get('model_sha256')
        if problem is None and figures is not None and (
                figures.measured_s >= _LEAST_MEASUREMENT_S):
            problem = figures.problem
            if problem is None and loaded_sha256 != file_sha256:
                problem = (f'{self._nodes.source} runs weights {loaded_sha256}, but the file of '
                           f"model '{self._nodes.model}' is {file_sha256}")
            elif problem is not None:
                problem = f'{self._nodes.failure}: {problem}'
            elif self._robot is not None:
                problem = self._robot.problem
        values = _json_values(figures) | {
            'weights_sha256': loaded_sha256,
            'model': told.get('model'),
            'device': told.get('device'),
            'pids': self._nodes.pids(self._processes),
            'page': self._page(),
        }
        if self._robot is not None:
            values |= self._robot.json_values
        return DemoOutcome(0 if problem is None else 1, problem, values)

    def _page(self) -> str | None:
        return None if self._nodes.port is None else self._nodes.page(self._processes)

    def _waited_s(self) -> float:
        return time.monotonic() - self._start_s


def _file_sha256(model: str) -> str:
    # Imports torch: done while the nodes start.
    from motion_avatar_ros.estimation.model_folder import WEIGHTS_FILE, find_model

    folder = find_model(model)
    try:
        return sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFolderError(folder, f'{WEIGHTS_FILE}: {error.strerror}') from None


def _json_values(figures: FollowFigures | MotionFigures | None) -> dict[str, Any]:
    values = dict.fromkeys(JSON_NAMES) if figures is None else figures.json_values
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in values.items()}
