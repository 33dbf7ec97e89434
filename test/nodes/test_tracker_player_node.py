# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of tracker_player_node as a process, heard over DDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2')
TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs').TFMessage

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import PoseStamped  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402

from motion_avatar_ros.body.joint_state import JOINT_STATE_NAMES  # noqa: E402
from motion_avatar_ros.body.motion import Motion, save_motion  # noqa: E402
from motion_avatar_ros.body.procedural_motion import builtin_motion  # noqa: E402
from motion_avatar_ros.body.rotations import matrix_from_quaternion  # noqa: E402
from motion_avatar_ros.body.skeleton import TRACKED_JOINTS  # noqa: E402
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns  # noqa: E402
from motion_avatar_ros.ros.body_messages import time_message  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FRAMES = ['head_tracker', 'left_hand_tracker', 'right_hand_tracker']
TRUTH_TOPIC = '/tracker_player_node/ground_truth'


class Ear:
    """A node that records what it hears."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node('ear', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.heard: dict[str, list] = {}
        self.times_s: dict[str, list[float]] = {}

    def subscribe(self, kind, topic: str) -> None:
        self.heard[topic], self.times_s[topic] = [], []

        def record(message) -> None:
            self.heard[topic].append(message)
            self.times_s[topic].append(time.monotonic())

        self.node.create_subscription(kind, topic, record, 100)

    def listen(self, until: Callable[[], bool], timeout_s: float = 20.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not until() and time.monotonic() < deadline_s:
            self._executor.spin_once(timeout_sec=0.02)
        return until()

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def listen_for(self, topic: str, count: int) -> list:
        assert self.listen(lambda: len(self.heard[topic]) >= count), (
            f'{len(self.heard[topic])} of {count} messages on {topic}')
        return self.heard[topic]


@pytest.fixture
def ear(ros_domain) -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


@pytest.fixture
def play(ros_domain) -> Iterator[Callable[..., subprocess.Popen]]:
    """Give a function that starts a player with parameters by name."""
    started = []

    def start(**parameters) -> subprocess.Popen:
        command = [sys.executable, '-m', 'motion_avatar_ros.nodes.tracker_player_node']
        for name, value in parameters.items():
            command += ['--ros-args', '-p', f'{name.replace("__", ".")}:={value}']
        environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(ROOT), os.environ.get('PYTHONPATH', '')])}
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _poses(message: TFMessage) -> tuple[np.ndarray, np.ndarray]:
    positions = [(t.transform.translation.x, t.transform.translation.y,
                  t.transform.translation.z) for t in message.transforms]
    quaternions = [(t.transform.rotation.x, t.transform.rotation.y, t.transform.rotation.z,
                    t.transform.rotation.w) for t in message.transforms]
    return np.array(positions), np.array(quaternions)


def _stamps(messages: list) -> np.ndarray:
    return np.array([stamp_ns(m.transforms[0].header.stamp) for m in messages])


def test_frames_stamps_rate_and_truth(ear, play):
    ear.subscribe(TFMessage, '/tf')
    ear.subscribe(JointState, TRUTH_TOPIC)
    play(motion='walk')
    messages = ear.listen_for('/tf', 180)
    ear.listen_for(TRUTH_TOPIC, 180)

    for message in messages:
        assert [t.child_frame_id for t in message.transforms] == FRAMES
        assert {t.header.frame_id for t in message.transforms} == {'odom'}
        assert len({stamp_ns(t.header.stamp) for t in message.transforms}) == 1
    intervals_s = np.diff(_stamps(messages)) / 1e9
    assert np.median(intervals_s) == pytest.approx(1.0 / 60.0, abs=1e-4)
    assert intervals_s.mean() == pytest.approx(1.0 / 60.0, rel=0.02)
    assert intervals_s.min() > 0.01
    span_s = ear.times_s['/tf'][-1] - ear.times_s['/tf'][0]
    assert (len(messages) - 1) / span_s == pytest.approx(60.0, rel=0.1)
    age_s = time.time() - stamp_ns(messages[-1].transforms[0].header.stamp) / 1e9
    assert -0.01 < age_s < 5.0

    truths = {stamp_ns(m.header.stamp): m for m in ear.heard[TRUTH_TOPIC]}
    matched = [m for m in messages if stamp_ns(m.transforms[0].header.stamp) in truths]
    assert len(matched) > 150
    for message in matched[::20]:
        truth = truths[stamp_ns(message.transforms[0].header.stamp)]
        assert truth.header.frame_id == 'odom' and tuple(truth.name) == JOINT_STATE_NAMES
        _, joints = pose_from_message(truth).global_joints()
        assert np.abs(_poses(message)[0] - joints[list(TRACKED_JOINTS)]).max() < 1e-9

    middle, later = messages[-20], messages[-10]
    course = (_poses(later)[0] - _poses(middle)[0])[0]
    head = matrix_from_quaternion(_poses(later)[1][0])
    assert head[2, 2] > 0.95 and head[:2, 0] @ course[:2] / np.linalg.norm(course[:2]) > 0.8


def test_clip_with_all_trackers_renamed_and_delayed(ear, play, tmp_path):
    whole = builtin_motion('wave')
    clip = tmp_path / 'clip.npz'
    save_motion(clip, Motion(whole.poses[::2][:30], 30.0))
    ear.subscribe(TFMessage, '/tf')
    play(clip=clip, optional_trackers='[pelvis, left_foot, right_foot]', latency_s=0.25,
         fixed_frame='room', trackers__head='hmd', rate_hz=90, loop_transition='jump')
    messages = ear.listen_for('/tf', 270)
    names = [t.child_frame_id for t in messages[-1].transforms]
    assert names == ['hmd', *FRAMES[1:], 'pelvis_tracker', 'left_foot_tracker',
                     'right_foot_tracker']
    assert messages[-1].transforms[0].header.frame_id == 'room'
    assert np.median(np.diff(_stamps(messages))) / 1e9 == pytest.approx(1.0 / 90.0, abs=1e-4)
    assert time.time() - _stamps(messages)[-1] / 1e9 > 0.25
    heads = np.stack([_poses(m)[0][0] for m in messages])
    assert np.abs(heads[-1] - heads[-1 - 88]).max() < 1e-6  # 29 / 30 s of clip, in a loop


def test_noise_is_the_same_for_the_same_seed(ear, play):
    """The n-th frame of a seed is always the same; which is heard first differs."""
    ear.subscribe(TFMessage, '/tf')
    runs = []
    for seed in (3, 3, 4):
        ear.heard['/tf'].clear()
        process = play(motion='squat', noise__position_m=0.01, seed=seed, start_delay_s=2.0)
        heard = ear.listen_for('/tf', 180)
        process.send_signal(signal.SIGINT)
        process.wait(10)
        runs.append({_poses(m)[0].tobytes() for m in heard})
    assert len(runs[0] & runs[1]) >= 10
    assert not runs[0] & runs[2]


def test_dropped_tracker_is_left_out_of_the_message(ear, play):
    ear.subscribe(TFMessage, '/tf')
    play(motion='squat', dropout__per_s=2.0, dropout__duration_s=0.3,
         dropout__trackers='[right_hand]', seed=1)
    counts = [len(m.transforms) for m in ear.listen_for('/tf', 240)]
    assert set(counts) == {2, 3}
    for message in ear.heard['/tf']:
        assert [t.child_frame_id for t in message.transforms][:2] == FRAMES[:2]


def test_pose_topics_instead_of_tf(ear, play):
    for frame in FRAMES:
        ear.subscribe(PoseStamped, f'/{frame}/pose')
    ear.subscribe(TFMessage, '/tf')
    play(output='pose', publish_ground_truth='false')
    for frame in FRAMES:
        messages = ear.listen_for(f'/{frame}/pose', 60)
        assert messages[0].header.frame_id == 'odom'
    stamps = [{stamp_ns(m.header.stamp) for m in ear.heard[f'/{f}/pose']} for f in FRAMES]
    assert len(stamps[0] & stamps[1] & stamps[2]) > 40
    assert not ear.heard['/tf']


def test_diagnostics_tell_rate_and_skipped_frames(ear, play):
    ear.subscribe(DiagnosticArray, '/diagnostics')
    play()
    status = ear.listen_for('/diagnostics', 3)[-1].status[0]
    values = {v.key: v.value for v in status.values}
    assert status.name == 'tracker_player_node'
    assert float(values['output_rate_hz']) == pytest.approx(60.0, rel=0.1)
    assert {'frames_skipped', 'lateness_p99_ms'} <= set(values)


def test_simulated_time_sets_stamps_and_pace(ear, play):
    ear.subscribe(TFMessage, '/tf')
    clock = ear.node.create_publisher(Clock, '/clock', 10)
    play(use_sim_time='true')
    ear.listen(lambda: ear.node.count_subscribers('/clock') > 0)
    assert not ear.listen(lambda: bool(ear.heard['/tf']), timeout_s=1.0)  # no clock, no frames
    start_ns, steps = 500_000_000_000, 200
    for step in range(steps):  # half speed: 10 ms of simulation per 20 ms
        clock.publish(Clock(clock=time_message(start_ns + 10_000_000 * step)))
        ear.listen(lambda: False, timeout_s=0.02)
    stamps = _stamps(ear.heard['/tf'])
    assert stamps.min() >= start_ns and stamps.max() <= start_ns + 10_000_000 * steps
    assert 90 <= len(stamps) <= 121
    assert (np.diff(stamps) > 0).all()


@pytest.mark.parametrize('number', (signal.SIGINT, signal.SIGTERM))
def test_ends_cleanly_on_a_signal(ear, play, number):
    ear.subscribe(TFMessage, '/tf')
    process = play()
    ear.listen_for('/tf', 5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=15)
    assert process.returncode == 0
    assert 'Traceback' not in errors and 'rror' not in errors


def test_clip_without_loop_falls_silent_and_node_stays(ear, play, tmp_path):
    clip = tmp_path / 'short.npz'
    save_motion(clip, Motion(builtin_motion('wave').poses[:120], 60.0))
    ear.subscribe(TFMessage, '/tf')
    process = play(clip=clip, loop='false', start_delay_s=2.0)
    ear.listen_for('/tf', 30)
    ear.listen(lambda: False, timeout_s=3.0)
    heard = len(ear.heard['/tf'])
    ear.listen(lambda: False, timeout_s=1.0)
    assert len(ear.heard['/tf']) == heard <= 120
    assert process.poll() is None


@pytest.mark.parametrize(('parameters', 'words'), [
    ({'clip': 'nowhere.npz'}, ('nowhere.npz', 'no such file')),
    ({'motion': 'moonwalk'}, ('motion', 'moonwalk', 'walk')),
    ({'rate_hz': '-3.0'}, ('rate_hz', '-3.0', 'allowed')),
    ({'loop': '7'}, ('loop', 'bool')),
    ({'rte_hz': '60.0'}, ('rte_hz', 'rate_hz')),
    ({'optional_trackers': '[tail]'}, ('optional_trackers', 'tail', 'pelvis')),
    ({'dropout.trackers': '[pelvis]'}, ('dropout.trackers', 'pelvis', 'head')),
    ({'trackers.head': 'odom'}, ('trackers.head', 'odom')),
    ({'trackers.head': 'left_hand_tracker'}, ('trackers.head', 'left_hand_tracker')),
], ids=lambda value: next(iter(value)) if isinstance(value, dict) else '')
def test_bad_clip_or_parameter_is_one_line_and_status_2(play, parameters, words):
    process = play(**parameters)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    lines = [line for line in errors.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith('error: ')
    for word in words:
        assert word in lines[0]


def test_file_that_is_no_clip_is_refused(play, tmp_path):
    path = tmp_path / 'text.npz'
    path.write_text('not a zip')
    process = play(clip=path)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2 and 'AMASS' in errors and 'Traceback' not in errors
