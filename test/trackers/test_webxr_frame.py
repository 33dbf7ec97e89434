# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A browser's frame: axes, hands without controllers, and poses that must not be believed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from motion_avatar_ros.trackers.pose_algebra import angle_between, compose
from motion_avatar_ros.trackers.webxr_frame import (
    FRAME_BYTES, WebXrFrameError, decode_frame, encode_frame, ros_pose,
)

LEVEL = (0.0, 0.0, 0.0, 1.0)
HEAD = ('viewer', False, ((0.1, 1.6, -0.2), LEVEL))
LEFT = ('controller', False, ((-0.3, 1.1, -0.4), LEVEL))
RIGHT = ('controller', False, ((0.3, 1.2, -0.4), LEVEL))
DEVICES = {'head': HEAD, 'left_hand': LEFT, 'right_hand': RIGHT}


def about(axis: tuple[float, float, float], degrees: float) -> tuple[float, ...]:
    half = math.radians(degrees) / 2.0
    return (*(math.sin(half) * component for component in axis), math.cos(half))


def turned(quaternion: tuple, vector: tuple) -> np.ndarray:
    """Return a vector of the device in the world."""
    return np.array(compose(((0.0, 0.0, 0.0), quaternion), (vector, LEVEL))[0])


def with_device(tracker: str, **changes) -> dict:
    source, is_emulated, pose = DEVICES[tracker]
    given = {'source': source, 'is_emulated': is_emulated, 'pose': pose, **changes}
    return {**DEVICES, tracker: (given['source'], given['is_emulated'], given['pose'])}


def decoded(devices: dict, number: int = 7):
    return decode_frame(encode_frame(number, 1234.5, 1236.75, devices))


def test_frame_keeps_number_times_and_sources():
    frame = decoded(DEVICES)
    assert (frame.number, frame.time_ms, frame.sent_ms) == (7, 1234.5, 1236.75)
    assert frame.sources == {
        'head': 'viewer', 'left_hand': 'controller', 'right_hand': 'controller'}
    assert frame.faults == {}
    assert len(encode_frame(0, 0.0, 0.0, {})) == FRAME_BYTES == 120


def test_head_is_up_and_the_left_hand_is_on_the_left():
    poses = decoded(DEVICES).poses
    np.testing.assert_allclose(poses['head'][0], (0.2, -0.1, 1.6), atol=1e-6)
    np.testing.assert_allclose(poses['left_hand'][0], (0.4, 0.3, 1.1), atol=1e-6)
    np.testing.assert_allclose(poses['right_hand'][0], (0.4, -0.3, 1.2), atol=1e-6)
    for pose in poses.values():
        assert angle_between(pose[1], LEVEL) < 1e-6


@pytest.mark.parametrize('axis, degrees, expected_x', [
    ((0.0, 1.0, 0.0), 90.0, (0.0, 1.0, 0.0)),  # turned to the left
    ((1.0, 0.0, 0.0), 90.0, (0.0, 0.0, 1.0)),  # looking up
    ((0.0, 0.0, 1.0), 90.0, (1.0, 0.0, 0.0)),  # head tilted to the left
])
def test_device_looks_where_it_looked(axis, degrees, expected_x):
    _, quaternion = ros_pose(((0.0, 0.0, 0.0), about(axis, degrees)))
    np.testing.assert_allclose(turned(quaternion, (1.0, 0.0, 0.0)), expected_x, atol=1e-9)


def test_tilting_the_head_to_the_left_brings_its_crown_to_the_left():
    _, quaternion = ros_pose(((0.0, 0.0, 0.0), about((0.0, 0.0, 1.0), 90.0)))
    np.testing.assert_allclose(turned(quaternion, (0.0, 0.0, 1.0)), (0.0, 1.0, 0.0), atol=1e-9)


@pytest.mark.parametrize('tracker, thumb, palm', [
    # Palms down, fingers forward: thumbs point inwards, a rod's far end with them.
    ('left_hand', (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)),
    ('right_hand', (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
])
def test_wrist_of_a_tracked_hand_becomes_the_grip_that_it_would_have(tracker, thumb, palm):
    wrist = ((0.2, 1.0, -0.5), LEVEL)
    position, quaternion = decoded(
        with_device(tracker, source='hand', pose=wrist)).poses[tracker]
    into_palm = 1.0 if tracker == 'left_hand' else -1.0  # WebXR's x is -y here
    np.testing.assert_allclose(turned(quaternion, (1.0, 0.0, 0.0)), thumb, atol=1e-6)
    np.testing.assert_allclose(
        turned(quaternion, (0.0, -into_palm, 0.0)), palm, atol=1e-6)
    np.testing.assert_allclose(turned(quaternion, (0.0, 0.0, 1.0)), (-1.0, 0.0, 0.0), atol=1e-6)
    # In the palm: before and below the wrist.
    np.testing.assert_allclose(position, (0.5 + 0.065, -0.2, 1.0 - 0.035), atol=1e-6)


@pytest.mark.parametrize('changes, fault', [
    ({'is_emulated': True}, 'emulated'),
    ({'pose': ((math.nan, 1.0, 0.0), LEVEL)}, 'not_finite'),
    ({'pose': ((0.0, 1.0, 0.0), (0.0, 0.0, math.inf, 1.0))}, 'not_finite'),
    ({'pose': ((0.0, 3e4, 0.0), LEVEL)}, 'far'),
    ({'pose': ((0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 0.0))}, 'no_rotation'),
    ({'pose': ((0.0, 1.0, 0.0), (0.9, 0.9, 0.9, 0.9))}, 'no_rotation'),
])
@pytest.mark.parametrize('tracker', DEVICES)
def test_pose_that_must_not_be_believed_is_left_out_and_the_others_stay(tracker, changes, fault):
    frame = decoded(with_device(tracker, **changes))
    assert frame.faults == {tracker: fault}
    assert set(frame.poses) == set(DEVICES) - {tracker}


def test_device_that_is_not_there_has_neither_pose_nor_fault():
    frame = decoded({'head': HEAD})
    assert set(frame.poses) == {'head'} and frame.faults == {}
    assert frame.sources['left_hand'] == 'none'


def test_quaternion_that_is_nearly_unit_comes_out_unit():
    frame = decoded(with_device('head', pose=((0.0, 1.6, 0.0), (0.0, 0.0, 0.0, 1.01))))
    assert math.hypot(*frame.poses['head'][1]) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize('message', [
    b'', b'\x01', b'\x01' * 119, b'\x01' * 121, b'\x02' + bytes(119), b'\xff' * 120,
    encode_frame(0, math.nan, 0.0, DEVICES), encode_frame(0, 0.0, math.inf, DEVICES),
    encode_frame(0, 0.0, 0.0, {'head': LEFT}), encode_frame(0, 0.0, 0.0, {'left_hand': HEAD}),
])
def test_bytes_that_are_no_frame_are_refused(message):
    with pytest.raises(WebXrFrameError):
        decode_frame(message)


def test_random_bytes_never_raise_anything_else():
    random = np.random.default_rng(0)
    for _ in range(500):
        message = bytes([1]) + random.bytes(119)
        try:
            frame = decode_frame(message)
        except WebXrFrameError:
            continue
        for position, quaternion in frame.poses.values():
            assert all(map(math.isfinite, (*position, *quaternion)))
