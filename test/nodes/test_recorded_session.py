# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A live session with a robot is whole in its bag, small, and its lag can be told from it."""

from __future__ import annotations

from collections.abc import Iterator
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('rosbags', reason='needs rosbags')
pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs')
pytest.importorskip('pinocchio', reason='pinocchio is not installed')

from node_spinning import spin_until  # noqa: E402
from rosbags.rosbag2 import Reader  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from motion_avatar_ros.body.joint_state import JOINT_STATE_NAMES  # noqa: E402
from motion_avatar_ros.commands.main import main  # noqa: E402
from motion_avatar_ros.estimation.random_model import write_random_baseline  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402
from motion_avatar_ros.ros.bag_reader import BagReader  # noqa: E402
from motion_avatar_ros.ros.bag_recording import BagRecording  # noqa: E402
from motion_avatar_ros.ros.qos import JOINT_STATES  # noqa: E402
from motion_avatar_ros.ros.recorded_topics import input_topics, output_topics  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
NODES = ('tracker_player_node', 'avatar_node', 'retarget_node')
BODY, ROBOT = '/avatar_node/joint_states', '/retarget_node/joint_states'
COMMANDS = '/retarget_node/joint_trajectory'
RATE_HZ, MINUTE_S = 60.0, 60.0
MESSAGES = 100
LONG_S = 60.0
MOST_BYTES = 30e6  # of a minute, without meshes
STREAMED = ('/tf', BODY, '/avatar_node/confidence', ROBOT, COMMANDS)
LATCHED = ('/avatar_node/robot_description', '/retarget_node/robot_description')


@pytest.fixture
def session(ros_domain, tmp_path) -> Iterator[subprocess.Popen]:
    """Return a process in which an operator moves, and an avatar and a robot follow."""
    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))
    model = write_random_baseline(tmp_path / 'model')
    parameters = {
        'avatar_node:model': model, 'avatar_node:device': 'cpu', 'retarget_node:robot': 'g1',
        'retarget_node:command.joints': 'whole_body',
        # Generous, so that a busy machine's pauses disengage nothing.
        'retarget_node:stale_after_s': 5.0, 'retarget_node:max_age_s': 5.0,
        'retarget_node:engage.state_hold_s': 10.0,
        'retarget_node:engage.state_timeout_s': 10.0,
        'retarget_node:engage.max_deviation_rad': 10.0}
    arguments = [item for name, value in parameters.items()
                 for item in ('-p', f'{name}:={value}')]
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(
        [str(ROOT), os.environ.get('PYTHONPATH', '')])}
    process = subprocess.Popen(
        [sys.executable, '-m', 'motion_avatar_ros.nodes.composed_nodes', *NODES, '--ros-args',
         *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def node(ros_domain) -> Iterator:
    rclpy.init()
    node = rclpy.create_node('recorder_and_robot')
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


def engage(node) -> list[str]:
    """Be a robot that is where it is commanded, engage it, and return its joints' names."""
    shown: list[JointState] = []
    joints: dict[str, float] = {}
    state = node.create_publisher(JointState, 'joint_states', JOINT_STATES)

    def obey(command: JointTrajectory) -> None:
        joints.update(zip(command.joint_names, command.points[0].positions, strict=True))

    node.create_subscription(JointState, ROBOT, shown.append, JOINT_STATES)
    node.create_subscription(JointTrajectory, COMMANDS, obey, JOINT_STATES)
    node.create_timer(0.02, lambda: state.publish(
        JointState(name=list(joints), position=list(joints.values()))))
    client = node.create_client(SetBool, '/retarget_node/engage')
    spin_until(node, lambda: shown and client.service_is_ready() and (
        state.get_subscription_count() > 0), LONG_S)
    joints.update(dict.fromkeys(shown[-1].name, 0.0))
    answers = [client.call_async(SetBool.Request(data=True))]

    def is_engaged() -> bool:
        if not answers[-1].done():
            return False
        if not answers[-1].result().success:  # it has not measured the robot yet
            answers.append(client.call_async(SetBool.Request(data=True)))
        return answers[-1].done()

    spin_until(node, is_engaged, LONG_S)
    return list(joints)


def test_a_session_is_recorded_whole_small_and_tells_where_its_lag_is(
        session, node, tmp_path, capsys):
    bag = tmp_path / 'bag'
    with BagRecording(node, bag, [*input_topics('', []), *output_topics('')]) as recording:
        names = engage(node)
        spin_until(node, lambda: recording.status().counts.get(COMMANDS, 0) >= MESSAGES, LONG_S)
        status = recording.stop()
    assert status.problem is None

    sizes: dict[str, list[int]] = {}
    seen: dict[str, bytes] = {}
    with Reader(bag) as reader:
        for connection, _, data in reader.messages():
            sizes.setdefault(connection.topic, []).append(len(data))
            seen[connection.topic] = bytes(data)
    assert set(sizes) == {*STREAMED, *LATCHED, '/diagnostics'}
    assert all(len(sizes[topic]) == 1 for topic in LATCHED)
    assert all(name.encode() in seen[BODY] for name in JOINT_STATE_NAMES)
    assert all(name.encode() in seen[ROBOT] for name in names)
    # As they are sent, which is what they would take in a bag that is not compressed.
    minute_bytes = sum(
        max(sizes[topic]) * RATE_HZ * MINUTE_S for topic in STREAMED) + sum(
        sizes[topic][0] for topic in LATCHED) + (
        max(sizes['/diagnostics']) * len(NODES) * MINUTE_S)
    assert minute_bytes < MOST_BYTES, sizes
    assert 0.0 < status.size_bytes < 0.5 * sum(map(sum, sizes.values()))

    with BagReader(bag) as reader:  # what is played
        assert [topic.name for topic in reader.topics] == ['/tf']

    check_lag(bag, capsys)


def check_lag(bag: Path, capsys) -> None:
    """Check that every stage is measured, and that the nodes told theirs."""
    assert main(['latency-report', str(bag), '--json']) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    stages, told = values['stages'], values['told']
    assert {'tracker_age.head_tracker', 'trackers_to_body', 'body_to_robot',
            'robot_to_command'} <= set(stages)
    assert values['largest_stage'] in stages and values['notes'] == []
    for name in ('trackers_to_body', 'body_to_robot', 'body_age', 'robot_age'):
        assert stages[name]['count'] > MESSAGES // 2
        assert 0.0 < stages[name]['p50_ms'] < 5000.0  # a busy machine may take its time
    assert told['avatar_node']['inference']['p50_ms'] > 0.0
    assert told['retarget_node']['retarget']['p50_ms'] > 0.0
