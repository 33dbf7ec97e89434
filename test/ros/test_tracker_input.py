# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tracker samples over real DDS: from /tf with either buffer, and from PoseStamped topics."""

from __future__ import annotations

import importlib.util
import math
import sys
import time

from geometry_msgs.msg import PoseStamped, TransformStamped
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from rclpy.serialization import serialize_message

from motion_avatar_ros.ros.qos import TF, TF_STATIC
from motion_avatar_ros.ros.tracker_input import (
    PoseInput, TfInput, TrackerInputError, tracker_input,
)
from motion_avatar_ros.trackers.transform_buffer import ChainBuffer

has_tf2_msgs = importlib.util.find_spec('tf2_msgs') is not None
needs_tf2_msgs = pytest.mark.skipif(not has_tf2_msgs, reason='tf2_msgs is not on this host')
FRAMES = {'head': 'head_tracker', 'left_hand': 'left_hand_tracker'}
T = 1_700_000_000


class Bench:
    """A node that listens, a node that sends, and the samples that arrived."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.listener = rclpy.create_node('listener', context=self.context)
        self.sender = rclpy.create_node('sender', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.listener)
        self.samples = []
        self.publishers = {}

    def on_sample(self, *sample):
        """Take a sample."""
        self.samples.append(sample)

    def publisher(self, message_type, topic, profile):
        """Return a publisher that the listener's subscription has found."""
        publisher = self.sender.create_publisher(message_type, topic, profile)
        assert self.spin_until(lambda: publisher.get_subscription_count() > 0)
        return publisher

    def spin_until(self, condition, timeout_s=10.0):
        """Spin the listener until a condition holds; False when it does not in time."""
        deadline = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def spin(self, seconds=0.2):
        """Spin the listener for a while."""
        self.spin_until(lambda: False, seconds)

    def close(self):
        """Free everything."""
        self.executor.shutdown()
        self.listener.destroy_node()
        self.sender.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def bench(ros_domain):
    """Give a bench in a domain of its own."""
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture(params=['chain', 'tf2'])
def tf_input(request):
    """Give a TF input over our own buffer, and over tf2's where this host has it."""
    if request.param == 'chain':
        return TfInput(ChainBuffer())
    if importlib.util.find_spec('tf2_py') is None:
        pytest.skip('tf2_py is not on this host: there is only our own buffer')
    from motion_avatar_ros.ros.tf2_buffer import Tf2Buffer
    return TfInput(Tf2Buffer())


def transform(parent, child, stamp_ms=0, x=0.0, w=1.0):
    """Return a transform that is stamped some milliseconds after T."""
    message = TransformStamped()
    message.header.frame_id, message.child_frame_id = parent, child
    message.header.stamp.sec = T + stamp_ms // 1000
    message.header.stamp.nanosec = stamp_ms % 1000 * 1_000_000
    message.transform.translation.x, message.transform.rotation.w = x, w
    return message


def tf_message(*transforms):
    """Return a TFMessage."""
    from tf2_msgs.msg import TFMessage
    return TFMessage(transforms=list(transforms))


def stamp_ns(stamp_ms):
    """Return the stamp of `transform` in nanoseconds."""
    return T * 10 ** 9 + stamp_ms * 1_000_000


@needs_tf2_msgs
def test_tracker_frames_on_tf_arrive_in_the_fixed_frame_with_their_stamps(bench, tf_input):
    from tf2_msgs.msg import TFMessage
    tf_input.start(bench.listener, FRAMES, 'odom', bench.on_sample)
    static = bench.publisher(TFMessage, '/tf_static', TF_STATIC)
    static.publish(tf_message(transform('odom', 'lighthouse', x=2.0)))
    bench.spin()
    publisher = bench.publisher(TFMessage, '/tf', TF)
    robot = [transform('base', f'link_{index}', 5) for index in range(50)]
    publisher.publish(tf_message(
        *robot, transform('odom', 'head_tracker', 16, 1.0),
        transform('lighthouse', 'left_hand_tracker', 17, 0.5)))
    assert bench.spin_until(lambda: len(bench.samples) == 2)
    assert [sample[:2] for sample in bench.samples] == [
        ('head', stamp_ns(16)), ('left_hand', stamp_ns(17))]
    np.testing.assert_allclose([sample[2][0] for sample in bench.samples], [1.0, 2.5])


@needs_tf2_msgs
def test_static_transform_published_before_the_start_is_known(bench, tf_input):
    from tf2_msgs.msg import TFMessage
    static = bench.sender.create_publisher(TFMessage, '/tf_static', TF_STATIC)
    static.publish(tf_message(transform('odom', 'lighthouse', x=2.0)))
    tf_input.start(bench.listener, FRAMES, 'odom', bench.on_sample)
    assert bench.spin_until(lambda: 'lighthouse' in tf_input.missing_message(['head']))
    publisher = bench.publisher(TFMessage, '/tf', TF)
    publisher.publish(tf_message(transform('lighthouse', 'head_tracker', 16, 1.0)))
    assert bench.spin_until(lambda: len(bench.samples) == 1)
    np.testing.assert_allclose(bench.samples[0][2], (3.0, 0.0, 0.0))


@needs_tf2_msgs
def test_tracker_that_never_appears_is_named_with_the_known_frames(bench, tf_input):
    from tf2_msgs.msg import TFMessage
    tf_input.start(bench.listener, FRAMES, 'odom', bench.on_sample)
    bench.publisher(TFMessage, '/tf', TF).publish(
        tf_message(transform('odom', 'head_tracker'), transform('odom', 'base')))
    assert bench.spin_until(lambda: bench.samples)
    assert tf_input.missing_message(['left_hand']) == (
        "left_hand: frame 'left_hand_tracker' is not in TF; "
        'known frames: base, head_tracker, odom')


