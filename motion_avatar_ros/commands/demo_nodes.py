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
RETARGET, SIM_ROBOT, GENERATOR = 'retarget_node', 'sim_robot_node', 'generator_node'
BODY_TOPIC = f'/{AVATAR}/joint_states'
TRUTH_TOPIC = f'/{PLAYER}/ground_truth'
#: Not where a real robot would tell its joints.
ROBOT_STATE_TOPIC = f'/{SIM_ROBOT}/joint_states'

_NODES = 'motion_avatar_ros.nodes'
_COMPOSED = 'composed_nodes'
_SIM_ROBOT_HZ = 50.0    # retarget_node pays for each message
_AVATAR_HZ = 60.0       # of the models, and so of the body at most
_REFUSED = re.compile(r'cannot (?:configure|activate): .*')
_PAGE = re.compile(r'page: (http\S+)')


@dataclass(frozen=True)
class DemoNodes:
    """
    What is started.

    Attributes:
        model: name or folder of the model that makes the body.
        device: 'auto', 'cpu' or 'cuda'.
        clip: motion file to play, or None for the built-in `motion`.
        bag: bag to play, or None.
        motion: name of a built-in motion.
        rate_hz: rate of the played trackers, or of the generated body.
        port: of the page; None starts no viewer.
        robot: name or URDF of the robot; None starts no retargeting.
        is_simulated: whether a simulated one takes its commands.
        prompt: what is done at first ('': stand) where a generator of motion from words, which
            `model` is then, is in place of player and avatar; None where not.
        is_legs: whether these are there too, and the generator's legs walk under their body.
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
    prompt: str | None = None
    is_legs: bool = False

    @property
    def source(self) -> str:
        """The node whose body is shown and followed."""
        return AVATAR if self.prompt is None else GENERATOR

    @property
    def failure(self) -> str:
        """What it is called when there is no such body."""
        return 'the body does not ' + ('follow' if self.prompt is None else 'move as it should')

    @property
    def has_trackers(self) -> bool:
        """Whether trackers are played, and a body follows them."""
        return self.prompt is None or self.is_legs

    @property
    def generated_hz(self) -> float:
        """Poses a second that a generator is to give; 0 where that is for a bag to say."""
        if not self.is_legs:
            return self.rate_hz
        return 0.0 if self.bag is not None else min(self.rate_hz, _AVATAR_HZ)

    @property
    def body(self) -> dict[str, object]:
        """Parameters of whoever follows the body."""
        return {'body_topic': f'/{self.source}/joint_states',
                'description_topic': f'/{self.source}/robot_description'}

    @property
    def is_built_in(self) -> bool:
        """Whether the motion is the package's own."""
        return self.clip is None and self.bag is None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the nodes."""
        return tuple(
            name for name, is_there in (
                (PLAYER, self.has_trackers), (AVATAR, self.has_trackers),
                (GENERATOR, self.prompt is not None), (MESH, True),
                (RETARGET, self.robot is not None), (SIM_ROBOT, self.is_simulated),
                (VIEWER, self.port is not None)) if is_there)

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
        """Return why a node without which there is no body stays unconfigured, or None."""
        for node in (AVATAR, GENERATOR):
            found = _REFUSED.search(self._log(processes, node)) if node in self.names else None
            if found:
                return f'{node} {found.group(0)}'
        return None

    def _log(self, processes: NodeProcesses, node: str) -> str:
        return processes.log(node if node in processes.pids else _COMPOSED)

    def _parameters(self) -> dict[str, dict[str, object]]:
        parameters = self._source_parameters()
        parameters[MESH] = self.body
        if self.robot is not None:
            parameters[RETARGET] = {'robot': self.robot, **self.body}
        if self.is_simulated:
            parameters[RETARGET]['robot_state_topic'] = ROBOT_STATE_TOPIC
            if self.prompt is not None:     # its base is held
                parameters[RETARGET]['command.joints'] = 'whole_body'
            parameters[SIM_ROBOT] = {
                'robot': self.robot, 'joint_states_topic': ROBOT_STATE_TOPIC,
                'rate_hz': _SIM_ROBOT_HZ}
        if self.port is not None:
            parameters[VIEWER] = {'port': self.port, 'follow': 'heading', **self.body}
            if self.has_trackers:
                parameters[VIEWER]['truth_topic'] = TRUTH_TOPIC
            else:
                parameters[VIEWER]['avatar_node'] = GENERATOR
        if self.has_trackers:
            parameters[PLAYER] = self._player_parameters()
        return parameters

    def _source_parameters(self) -> dict[str, dict[str, object]]:
        """Return parameters of what makes the body, but for the player."""
        model: dict[str, object] = {'model': self.model, 'device': self.device}
        if self.prompt is None:
            return {AVATAR: model}
        parameters = {GENERATOR: {
            **model, 'prompt': self.prompt, 'rate_hz': self.rate_hz, 'state_publisher': ''}}
        if self.is_legs:
            parameters[GENERATOR]['mode'] = 'legs'
            parameters[AVATAR] = {
                'device': self.device, 'publish_tf': False, 'state_publisher': ''}
        return parameters

    def _player_parameters(self) -> dict[str, object]:
        player: dict[str, object] = {'rate_hz': self.rate_hz}
        if self.bag is not None:
            player = {'bag': str(self.bag)}
        elif self.clip is not None:
            player['clip'] = str(self.clip)
        else:
            player['motion'] = self.motion
        return player


def _overrides(values: dict[str, object], prefix: str) -> list[str]:
    arguments = []
    for name, value in values.items():
        # JSON is YAML here: a string that looks like a number stays a string.
        arguments += ['-p', f'{prefix}{name}:={json.dumps(value, ensure_ascii=False)}']
    return arguments
