# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A recorded session gives the same poses again, bit for bit: processes, DDS and all.

Each session is an avatar, its recorder and its player in a namespace of their own. Recorder and
avatar are there before the player's first sample. One session after the other: an avatar that
shares two processors with others is no fair example.

An avatar that gets no processor time for a while holds, or drops frames, which no recording
repeats. Frames are compared up to the first such pause of any session; samples that best effort
loses on a starved machine leave no pause, so a session may be had again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import itertools
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('rosbags', reason='needs rosbags')
pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs')

from rosbags.rosbag2 import Reader  # noqa: E402
from rosbags.typesys import Stores, get_typestore  # noqa: E402

from motion_avatar_ros.body.motion import Motion, save_motion  # noqa: E402
from motion_avatar_ros.body.procedural_motion import builtin_motion  # noqa: E402
from motion_avatar_ros.estimation.random_model import write_random_baseline  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MOTION_S = 3.0
DISCOVERY_S = 5.0  # the middleware finds some listeners only when it announces itself again
LONGEST_STEP_NS = 25_000_000
LONGEST_PAUSE_NS = 200_000_000  # an avatar holds after 250 ms
LEAST_FRAMES = 60
ATTEMPTS = 3


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
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def bag(self) -> Path:
        return self.folder / f'{self.name}_bag'

    def start(self, name: str, module: str, *options: str, **parameters: object) -> None:
        arguments = [sys.executable, '-m', f'motion_avatar_ros{module}', *options]
        if module:
            arguments += ['--ros-args', '-r', f'__ns:=/{self.name}', '-r', '/tf:=tf',
                          '-r', '/tf_static:=tf_static']
            for key, value in parameters.items():
                arguments += ['-p', f'{key}:={value}']
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

    def listen(self, model: Path, kind: str, storage: str) -> None:
        """Start recorder and avatar."""
        self.start('record', '', 'record', '--out', str(self.bag), '--namespace', self.name,
                   '--storage', storage)
        self.start('avatar', '.nodes.avatar_node', model=model, device='cpu', input=kind)

    def play(self, **parameters: object) -> None:
        self.wait_to_say('record', 'recording to')
        self.wait_to_say('avatar', "model '")
        self.start('player', '.nodes.tracker_player_node', loop='false', **parameters)

    def finish(self) -> None:
        self.wait_to_say('player', 'end of the')
        time.sleep(0.5)
        for process in self.processes.values():
            process.send_signal(signal.SIGINT)
        for name, process in self.processes.items():
            assert process.wait(20.0) == 0, self.log(name).read_text()

    def poses(self) -> list[Pose]:
        """Return the poses in the bag."""
        types = get_typestore(Stores.ROS2_JAZZY)
        poses = []
        with Reader(self.bag) as reader:
            for connection, received_ns, data in reader.messages():
                if connection.topic == f'/{self.name}/avatar_node/joint_states':
                    message = types.deserialize_cdr(data, connection.msgtype)
                    stamp = message.header.stamp
                    poses.append(Pose(
                        stamp.sec * 1_000_000_000 + stamp.nanosec, received_ns,
                        message.position.tobytes()))
        return poses


@pytest.fixture
def session(ros_domain, tmp_path) -> Iterator[Callable[[str], Session]]:
    """Give a function that makes a session of a name."""
    sessions = []

    def make(name: str) -> Session:
        sessions.append(Session(tmp_path, name))
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


@pytest.mark.parametrize(('kind', 'rate_hz', 'storage'), [
    ('tf', 60.0, 'mcap'),  # each head sample makes a pose
    ('pose', 90.0, 'sqlite3'),  # poses are on the model's grid
])
def test_live_and_replayed_poses_are_equal_bit_for_bit(
        session, tmp_path, kind, rate_hz, storage):
    model = write_random_baseline(tmp_path / 'model')
    clip = tmp_path / 'clip.npz'
    motion = builtin_motion('wave', 60.0)
    save_motion(clip, Motion(motion.poses[:round(MOTION_S * 60.0)], 60.0))
    for attempt in range(ATTEMPTS):
        live, replay = session(f'live_{attempt}'), session(f'replay_{attempt}')
        live.listen(model, kind, storage)
        live.play(clip=clip, rate_hz=rate_hz, output=kind, start_delay_s=DISCOVERY_S)
        live.finish()
        replay.listen(model, kind, storage)
        replay.play(bag=live.bag, bag_namespace=live.name)
        replay.finish()

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
    else:
        raise AssertionError(f'{count} frames before any pause, and not the same ones')
    if count < LEAST_FRAMES:
        pytest.skip(f'too little processor time: a pause after {count} poses')