@needs_tf2_msgs
def test_bad_numbers_and_bytes_reach_the_gate_and_stop_nothing(bench, tf_input):
    from tf2_msgs.msg import TFMessage
    tf_input.start(bench.listener, FRAMES, 'odom', bench.on_sample)
    publisher = bench.publisher(TFMessage, '/tf', TF)
    publisher.publish(tf_message(
        transform('odom', 'head_tracker', 1, math.nan),
        transform('odom', 'head_tracker', 2, 0.0, w=0.0),
        transform('', 'head_tracker', 3), transform('odom', '', 3)))
    whole = serialize_message(tf_message(transform('odom', 'head_tracker', 4, 1.0)))
    publisher.publish(whole[:-20])
    publisher.publish(b'\0\1\0\0\xff\xff\xff\x7f')
    publisher.publish(whole)
    assert bench.spin_until(lambda: bench.samples and bench.samples[-1][1] == stamp_ns(4))
    assert math.isnan(bench.samples[0][2][0])
    assert bench.samples[1][3] == (0.0, 0.0, 0.0, 0.0)


@needs_tf2_msgs
def test_stopped_input_is_silent_and_starts_again(bench, tf_input):
    from tf2_msgs.msg import TFMessage
    publisher = bench.sender.create_publisher(TFMessage, '/tf', TF)
    message = tf_message(transform('odom', 'head_tracker', 4, 1.0))
    for _ in range(2):
        bench.samples.clear()
        tf_input.start(bench.listener, FRAMES, 'odom', bench.on_sample)
        assert bench.spin_until(lambda: publisher.get_subscription_count() == 1)
        publisher.publish(message)
        assert bench.spin_until(lambda: bench.samples)
        tf_input.stop()
        bench.samples.clear()
        publisher.publish(message)
        bench.spin()
        assert not bench.samples
        assert bench.spin_until(lambda: publisher.get_subscription_count() == 0)


@needs_tf2_msgs
def test_five_thousand_unrelated_transforms_per_second_cost_little():
    message = serialize_message(tf_message(
        *(transform('base_link', f'robot_link_{index}') for index in range(70)),
        transform('odom', 'head_tracker')))

    class FakeNode:
        """A node that is only asked for the time."""

        nanoseconds = stamp_ns(0)

        def create_subscription(self, *_, **__):
            return None

        def get_clock(self):
            return self

        def now(self):
            return self

    samples = []
    tf_input = TfInput(ChainBuffer())
    tf_input.start(FakeNode(), FRAMES, 'odom', lambda *sample: samples.append(sample))
    tf_input._take(False, message)
    durations = []
    for _ in range(100):
        start = time.perf_counter()
        tf_input._take(False, message)
        durations.append(time.perf_counter() - start)
    assert len(samples) == 101
    # Message objects alone would take 15 us of each; the median rides out a busy machine.
    assert np.median(durations) / 71 < 5e-6


def test_pose_topics_arrive_with_their_stamps_and_every_sample_is_kept(bench):
    pose_input = PoseInput()
    topics = {'head': 'head_pose', 'left_hand': 'left_pose'}
    pose_input.start(bench.listener, topics, 'odom', bench.on_sample)
    publisher = bench.publisher(PoseStamped, 'head_pose', qos_profile_sensor_data)
    for index in range(10):  # a scheduling pause of 160 ms
        publisher.publish(pose('odom', 16 * index, float(index)))
    assert bench.spin_until(lambda: len(bench.samples) == 10)
    assert bench.samples[3] == ('head', stamp_ns(48), (3.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    assert 'left_pose' in pose_input.missing_message(['left_hand'])
    assert '0 publishers' in pose_input.missing_message(['left_hand'])


def test_pose_in_another_frame_is_not_used_and_both_frames_are_named(bench):
    pose_input = PoseInput()
    pose_input.start(bench.listener, {'head': 'head_pose'}, 'odom', bench.on_sample)
    publisher = bench.publisher(PoseStamped, 'head_pose', 10)
    publisher.publish(pose('world', 0))
    assert bench.spin_until(lambda: pose_input.wrong_frame_count('head') == 1)
    assert not bench.samples
    message = pose_input.missing_message(['head'])
    assert "'world'" in message and "'odom'" in message
    publisher.publish(pose('odom', 16))
    assert bench.spin_until(lambda: len(bench.samples) == 1)
    pose_input.stop()
    assert bench.spin_until(lambda: publisher.get_subscription_count() == 0)


def test_without_tf2_msgs_one_line_names_the_other_input(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tf2_msgs.msg', None)
    with pytest.raises(TrackerInputError, match='input: pose') as caught:
        TfInput().start(None, FRAMES, 'odom', lambda *sample: None)
    assert '\n' not in str(caught.value)


def test_kinds_of_input_are_those_of_the_parameter():
    assert isinstance(tracker_input('tf'), TfInput)
    assert isinstance(tracker_input('pose'), PoseInput)


def pose(frame, stamp_ms, x=0.0):
    """Return a PoseStamped that is stamped some milliseconds after T."""
    message = PoseStamped()
    message.header = transform(frame, '', stamp_ms).header
    message.pose.position.x, message.pose.orientation.w = x, 1.0
    return message
