# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A recorded session gives the same poses again, bit for bit: processes, DDS and all.

Each session is an avatar, its recorder and its player in a namespace of their own, the avatar and
the player as processes of their own or as one. Recorder and avatar are there before the player's
first sample. One session after the other: an avatar that
shares two processors with others is no fair example.

An avatar that gets no processor time for a while holds, or drops frames, which no recording
repeats. Frames are compared up to the first such pause of any session. Samples that best effort
loses on a starved machine leave no pause: then a session is had again, and a machine that loses
some each time tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import itertools
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('rosbags', reason='needs rosbags')
pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs')

from rosbags.rosbag2 import Reader  # noqa: E402
from rosbags.typesys import Stores, get_typestore  # noqa: E402

from motion_avatar_ros.body.motion import Motion, save_motion  # noqa: E402
from motion_avatar_ros.body.procedural_motion import builtin_motion  # noqa: E402
from motion_avatar_ros.estimation.random_model import write_random_baseline  # noqa: E402
from motion_avatar_ros.ros.bag_reader import absolute_topic  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MOTION_S = 3.0
DISCOVERY_S = 5.0  # the middleware finds some listeners only when it announces itself again
LONGEST_STEP_NS = 25_000_000
LONGEST_PAUSE_NS = 200_000_000  # an avatar holds after 250 ms
DIAGNOSTICS_S = 1.3  # in which the avatar says once more what it has heard
LEAST_FRAMES = 60
ATTEMPTS = 2


@dataclass(frozen=True)
class Pose:
    """A pose as published: its stamp, its reception, the bytes of its values."""

    stamp_ns: int
    received_ns: int
    values: bytes


