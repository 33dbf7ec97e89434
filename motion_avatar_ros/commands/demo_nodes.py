# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of the demo and their parameters."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
import re

from motion_avatar_ros.commands.node_processes import NodeProcesses

PLAYER, AVATAR, MESH, VIEWER = 'tracker_player_node', 'avatar_node', 'mesh_node', 'viewer_node'
RETARGET, SIM_ROBOT = 'retarget_node', 'sim_robot_node'
BODY_TOPIC = f'/{AVATAR}/joint_states'
TRUTH_TOPIC = f'/{PLAYER}/ground_truth'
#: Not where a real robot would tell its joints.
ROBOT_STATE_TOPIC = f'/{SIM_ROBOT}/joint_states'

_NODES = 'motion_avatar_ros.nodes'
_COMPOSED = 'composed_nodes'
_SIM_ROBOT_HZ = 50.0    # retarget_node pays for each message
_REFUSED = re.compile(r'cannot (?:configure|activate): .*')
_PAGE = re.compile(r'page: (http\S+)')


@dataclass(frozen=True)
class DemoNodes:
    """
    What is started.

    Attributes:
        model: name or folder of the model.
        device: 'auto', 'cpu' or 'cuda'.
        clip: motion file to play, or None for the built-in `motion`.
        bag: bag to play, or None.
        motion: name of a built-in motion.
        rate_hz: rate of the played trackers.
        port: of the page; None starts no viewer.
        robot: name or URDF of the robot; None starts no retargeting.
        is_simulated: whether a simulated one takes its commands.
    """

    model: str
    device: str
    clip: Path | None
    bag: Path | None
    motion: str
    rate_hz: float
    port: int | None
    robot: str | None = None
    is_simulated: bool = False

    @property
    def is_built_in(self) -> bool:
        """Whether the motion is the package's own."""
        return self.clip is None and self.bag is None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the nodes."""
        return (PLAYER, AVATAR, MESH) + (
            (RETARGET,) if self.robot is not None else ()) + (
                (SIM_ROBOT,) if self.is_simulated else ()) + (
                    (VIEWER,) if self.port is not None else ())

    def start(self, processes: NodeProcesses, is_composed: bool) -> None:
        """Start a process per node, or one for all; the slowest to be ready goes first."""
        parameters = self._parameters()
        if is_composed:
            arguments = ['--ros-args']
            for node, values in parameters.items():
                arguments += _overrides(values, f'{node}:')
            processes.start(_COMPOSED, f'{_NODES}.{_COMPOSED}', [*parameters, *arguments])
            return
        for node in parameters:
            self.start_one(processes, node)

    def start_one(self, processes: NodeProcesses, node: str, **more: object) -> None:
        """Start a node in a process of its own, with more parameters of it (`__` for a dot)."""
        values = {**self._parameters()[node], **{
            name.replace('__', '.'): value for name, value in more.items()}}
        processes.start(node, f'{_NODES}.{node}', ['--ros-args', *_overrides(values, '')])

    def pids(self, processes: NodeProcesses) -> dict[str, int]:
        """Return the process id of each node."""
        pids = processes.pids
        return {name: pids.get(name, pids.get(_COMPOSED, 0)) for name in self.names}

    def page(self, processes: NodeProcesses) -> str | None:
        """Return the page's address once it is served."""
        found = _PAGE.search(self._log(processes, VIEWER))
        return found.group(1) if found else None

    def refusal(self, processes: NodeProcesses) -> str | None:
        """Return why avatar_node stays unconfigured, or None while it does not."""
        found = _REFUSED.search(self._log(processes, AVATAR))
        return found.group(0) if found else None

    def _log(self, processes: NodeProcesses, node: str) -> str:
        return processes.log(node if node in processes.pids else _COMPOSED)

    def _parameters(self) -> dict[str, dict[str, object]]:
        parameters: dict[str, dict[str, object]] = {
            AVATAR: {'model': self.model, 'device': self.device},
            MESH: {'body_topic': BODY_TOPIC},
        }
        if self.robot is not None:
            parameters[RETARGET] = {'robot': self.robot, 'body_topic': BODY_TOPIC}
        if self.is_simulated:
            parameters[RETARGET]['robot_state_topic'] = ROBOT_STATE_TOPIC
            parameters[SIM_ROBOT] = {
                'robot': self.robot, 'joint_states_topic': ROBOT_STATE_TOPIC,
                'rate_hz': _SIM_ROBOT_HZ}
        if self.port is not None:
            parameters[VIEWER] = {
                'port': self.port, 'truth_topic': TRUTH_TOPIC, 'follow': 'heading'}
        player: dict[str, object] = {'rate_hz': self.rate_hz}
        if self.bag is not None:
            player = {'bag': str(self.bag)}
        elif self.clip is not None:
            player['clip'] = str(self.clip)
        else:
            player['motion'] = self.motion
        return {**parameters, PLAYER: player}


def _overrides(values: dict[str, object], prefix: str) -> list[str]:
    arguments = []
    for name, value in values.items():
        # JSON is YAML here: a string that looks like a number stays a string.
        arguments += ['-p', f'{prefix}{name}:={json.dumps(value)}']
    return arguments
