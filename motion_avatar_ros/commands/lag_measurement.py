# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Runs the nodes of the demo, or an echo in their place, and measures lag and cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
import os
from pathlib import Path
import threading
import time
from typing import Any

import numpy as np
from rclpy.node import Node

from motion_avatar_ros.commands import echo_node
from motion_avatar_ros.commands.demo_nodes import (
    AVATAR, PLAYER, RETARGET, ROBOT_STATE_TOPIC, DemoNodes,
)
from motion_avatar_ros.commands.lag_watch import BODY, COMMAND, ECHO, ROBOT, LagWatch
from motion_avatar_ros.commands.node_processes import NodeProcesses
from motion_avatar_ros.commands.process_usage import ProcessUsage, gpu_usage
from motion_avatar_ros.commands.robot_check import RobotCheck
from motion_avatar_ros.commands.watching_node import WatchingNode
from motion_avatar_ros.errors import MotionAvatarError

_READY_WITHIN_S = 90.0
_SETTLE_S = 3.0     # start-up, and the way of the robot to the operator's pose
_PERIOD_S = 0.1
_READER = 'page_reader'
_COMMANDS = 'motion_avatar_ros.commands'


class MeasurementError(MotionAvatarError):
    """Nodes that do not run as they are to."""


class LagMeasurement:
    """Measures one set-up after the other, in the ROS domain of the environment."""

    def __init__(
        self, nodes: DemoNodes, folder: Path, seconds: float, must_stop: threading.Event,
    ) -> None:
        """
        Prepare.

        Args:
            nodes: with a simulated robot.
            folder: for logs.
            seconds: how long each is measured.
            must_stop: ends all when set.
        """
        self._nodes, self._folder = nodes, folder
        self._seconds, self._must_stop = seconds, must_stop

    def of_floor(self) -> dict[str, Any]:
        """
        Return the figures of an echo in place of all nodes but the player.

        Raises:
            MeasurementError: a node ended or is silent.
        """
        with self._running() as (processes, node, spin):
            watch = LagWatch(node)
            processes.start(echo_node.NAME, f'{_COMMANDS}.{echo_node.NAME}', [])
            self._nodes.start_one(processes, PLAYER)
            spin(lambda: watch.count(ECHO) > 0, 'no answer of the echo')
            figures = self._measured(processes, watch, spin)
            return {**figures, **_lag_values(watch, {'latency': ECHO}),
                    'output_rate_hz': round(watch.rate_hz(ECHO), 2)}

    def of_form(self, is_composed: bool) -> dict[str, Any]:
        """
        Return the figures of all nodes, in one process or one each.

        Raises:
            MeasurementError: a node ended or is silent, or the robot was not engaged.
        """
        with self._running() as (processes, node, spin):
            watch = LagWatch(node)
            robot = RobotCheck(node, RETARGET, ROBOT_STATE_TOPIC)
            self._nodes.start(processes, is_composed)
            spin(lambda: watch.count(BODY) > 0, 'no body', lambda: (
                self._nodes.refusal(processes) or ''))
            spin(robot.engage, 'the robot is not engaged', lambda: robot.reason)
            if self._nodes.port is not None:
                spin(lambda: self._nodes.page(processes) is not None, 'no page')
                processes.start(
                    _READER, f'{_COMMANDS}.{_READER}', [str(self._nodes.page(processes))])
            figures = self._measured(processes, watch, spin)
            avatar, retarget = watch.told(AVATAR), watch.told(RETARGET)
            return {
                **figures,
                **_lag_values(watch, {'latency': BODY, 'robot': ROBOT, 'command': COMMAND}),
                'output_rate_hz': round(watch.rate_hz(BODY), 2),
                'robot_rate_hz': round(watch.rate_hz(ROBOT), 2),
                'command_rate_hz': round(watch.rate_hz(COMMAND), 2),
                'model': avatar.get('model'), 'device': avatar.get('device'),
                'avatar_stages_ms': _stages(avatar), 'robot_stages_ms': _stages(retarget),
            }

    def _measured(
        self, processes: NodeProcesses, watch: LagWatch, spin: Callable[..., None],
    ) -> dict[str, Any]:
        settled_s = time.monotonic() + _SETTLE_S
        spin(lambda: time.monotonic() > settled_s, '')
        watch.clear()
        dropped = self._dropped(watch)
        usage = ProcessUsage({
            name: pid for name, pid in processes.pids.items() if name != _READER})
        end_s = time.monotonic() + self._seconds
        spin(lambda: time.monotonic() > end_s, '', within_s=self._seconds + _PERIOD_S)
        gpu = gpu_usage()
        return {
            'seconds': self._seconds, 'input_rate_hz': round(watch.input_rate_hz, 2),
            'dropped': self._dropped(watch) - dropped,
            'processor_percent': usage.processor_percent(), 'memory_mb': usage.memory_mb(),
            'gpu_percent': None if gpu is None else gpu[0],
            'gpu_memory_mb': None if gpu is None else gpu[1],
        }

    @contextmanager
    def _running(self) -> Iterator[tuple[NodeProcesses, Node, Callable[..., None]]]:
        """Yield processes, a node that listens, and what waits until a condition holds."""
        with (
            WatchingNode('lag_watch', self._must_stop) as watching,
            NodeProcesses(os.environ, self._folder) as processes,
        ):
            def spin(
                condition: Callable[[], bool], problem: str,
                why: Callable[[], str] = lambda: '', within_s: float = _READY_WITHIN_S,
            ) -> None:
                until_s = time.monotonic() + within_s
                ended = watching.serve_until(
                    lambda: condition() or time.monotonic() > until_s, processes)
                if ended is not None:
                    raise MeasurementError(ended.line)
                if self._must_stop.is_set():
                    raise MeasurementError('stopped before it was measured')
                if not condition():
                    raise MeasurementError(': '.join(filter(None, (problem, why()))))

            yield processes, watching.node, spin

    @staticmethod
    def _dropped(watch: LagWatch) -> int:
        return int(watch.told(AVATAR).get('dropped_frames', '0'))


def _lag_values(watch: LagWatch, kinds: dict[str, str]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, kind in kinds.items():
        lags_ms = watch.lags_ms(kind)
        if not len(lags_ms):
            raise MeasurementError(f'no {kind} came while it was measured')
        p50_ms, p99_ms = np.percentile(lags_ms, (50, 99)).tolist()
        values |= {f'{name}_p50_ms': round(p50_ms, 3), f'{name}_p99_ms': round(p99_ms, 3),
                   f'{name}_max_ms': round(float(lags_ms.max()), 3)}
    return values


def _stages(told: Mapping[str, str]) -> dict[str, float]:
    """Return p50 and p99 of a node's stages, as it says."""
    return {
        key.removeprefix('stage.').removesuffix('_ms'): round(float(value), 3)
        for key, value in told.items() if key.startswith('stage.') and value != 'None'}