@dataclass
class Session:
    """An avatar with its recorder and its player."""

    folder: Path
    name: str
    is_composed: bool
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def bag(self) -> Path:
        return self.folder / f'{self.name}_bag'

    def start(self, name: str, module: str, *options: str, **nodes: dict[str, object]) -> None:
        """Start a process; `nodes` are the parameters of those in it."""
        arguments = [sys.executable, '-m', f'motion_avatar_ros{module}', *options]
        if nodes:
            file = self.folder / f'{self.name}_{name}.yaml'
            file.write_text(json.dumps({
                f'/{self.name}/{node}': {'ros__parameters': values}
                for node, values in nodes.items()}))  # JSON is YAML here
            arguments += ['--ros-args', '-r', f'__ns:=/{self.name}', '-r', '/tf:=tf',
                          '-r', '/tf_static:=tf_static', '--params-file', str(file)]
        environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(ROOT), os.environ.get('PYTHONPATH', '')])}
        with open(self.log(name), 'wb') as log:
            self.processes[name] = subprocess.Popen(
                arguments, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def log(self, name: str) -> Path:
        return self.folder / f'{self.name}_{name}.log'

    def wait_to_say(self, name: str, text: str, timeout_s: float = 60.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while text not in (said := self.log(name).read_text()):
            assert time.monotonic() < deadline_s and self.processes[name].poll() is None, said
            time.sleep(0.05)

    def run(self, model: Path, kind: str, storage: str, **played: object) -> None:
        """Record an avatar while the player plays to its end."""
        self.start('record', '', 'record', '--out', str(self.bag), '--namespace', self.name,
                   '--storage', storage)
        avatar = {'model': str(model), 'device': 'cpu', 'input': kind}
        player = {'loop': False, **played}
        if self.is_composed:
            self.wait_to_say('record', 'recording to')
            self.start('player', '.nodes.composed_nodes', 'avatar_node', 'tracker_player_node',
                       avatar_node=avatar, tracker_player_node=player)
        else:
            self.start('avatar', '.nodes.avatar_node', avatar_node=avatar)
            self.wait_to_say('record', 'recording to')
            self.wait_to_say('avatar', "model '")
            self.start('player', '.nodes.tracker_player_node', tracker_player_node=player)
        self.finish()

    def finish(self) -> None:
        self.wait_to_say('player', 'end of the')
        time.sleep(DIAGNOSTICS_S)
        for process in self.processes.values():
            process.send_signal(signal.SIGINT)
        for name, process in self.processes.items():
            assert process.wait(20.0) == 0, self.log(name).read_text()

    def poses(self) -> list[Pose]:
        """Return the poses in the bag."""
        return [
            Pose(_stamp_ns(message), received_ns, message.position.tobytes())
            for received_ns, message in self._messages('avatar_node/joint_states')]

    def lost(self, kind: str) -> int:
        """Return how many samples of the head the recorder has and the avatar has not."""
        topic = 'tf' if kind == 'tf' else 'head_tracker/pose'
        sent = sum(1 for _ in self._messages(topic))
        heard = [
            int(pair.value) for _, message in self._messages('/diagnostics')
            for status in message.status for pair in status.values
            if status.hardware_id == f'/{self.name}/avatar_node' and pair.key == 'head.accepted']
        return sent - heard[-1]

    def _messages(self, topic: str) -> Iterator[tuple[int, Any]]:
        types = get_typestore(Stores.ROS2_JAZZY)
        with Reader(self.bag) as reader:
            for connection, received_ns, data in reader.messages():
                if connection.topic == absolute_topic(self.name, topic):
                    yield received_ns, types.deserialize_cdr(data, connection.msgtype)


def _stamp_ns(message: Any) -> int:
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


@pytest.fixture
def session(ros_domain, tmp_path) -> Iterator[Callable[[str, bool], Session]]:
    """Give a function that makes a session of a name, of one process or of several."""
    sessions = []

    def make(name: str, is_composed: bool) -> Session:
        sessions.append(Session(tmp_path, name, is_composed))
        return sessions[-1]

    yield make
    for process in (process for made in sessions for process in made.processes.values()):
        if process.poll() is None:
            process.kill()
            process.wait()


def undisturbed(poses: list[Pose]) -> int:
    """Return how many poses come before the first pause."""
    for count, (before, after) in enumerate(itertools.pairwise(poses), start=1):
        if after.stamp_ns - before.stamp_ns > LONGEST_STEP_NS or (
                after.received_ns - before.received_ns > LONGEST_PAUSE_NS):
            return count
    return len(poses)


@pytest.mark.parametrize(('kind', 'rate_hz', 'storage', 'is_composed'), [
    ('tf', 60.0, 'mcap', False),  # each head sample makes a pose
    ('pose', 90.0, 'sqlite3', True),  # poses are on the model's grid
])
def test_live_and_replayed_poses_are_equal_bit_for_bit(
        session, tmp_path, kind, rate_hz, storage, is_composed):
    model = write_random_baseline(tmp_path / 'model')
    clip = tmp_path / 'clip.npz'
    motion = builtin_motion('wave', 60.0)
    save_motion(clip, Motion(motion.poses[:round(MOTION_S * 60.0)], 60.0))
    lost = []
    for attempt in range(ATTEMPTS):
        live, replay = (session(f'{name}_{attempt}', is_composed) for name in ('live', 'replay'))
        live.run(model, kind, storage, clip=str(clip), rate_hz=rate_hz, output=kind,
                 start_delay_s=DISCOVERY_S)
        replay.run(model, kind, storage, bag=str(live.bag), bag_namespace=live.name)

        before, after = live.poses(), replay.poses()
        offset_ns = after[0].stamp_ns - before[0].stamp_ns
        assert offset_ns != 0
        count = min(undisturbed(before), undisturbed(after))
        is_whole = count < len(before) or len(after) == count > 0.9 * 60.0 * MOTION_S
        stamps = [pose.stamp_ns - offset_ns for pose in after[:count]]
        values = [pose.values for pose in after[:count]]
        if is_whole and stamps == [pose.stamp_ns for pose in before[:count]] and values == [
                pose.values for pose in before[:count]]:
            break
        lost.append(live.lost(kind) or replay.lost(kind))
    else:
        if all(lost):
            pytest.skip(f'too little processor time: samples did not reach the avatar: {lost}')
        raise AssertionError(f'{count} frames before any pause, and not the same ones')
    if count < LEAST_FRAMES:
        pytest.skip(f'too little processor time: a pause after {count} poses')
