# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""tracker_player_node with a bag, as a process, heard over DDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import subprocess
import sys
import time

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('rosbags', reason='needs rosbags')
TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs').TFMessage

from geometry_msgs.msg import PoseStamped  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from small_bags import (  # noqa: E402
    NS_PER_S, START_NS, joint_state_entry, pose_entry, storage_file, string_entry, tf_entry,
    tracker_entries, write_bag,
)
from std_msgs.msg import String  # noqa: E402

from motion_avatar_ros.nodes import bag_player  # noqa: E402
from motion_avatar_ros.nodes.tracker_player_node import TrackerPlayerNode  # noqa: E402
from motion_avatar_ros.ros.body_messages import stamp_ns, time_message  # noqa: E402
from motion_avatar_ros.ros.lifecycle import run  # noqa: E402
from motion_avatar_ros.ros.qos import TF, TF_STATIC  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


class Ear:
    """A node that records what it hears, and when."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node('ear', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard: dict[str, list] = {}
        self.times_s: dict[str, list[float]] = {}

    def subscribe(self, kind, topic: str, profile=TF) -> None:
        self.heard[topic], self.times_s[topic] = [], []

        def record(message) -> None:
            self.heard[topic].append(message)
            self.times_s[topic].append(time.monotonic())

        self.node.create_subscription(kind, topic, record, profile)

    def listen(self, until: Callable[[], bool], timeout_s: float = 25.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not until() and time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.02)
        return until()

    def listen_for(self, topic: str, count: int) -> list:
        assert self.listen(lambda: len(self.heard[topic]) >= count), (
            f'{len(self.heard[topic])} of {count} messages on {topic}')
        return self.heard[topic]

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


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
        started.append(subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stamps(messages) -> np.ndarray:
    return np.array([
        stamp_ns(m.transforms[0].header.stamp if hasattr(m, 'transforms') else m.header.stamp)
        for m in messages])


def foreign_robots_bag(folder: Path) -> Path:
    """Write a bag in which trackers are a few among many frames and topics."""
    entries = [tf_entry(START_NS - 10 * NS_PER_S, ('mount',), '/tf_static', parent='base_link')]
    for k in range(60):
        time_ns = START_NS + k * 20_000_000
        entries += [
            tf_entry(time_ns, ('odom',), parent='map'),
            tf_entry(time_ns + 100_000, ('head_tracker', 'left_hand_tracker')),
            tf_entry(time_ns + 200_000, ('avatar/pelvis', 'avatar/head')),
            tf_entry(time_ns + 250_000, ('robot/pelvis',)),
            tf_entry(time_ns + 300_000, ('right_hand_tracker', 'avatar/pelvis')),
            tf_entry(time_ns + 400_000, ('base_link', 'left_wheel')),
            pose_entry(time_ns + 500_000), pose_entry(time_ns + 600_000, '/goal_pose'),
            string_entry(time_ns + 700_000)]
    return write_bag(folder, entries)


def test_inputs_alone_are_played_at_their_pace_with_their_stamps_moved_by_one_constant(
        ear, play, tmp_path):
    bag = foreign_robots_bag(tmp_path / 'bag')
    for kind, topic in ((TFMessage, '/tf'), (PoseStamped, '/head_tracker/pose'),
                        (PoseStamped, '/goal_pose'), (String, '/chatter')):
        ear.subscribe(kind, topic)
    player = play(bag=bag, loop='false')
    messages = ear.listen_for('/tf', 240)
    poses = ear.listen_for('/head_tracker/pose', 60)
    ear.listen(lambda: False, 0.5)
    assert len(messages) == 240 and len(poses) == 60
    assert not ear.heard['/goal_pose'] and not ear.heard['/chatter']

    frames = [tuple(t.child_frame_id for t in m.transforms) for m in messages]
    assert frames == 60 * [
        ('odom',), ('head_tracker', 'left_hand_tracker'), ('right_hand_tracker',),
        ('base_link', 'left_wheel')]
    recorded = np.array([
        START_NS + k * 20_000_000 + slot * 100_000 - 5_000_000
        for k in range(60) for slot in (0, 1, 3, 4)])
    offsets = set((stamps(messages) - recorded).tolist())
    assert len(offsets) == 1
    assert set((stamps(poses) - (
        START_NS + np.arange(60) * 20_000_000 + 500_000 - 5_000_000)).tolist()) == offsets
    age_s = time.time() - (START_NS + offsets.pop()) / 1e9
    assert 0.0 < age_s < 30.0
    span_s = ear.times_s['/tf'][-1] - ear.times_s['/tf'][0]
    assert span_s == pytest.approx(1.1804, abs=0.25)
    transform = messages[1].transforms[1].transform
    assert (transform.translation.x, transform.translation.z) == (0.1, 1.5)

    # /tf_static is latched, long after it was sent.
    ear.subscribe(TFMessage, '/tf_static', TF_STATIC)
    assert ear.listen_for('/tf_static', 1)[0].transforms[0].child_frame_id == 'mount'
    assert player.poll() is None


@pytest.fixture
def play_here(ear, monkeypatch) -> Iterator[Callable[..., None]]:
    """Give a function that plays from this process, where listeners are found at once."""
    monkeypatch.setattr(bag_player, '_SETTLED_S', 0.2)
    nodes = []

    def start(**parameters) -> None:
        nodes.append(TrackerPlayerNode(context=ear.context, parameter_overrides=[
            Parameter(name, value=value) for name, value in parameters.items()]))
        ear.executor.add_node(nodes[-1])
        nodes[-1].start()

    yield start
    for node in nodes:
        ear.executor.remove_node(node)
        node.close()


def test_a_loop_begins_again_after_a_gap_with_stamps_that_go_on(ear, play_here, tmp_path):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.5), 'sqlite3')
    ear.subscribe(TFMessage, '/tf')
    play_here(bag=str(bag))
    messages = ear.listen_for('/tf', 75)
    steps_s = np.diff(stamps(messages)) / 1e9
    assert steps_s.min() > 0.016
    assert np.flatnonzero(steps_s > 0.5).tolist() == [29, 59]
    assert steps_s[29] == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_array_equal(
        np.diff(stamps(messages[:30])), np.diff(stamps(messages[30:60])))


def test_recorded_outputs_are_never_played(ear, play_here, tmp_path):
    outputs = (
        '/avatar_node/joint_states', '/avatar_node/confidence', '/retarget_node/joint_states')
    entries = tracker_entries(0.5)
    entries += [joint_state_entry(time_ns, topic) for time_ns, *_ in entries for topic in outputs]
    entries += [string_entry(START_NS, '/avatar_node/robot_description'),
                tf_entry(START_NS, ('robot/pelvis',), '/tf_static', parent='odom')]
    bag = write_bag(tmp_path / 'bag', sorted(entries, key=lambda entry: entry[0]))
    ear.subscribe(TFMessage, '/tf')
    for topic in outputs:
        ear.subscribe(JointState, topic)
    play_here(bag=str(bag), loop=False)
    ear.listen_for('/tf', 30)
    assert not any(ear.heard[topic] for topic in outputs)
    assert not any(ear.node.count_publishers(topic) for topic in outputs)
    assert not ear.node.count_publishers('/avatar_node/robot_description')
    ear.subscribe(TFMessage, '/tf_static', TF_STATIC)
    ear.listen(lambda: False, 0.3)
    assert not ear.heard['/tf_static']


def test_frames_of_a_robot_are_played_where_no_robot_is_said_to_follow(ear, play_here, tmp_path):
    bag = write_bag(
        tmp_path / 'bag', [tf_entry(START_NS, ('robot/odom',)), tf_entry(START_NS + 1)])
    ear.subscribe(TFMessage, '/tf')
    play_here(bag=str(bag), loop=False, robot_prefix='')
    assert ear.listen_for('/tf', 2)[0].transforms[0].child_frame_id == 'robot/odom'


def test_speed_and_namespace(ear, play_here, tmp_path):
    entries = [tf_entry(START_NS + k * 20_000_000, topic='/robot/tf') for k in range(50)]
    entries += [pose_entry(time_ns, '/robot/head_tracker/pose') for time_ns, *_ in entries]
    bag = write_bag(tmp_path / 'bag', sorted(entries, key=lambda entry: entry[0]))
    ear.subscribe(TFMessage, '/tf')
    ear.subscribe(PoseStamped, '/head_tracker/pose')
    play_here(bag=str(bag), bag_namespace='robot', speed=2.0, loop=False)
    messages = ear.listen_for('/tf', 50)
    ear.listen_for('/head_tracker/pose', 50)
    assert set(np.diff(stamps(messages)).tolist()) == {10_000_000}
    span_s = ear.times_s['/tf'][-1] - ear.times_s['/tf'][0]
    assert span_s == pytest.approx(0.49, abs=0.2)


def test_original_stamps(ear, play_here, tmp_path):
    ear.subscribe(TFMessage, '/tf')
    play_here(
        bag=str(write_bag(tmp_path / 'bag', tracker_entries(0.2))), bag_stamps='original')
    messages = ear.listen_for('/tf', 12)
    assert stamps(messages)[0] == START_NS - 5_000_000
    ear.listen(lambda: False, 1.5)
    assert len(messages) == 12  # stamps that come again would be no loop


def test_original_stamps_follow_a_simulated_clock_of_the_recording(ear, play_here, tmp_path):
    bag = write_bag(tmp_path / 'bag', tracker_entries(2.0))
    ear.subscribe(TFMessage, '/tf')
    clock = ear.node.create_publisher(Clock, '/clock', 10)
    play_here(bag=str(bag), bag_stamps='original', use_sim_time=True)
    for step in range(60):  # enters the recording at its second second
        clock.publish(Clock(clock=time_message(START_NS + NS_PER_S + step * 10_000_000)))
        ear.listen(lambda: False, 0.02)
    received = stamps(ear.heard['/tf'])
    assert received[0] < START_NS + 0.2 * NS_PER_S
    assert received[-1] == pytest.approx(START_NS + 1.59 * NS_PER_S, abs=0.05 * NS_PER_S)


def test_damage_in_the_middle_ends_the_node_with_one_line(
        ros_domain, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bag_player, '_NO_LISTENER_S', 0.1)
    bag = write_bag(tmp_path / 'bag', tracker_entries(2.0), compression='message')
    file = storage_file(bag)
    data = bytearray(file.read_bytes())
    middle = len(data) // 3
    data[middle:middle + 300] = bytes(300)
    file.write_bytes(data)
    assert run(TrackerPlayerNode, ['--ros-args', '-p', f'bag:={bag}']) == 2
    errors = capsys.readouterr().err
    assert str(bag) in errors.splitlines()[-1] and 'damaged' in errors
    assert 'Traceback' not in errors


@pytest.mark.parametrize(('parameters', 'word'), [
    ({'bag': '/no/such/bag'}, 'does not exist'),
    ({'clip': 'a.npz'}, "'clip'"), ({'latency_s': 0.1}, "'latency_s'"),
    ({'noise__position_m': 0.01}, 'noise.position_m'), ({'bag_stamps': 'now'}, 'bag_stamps')])
def test_what_cannot_be_played_is_one_line_and_status_2(
        ros_domain, tmp_path, capsys, parameters, word):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.1))
    arguments = ['--ros-args']
    for name, value in {'bag': str(bag), **parameters}.items():
        arguments += ['-p', f'{name.replace("__", ".")}:={value}']
    assert run(TrackerPlayerNode, arguments) == 2
    errors = capsys.readouterr().err
    assert word in errors.splitlines()[-1] and 'Traceback' not in errors


def test_a_player_thread_that_dies_ends_the_node(ros_domain, monkeypatch):
    from motion_avatar_ros.nodes.clip_player import ClipPlayer

    def fail(self, clock) -> None:
        raise ZeroDivisionError('planted')

    monkeypatch.setattr(ClipPlayer, 'play', fail)
    with pytest.raises(ZeroDivisionError, match='planted'):
        run(TrackerPlayerNode, ['--ros-args'])
