# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`record` as a user runs it: what is in the bag, how it ends, what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('rosbags', reason='needs rosbags')
TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs').TFMessage

from geometry_msgs.msg import PoseStamped, TransformStamped  # noqa: E402
from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: E402
from rosbags.rosbag2 import Reader  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402
from visualization_msgs.msg import Marker  # noqa: E402
import yaml  # noqa: E402

from motion_avatar_ros.commands.main import main  # noqa: E402
from motion_avatar_ros.ros.body_messages import time_message  # noqa: E402
from motion_avatar_ros.ros.qos import TF, TF_STATIC  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
HEAD_POSE = '/head_tracker/pose'
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)


class Driver:
    """Publishes trackers from this process."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node('driver', context=self._context)
        self.publishers: dict[str, object] = {}
        self.sent: dict[str, int] = {}

    def offer(self, topic: str, kind: type, profile: QoSProfile) -> None:
        self.publishers[topic] = self.node.create_publisher(kind, topic, profile)
        self.sent[topic] = 0

    def send(self, topic: str, *children: str) -> None:
        stamp = time_message(time.time_ns())
        publisher = self.publishers[topic]
        if publisher.msg_type is TFMessage:
            message = TFMessage()
            for child in children:
                transform = TransformStamped(child_frame_id=child)
                transform.header.stamp, transform.header.frame_id = stamp, 'odom'
                message.transforms.append(transform)
        else:
            message = publisher.msg_type()
            message.header.stamp = stamp
        publisher.publish(message)
        self.sent[topic] += 1

    def wait_for_listener(self, *topics: str) -> None:
        deadline_s = time.monotonic() + 20.0
        while not all(self.publishers[topic].get_subscription_count() for topic in topics):
            assert time.monotonic() < deadline_s, f'nobody listens to {topics}'
            time.sleep(0.02)

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)


@pytest.fixture
def driver(ros_domain) -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def record(ros_domain, tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Give a function that starts a recorder to tmp_path/bag."""
    started = []

    def start(*options) -> subprocess.Popen:
        environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(ROOT), os.environ.get('PYTHONPATH', '')])}
        started.append(subprocess.Popen(
            [sys.executable, '-m', 'motion_avatar_ros', 'record', '--out',
             str(tmp_path / 'bag'), *map(str, options)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stop(process, number=signal.SIGINT):
    process.send_signal(number)
    output, errors = process.communicate(timeout=20.0)
    assert 'Traceback' not in errors, errors
    return process.returncode, output, errors


def recorded(folder):
    """Return the messages of each topic: reception time and bytes."""
    messages = {}
    with Reader(folder) as reader:
        for connection, received_ns, data in reader.messages():
            messages.setdefault(connection.topic, []).append((received_ns, data))
    return messages


@pytest.mark.parametrize(('storage', 'number'), [
    ('mcap', signal.SIGINT), ('sqlite3', signal.SIGTERM)])
def test_inputs_of_late_and_latched_publishers_are_in_a_finished_bag(
        driver, record, tmp_path, storage, number):
    driver.offer('/tf_static', TFMessage, TF_STATIC)
    driver.send('/tf_static', 'mount')  # before anybody listens
    process = record('--storage', storage)
    assert 'recording to' in process.stdout.readline()
    for topic, kind, profile in (
            ('/tf', TFMessage, TF), (HEAD_POSE, PoseStamped, BEST_EFFORT),
            ('/goal_pose', PoseStamped, TF)):
        driver.offer(topic, kind, profile)
    driver.wait_for_listener('/tf', HEAD_POSE, '/tf_static')
    time.sleep(0.5)
    before_ns = time.time_ns()
    for _ in range(100):
        driver.send('/tf', 'head_tracker', 'left_hand_tracker')
        driver.send('/tf', 'avatar/pelvis', 'avatar/head')
        driver.send('/tf', 'robot/pelvis')
        driver.send(HEAD_POSE)
        driver.send('/goal_pose')
        time.sleep(0.005)
    driver.send('/tf_static', 'late_mount')
    time.sleep(0.5)
    status, output, errors = stop(process, number)
    assert status == 0, errors
    assert '/tf: 100 messages' in output and 'frames: head_tracker, late_mount' in output
    assert "200 messages of an avatar's or a robot's frames" in output

    messages = recorded(tmp_path / 'bag')
    assert {topic: len(found) for topic, found in messages.items()} == {
        '/tf': 100, '/tf_static': 2, HEAD_POSE: 100}
    times_ns = [received_ns for received_ns, _ in messages['/tf']]
    assert times_ns == sorted(times_ns)
    assert before_ns - 50_000_000 < times_ns[0] < times_ns[-1] < time.time_ns()
    metadata = yaml.safe_load((tmp_path / 'bag' / 'metadata.yaml').read_text())
    offered = {
        topic['topic_metadata']['name']: topic['topic_metadata']['offered_qos_profiles'][0]
        for topic in metadata['rosbag2_bagfile_information']['topics_with_message_count']}
    assert offered['/tf_static']['durability'] == 'transient_local'
    assert offered['/tf']['durability'] == 'volatile'
    assert offered[HEAD_POSE]['reliability'] == 'best_effort'


OUTSIDE = {'/tf': TFMessage, '/avatar_node/joint_states': JointState}
INPUTS = {
    '/robot/tf': TFMessage, '/vendor/hmd': PoseStamped, '/robot/head_tracker/pose': PoseStamped}
OUTPUTS = {
    '/robot/avatar_node/joint_states': JointState, '/robot/arms/joint_trajectory': JointTrajectory}
MESHES = {'/robot/mesh_node/mesh': Marker}


@pytest.mark.parametrize(('option', 'expected'), [
    ('--inputs-only', INPUTS), ('--with-meshes', {**INPUTS, **OUTPUTS, **MESHES})])
def test_namespace_own_topics_and_what_of_the_outputs(driver, record, tmp_path, option, expected):
    process = record('--namespace', 'robot', '--robot-node', 'arms', '--pose-topic',
                     '/vendor/hmd', option)
    process.stdout.readline()
    for topic, kind in {**OUTSIDE, **INPUTS, **OUTPUTS, **MESHES}.items():
        driver.offer(topic, kind, TF)
    driver.wait_for_listener(*expected)
    for topic in driver.publishers:
        driver.send(topic, 'head_tracker')
    time.sleep(0.5)
    assert stop(process)[0] == 0
    assert set(recorded(tmp_path / 'bag')) == set(expected)


def test_silence_is_said_and_leaves_no_bag(record, tmp_path):
    process = record('--duration', 3.5)
    output, errors = process.communicate(timeout=30.0)
    assert process.returncode == 1
    assert 'waiting for frames head_tracker, left_hand_tracker' in output
    assert 'no bag was written' in errors.splitlines()[-1]
    assert not (tmp_path / 'bag').exists()


def test_static_frames_alone_are_nothing_to_play(driver, record, tmp_path):
    driver.offer('/tf_static', TFMessage, TF_STATIC)
    driver.send('/tf_static', 'mount')
    process = record()
    process.stdout.readline()
    driver.wait_for_listener('/tf_static')
    time.sleep(0.5)
    status, _, errors = stop(process)
    assert status == 1 and 'nothing to play' in errors
    assert set(recorded(tmp_path / 'bag')) == {'/tf_static'}


def test_command_topic_of_unknown_type_is_one_line(tmp_path, capsys):
    assert main(['record', '--out', str(tmp_path / 'bag'), '--command-topic', '/arm/goal']) == 2
    errors = capsys.readouterr().err
    assert '/arm/goal' in errors and errors.count('\n') == 1
    assert not (tmp_path / 'bag').exists()


def test_existing_folder_is_refused(tmp_path, capsys):
    assert main(['record', '--out', str(tmp_path)]) == 2
    assert 'exists already' in capsys.readouterr().err


@pytest.mark.parametrize('options', [
    ('--duration', '0'), ('--storage', 'csv'), ('--duration', 'nan')])
def test_wrong_options_are_named(tmp_path, capsys, options):
    with pytest.raises(SystemExit) as ended:
        main(['record', '--out', str(tmp_path / 'bag'), *options])
    assert ended.value.code == 2
    assert options[1] in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / 'bag').exists()


def test_wrong_namespace_is_one_line_and_leaves_no_bag(record, tmp_path):
    _, errors = (process := record('--namespace', 'not a name')).communicate(timeout=20.0)
    assert process.returncode == 2
    assert 'not a name' in errors.splitlines()[-1] and 'Traceback' not in errors
    assert not (tmp_path / 'bag').exists()
