# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A recording on somebody else's node: how it begins and ends, and what a full disk does."""

from __future__ import annotations

from collections.abc import Iterator
import errno
import os
from types import SimpleNamespace

import pytest

rclpy = pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('rosbags', reason='needs rosbags')
TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs').TFMessage

from geometry_msgs.msg import TransformStamped  # noqa: E402
from node_spinning import spin_until  # noqa: E402
import rosbags.rosbag2  # noqa: E402

from motion_avatar_ros.errors import MotionAvatarError  # noqa: E402
from motion_avatar_ros.ros import bag_recording  # noqa: E402
from motion_avatar_ros.ros.bag_reader import BagError, BagReader  # noqa: E402
from motion_avatar_ros.ros.bag_recording import BagRecording  # noqa: E402
from motion_avatar_ros.ros.qos import TF  # noqa: E402
from motion_avatar_ros.ros.recorded_topics import (  # noqa: E402
    CommandTopicError, input_topics, mesh_topics, output_topics,
)


@pytest.fixture
def node(ros_domain) -> Iterator:
    """Return a node with work of its own: it hears /tf, and sends on it when asked."""
    rclpy.init()
    node = rclpy.create_node('page')
    node.heard = []
    node.create_subscription(TFMessage, '/tf', node.heard.append, TF)
    node.send = node.create_publisher(TFMessage, '/tf', TF)
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


def send_until(node, condition, child='head_tracker'):
    message = TFMessage(transforms=[TransformStamped(child_frame_id=child)])

    def is_done() -> bool:
        node.send.publish(message)
        return condition()

    spin_until(node, is_done)


def entities(node):
    return len(list(node.subscriptions)), len(list(node.timers))


def test_a_node_records_beside_its_work_and_is_as_before_when_stopped(node, tmp_path):
    before = entities(node)
    recording = BagRecording(node, tmp_path / 'bag', [*input_topics('', []), *output_topics('')])
    assert not recording.status().is_recording and not (tmp_path / 'bag').exists()
    recording.start()
    send_until(node, lambda: recording.status().messages >= 5)
    node.send.publish(TFMessage(transforms=[TransformStamped(child_frame_id='robot/pelvis')]))
    spin_until(node, lambda: recording.status().left_out == 1)
    status = recording.status()
    assert status.is_recording and status.seconds > 0.0 and status.frames == {'head_tracker'}
    assert status.counts == {'/tf': status.messages}
    status = recording.stop()
    assert (status.is_recording, status.problem) == (False, None)
    assert status == recording.stop()  # twice is once
    assert entities(node) == before
    assert status.size_bytes == sum(
        file.stat().st_size for file in (tmp_path / 'bag').iterdir())
    with BagReader(tmp_path / 'bag') as bag:
        assert len(list(bag.messages())) == status.messages


def test_a_full_disk_ends_the_recording_and_not_the_node(node, tmp_path, monkeypatch):
    recording = BagRecording(node, tmp_path / 'bag', input_topics('', []))
    before = entities(node)
    recording.start()
    send_until(node, lambda: recording.status().messages > 0)

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(rosbags.rosbag2.Writer, 'write', refuse)
    send_until(node, lambda: not recording.status().is_recording)
    status = recording.status()
    assert str(tmp_path / 'bag') in status.problem and 'No space left' in status.problem
    assert '\n' not in status.problem
    assert entities(node) == before
    heard = len(node.heard)
    send_until(node, lambda: len(node.heard) > heard)
    assert recording.stop() == status
    with BagReader(tmp_path / 'bag') as bag:  # what was written is finished where it can be
        assert len(list(bag.messages())) == status.messages


def test_a_bag_that_cannot_be_finished_is_said(node, tmp_path, monkeypatch):
    recording = BagRecording(node, tmp_path / 'bag', input_topics('', []))
    recording.start()
    send_until(node, lambda: recording.status().messages > 0)

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(rosbags.rosbag2.Writer, 'close', refuse)
    assert 'cannot be finished' in recording.stop().problem


def test_a_nearly_full_disk_ends_it_while_the_bag_can_be_finished(node, tmp_path, monkeypatch):
    recording = BagRecording(node, tmp_path / 'bag', input_topics('', []))
    recording.start()
    send_until(node, lambda: recording.status().messages > 0)
    monkeypatch.setattr(
        bag_recording.shutil, 'disk_usage', lambda _: SimpleNamespace(free=5_000_000))
    spin_until(node, lambda: not recording.status().is_recording)
    assert '5 MB left' in recording.status().problem
    with BagReader(tmp_path / 'bag') as bag:
        assert list(bag.messages())


def test_what_cannot_begin_leaves_nothing_behind(node, tmp_path):
    before = entities(node)
    with pytest.raises(MotionAvatarError, match='not a name'):
        BagRecording(node, tmp_path / 'bag', input_topics('not a name', [])).start()
    assert not (tmp_path / 'bag').exists() and entities(node) == before
    with pytest.raises(BagError, match='exists already'):
        BagRecording(node, tmp_path, input_topics('', [])).start()
    assert entities(node) == before


def test_topics_follow_the_namespace_and_the_nodes_names():
    topics = [*input_topics('left', ['hmd/pose']), *output_topics(
        'left', 'generator_node', 'arms', ['/arm_controller/joint_trajectory']),
        *mesh_topics('left')]
    latched = {topic.name for topic in topics if topic.is_latched}
    assert latched == {
        '/left/tf_static', '/left/generator_node/robot_description',
        '/left/arms/robot_description'}
    assert {topic.name for topic in topics if topic.is_input} == {'/left/tf', '/left/hmd/pose'}
    assert {topic.name for topic in topics} == latched | {
        '/left/tf', '/left/hmd/pose', '/left/generator_node/joint_states',
        '/left/generator_node/confidence', '/left/arms/joint_states',
        '/left/arms/joint_trajectory', '/left/arms/commands', '/arm_controller/joint_trajectory',
        '/diagnostics', '/left/mesh_node/mesh'}
    with pytest.raises(CommandTopicError, match='/joint_trajectory or /commands'):
        output_topics('', command_topics=['/arm/goal'])
