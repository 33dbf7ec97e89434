# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bytes from the network that are read without the middleware: records, or the known error."""

from __future__ import annotations

from random import Random
import struct

from fuzzing import fuzz
from mutations import mutated_bytes, random_bytes
import pytest
from small_bags import START_NS, TRACKER_FRAMES, pose_bytes, tf_bytes

pytest.importorskip('rclpy', reason='needs ROS 2')
TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs').TFMessage

from geometry_msgs.msg import PoseStamped  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402

from motion_avatar_ros.body.joint_state import (  # noqa: E402
    JOINT_STATE_NAMES, JointStateError,
)
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.ros.body_messages import pose_from_message  # noqa: E402
from motion_avatar_ros.ros.message_stamps import (  # noqa: E402
    UnreadableMessageError, child_frames, first_stamp_ns, restamped_pose, restamped_transforms,
)
from motion_avatar_ros.ros.tf_message_bytes import (  # noqa: E402
    TransformRecord, UnreadableBytesError, read_transforms,
)
from motion_avatar_ros.trackers.tracker_frames import TrackerFrames  # noqa: E402
from motion_avatar_ros.trackers.transform_buffer import ChainBuffer  # noqa: E402

LITTLE, HEADS = b'\0\1\0\0', (b'\0\1\0\0', b'\0\1\0\0\1\0\0\0', b'\0\0\0\0', b'\0\3\0\0', b'')
SEEDS = [
    tf_bytes(START_NS, TRACKER_FRAMES), tf_bytes(START_NS, ('a', 'naïve/frame'), parent=''),
    tf_bytes(START_NS, ()), tf_bytes(START_NS, [f'link_{number}' for number in range(40)])]


def draw(random: Random) -> bytes:
    return mutated_bytes(random, SEEDS, most=3) if random.random() < 0.9 else random_bytes(
        random, HEADS)


def test_fuzzed_bytes_of_tf_are_transforms_or_unreadable():
    def check(records: list[TransformRecord]) -> None:
        for record in records:
            assert isinstance(record.parent, str) and isinstance(record.child, str)
            assert len(record.position_m) == 3 and len(record.quaternion_xyzw) == 4

    fuzz('TF bytes', draw, lambda data: list(read_transforms(data, ())),
         (UnreadableBytesError,), 4000, check)


def test_whatever_a_transform_says_the_frames_of_trackers_survive_it():
    """What is readable and nonsense: NaN, no rotation, stamps of any time, loops of frames."""
    samples: list[float] = []
    frames = TrackerFrames(
        {'head': 'head_tracker'}, 'odom', ChainBuffer(), lambda *sample: samples.append(1.0))

    def parse(data: bytes) -> None:
        for record in read_transforms(data, frames.skipped_keys):
            frames.take(*record, START_NS, False)

    fuzz('TF into frames', draw, parse, (UnreadableBytesError,), 2000)
    assert samples


def test_fuzzed_bytes_get_new_stamps_or_are_unreadable():
    def parse(data: bytes) -> None:
        assert all(isinstance(child, str) for child in child_frames(data))
        first = first_stamp_ns(data, is_pose=False)
        assert first is None or isinstance(first, int)
        moved = restamped_transforms(
            data, TFMessage, lambda stamp_ns: max(stamp_ns, 0) + 1, ('avatar/',))
        assert moved is None or isinstance(moved, bytes)

    fuzz('CDR restamped TF', draw, parse, (UnreadableMessageError,), 2000)
    poses = [pose_bytes(START_NS), pose_bytes(START_NS, parent='')]
    fuzz('CDR restamped pose',
         lambda random: mutated_bytes(random, poses, most=3) if (
             random.random() < 0.9) else random_bytes(random, HEADS),
         lambda data: restamped_pose(data, PoseStamped, lambda stamp_ns: max(stamp_ns, 0) + 1),
         (UnreadableMessageError,), 1000)


def test_a_fuzzed_body_is_a_pose_or_refused():
    def drawn(random: Random) -> JointState:
        names, positions = list(JOINT_STATE_NAMES), [random.uniform(-3.0, 3.0) for _ in (
            JOINT_STATE_NAMES)]
        for _ in range(random.randint(0, 3)):
            at = random.randrange(len(names)) if names else 0
            kind = random.randrange(6)
            if kind == 0 and names:
                del names[at]
            elif kind == 1 and positions:
                del positions[random.randrange(len(positions))]
            elif kind == 2 and positions:
                positions[random.randrange(len(positions))] = struct.unpack(
                    '<d', random.randbytes(8))[0]
            elif kind == 3:
                random.shuffle(names)
            elif kind == 4 and names:
                names[at] = random.choice(names)
            elif kind == 5:
                names, positions = names * 2, positions * 2
        return JointState(name=names, position=positions)

    def check(pose: BodyPose) -> None:
        squares = pose.local_rotations @ pose.local_rotations.swapaxes(-1, -2)
        assert abs(squares.trace(axis1=-2, axis2=-1) - 3.0).max() < 1e-6

    fuzz('body JointState', drawn, pose_from_message, (JointStateError,), 1500, check)
