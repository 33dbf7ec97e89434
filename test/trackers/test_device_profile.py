# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Device profiles: the shipped ones fit their devices' definitions, wrong ones are refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import yaml

from motion_avatar_ros import shipped_config
from motion_avatar_ros.trackers.device_profile import PROFILE_TRACKERS
from motion_avatar_ros.trackers.device_profile_file import (
    DeviceProfileError, load_profile, profile_names, shipped_profiles,
)
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.trackers.pose_algebra import IDENTITY, compose

SHIPPED = ('generic', 'optitrack', 'pico', 'quest', 'vive', 'vive_libsurvive', 'webxr')
VALID = {
    'description': 'mine',
    'world': {'forward': '-z', 'left': '-x', 'up': 'y'},
    'device': {'forward': '-z', 'left': '-x', 'up': 'y'},
}


def joint(profile, tracker, position, quaternion):
    """Return the joint of a raw pose, with the profile's typical offset."""
    _, *device = profile.convert(tracker, 0, position, quaternion)
    offset = profile.typical_calibration().offsets[tracker]
    return compose(tuple(device), (offset.position_m, offset.quaternion_xyzw))


def written(folder: Path, values: object) -> Path:
    path = folder / 'mine.yaml'
    path.write_text(values if isinstance(values, str) else yaml.safe_dump(values))
    return path


def test_all_families_are_shipped():
    assert profile_names() == sorted(SHIPPED)
    for name, profile in shipped_profiles().items():
        assert profile.name == name and profile.description
        assert set(profile.conventions) == set(profile.frames) == set(PROFILE_TRACKERS)


def test_installed_share_serves_without_the_source_tree(tmp_path, monkeypatch):
    folder = tmp_path / 'prefix' / 'share' / 'motion_avatar_ros' / 'config' / 'trackers'
    folder.mkdir(parents=True)
    (folder / 'mine.yaml').write_text(yaml.safe_dump(VALID))
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'prefix'))
    assert shipped_config.config_file('trackers/mine.yaml') == folder / 'mine.yaml'
    assert load_profile('mine').description == 'mine'
    assert 'mine' in profile_names()


def test_generic_profile_changes_no_bit():
    profile = load_profile('generic')
    pose = (0.1, -0.0, 1.6), (0.1, 0.2, 0.3, math.sqrt(0.86))
    for tracker in PROFILE_TRACKERS:
        assert profile.convert(tracker, 123, *pose) == (123, *pose)
    calibration = profile.typical_calibration()
    assert calibration.offsets == {} and calibration.scale == 1.0
    rotations = Rotation.random(12, 0).as_matrix().reshape(4, 3, 3, 3)
    positions = np.ones((4, 3, 3))
    body = OperatorBody(calibration, PROFILE_TRACKERS[:3])
    np.testing.assert_allclose(body.joints(rotations, positions)[0], rotations, atol=1e-15)


@pytest.mark.parametrize('name', ['quest', 'pico', 'webxr'])
def test_grips_of_a_t_pose_are_joints_without_rotation(name):
    """
    The OpenXR specification: x leaves the palm in the left hand and enters it in the right.

    Its -z runs from the little finger to the thumb, and y = z cross x. In a T-pose with the
    palms down, the palm's outward normal is down and the thumb points forward. Here in the
    axes (right, up, back) of OpenXR's world.
    """
    down, up, back = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    profile = load_profile(name)
    for tracker, x, side in (('left_hand', down, 1.0), ('right_hand', up, -1.0)):
        matrix = np.column_stack((x, np.cross(back, x), back))
        palm = np.array([-side * 0.9, 1.4, -0.1])
        if name == 'pico':  # Unity flips z: of positions, and of both sides of the matrix
            flip = np.diag([1.0, 1.0, -1.0])
            matrix, palm = flip @ matrix @ flip, flip @ palm
        elif name == 'webxr':  # the node has turned world and device to REP-103
            turn = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
            matrix, palm = turn @ matrix @ turn.T, turn @ palm
        position, quaternion = joint(
            profile, tracker, palm.tolist(), Rotation.from_matrix(matrix).as_quat().tolist())
        assert Rotation.from_quat(quaternion).magnitude() < 1e-9
        # The wrist lies 8 cm from the palm towards the body, and above the palm's surface.
        np.testing.assert_allclose(position, (0.1, side * 0.82, 1.43), atol=1e-9)


@pytest.mark.parametrize('name', ['quest', 'vive', 'pico', 'vive_libsurvive', 'webxr'])
def test_head_joint_lies_behind_and_below_the_eyes(name):
    profile = load_profile(name)
    quaternion = (0.0, 0.0, 0.0, 1.0)
    if name == 'vive_libsurvive':  # z up, but the headset itself has y up and looks along -z
        quaternion = tuple(Rotation.from_matrix(
            np.array([[0, 0, -1], [-1, 0, 0], [0, 1, 0]])).as_quat().tolist())
    position, quaternion = joint(profile, 'head', (0.0, 0.0, 0.0), quaternion)
    assert Rotation.from_quat(quaternion).magnitude() < 1e-9
    np.testing.assert_allclose(position, (-0.085, 0.0, -0.07), atol=1e-12)


def test_motive_bodies_made_in_a_t_pose_have_the_joints_axes():
    profile = load_profile('optitrack')
    for tracker, side in (('left_hand', 1.0), ('right_hand', -1.0)):
        # Facing along z, x is to the left: markers on the backs of the hands.
        position, quaternion = joint(profile, tracker, (side * 0.8, 1.45, 0.0), IDENTITY[1])
        assert Rotation.from_quat(quaternion).magnitude() < 1e-9
        np.testing.assert_allclose(position, (0.0, side * 0.74, 1.42), atol=1e-12)


def test_left_handed_profile_has_no_transform_and_the_others_do():
    assert load_profile('pico').world_quaternion_xyzw is None
    up = {'quest': [0, 1, 0], 'optitrack': [0, 1, 0], 'vive_libsurvive': [0, 0, 1]}
    for name, axis in up.items():
        world = Rotation.from_quat(load_profile(name).world_quaternion_xyzw)
        np.testing.assert_allclose(world.apply(axis), [0.0, 0.0, 1.0], atol=1e-12)


def test_latency_moves_the_stamp_back(tmp_path):
    profile = load_profile(written(tmp_path, VALID | {'latency_s': 0.0125}))
    assert profile.convert('head', 1_000_000_000, (0.0,) * 3, IDENTITY[1])[0] == 987_500_000


def test_base_is_overridden_key_by_key(tmp_path):
    path = written(tmp_path, {
        'base': 'optitrack', 'quaternion_order': 'wxyz', 'metres_per_unit': 0.001,
        'frames': {'head': 'cap'}, 'offsets': {'head': {'position_m': [0.0, 0.0, -0.2]}}})
    profile = load_profile(path)
    assert profile.name == 'mine'
    assert profile.frames['head'] == 'cap' and profile.frames['left_hand'] == 'left_hand'
    assert profile.offsets['head'].position_m == (0.0, 0.0, -0.2)
    assert profile.offsets['left_hand'] == load_profile('optitrack').offsets['left_hand']
    position, _ = profile.conventions['head'].pose((0.0, 1600.0, 0.0), (1.0, 0.0, 0.0, 0.0))
    np.testing.assert_allclose(position, (0.0, 0.0, 1.6))


def test_one_tracker_may_have_axes_of_its_own(tmp_path):
    device = VALID['device'] | {'pelvis': {'forward': 'y', 'left': '-x', 'up': 'z'}}
    profile = load_profile(written(tmp_path, VALID | {'device': device}))
    assert profile.conventions['pelvis'].device.up == 'z'
    assert profile.conventions['left_foot'].device.up == 'y'


@pytest.mark.parametrize(('change', 'parts'), [
    ({'wrold': {}}, ["unknown 'wrold'", 'allowed: base, description']),
    ({'world': {'forward': 'x', 'left': 'y'}}, ['world: up is missing']),
    ({'world': {'forward': 'x', 'left': 'y', 'up': 'y'}}, ['world:', 'not perpendicular']),
    ({'world': {'forward': 'north', 'left': 'y', 'up': 'z'}}, ["'north' is no axis"]),
    ({'device': {'forward': 'z', 'left': '-x', 'up': 'y'}}, ['device:', 'left-handed']),
    ({'device': {'head': {'forward': 'x', 'left': 'y', 'up': 'z'}}}, ['device', 'is missing']),
    ({'device': ['x', 'y', 'z']}, ['device: expected names and values']),
    ({'quaternion_order': 'wxzy'}, ['quaternion_order', 'allowed: xyzw, wxyz']),
    ({'metres_per_unit': 0.0}, ['metres_per_unit', 'allowed: 0.0001 to 10']),
    ({'metres_per_unit': True}, ['metres_per_unit']),
    ({'latency_s': 20}, ['latency_s', 'allowed: -0.2 to 1']),
    ({'latency_s': math.nan}, ['latency_s']),
    ({'frames': {'haed': 'x'}}, ["frames: unknown 'haed'"]),
    ({'frames': {'head': '/hmd'}}, ['frames.head', 'leading /']),
    ({'frames': {'head': 'right_hand_tracker'}}, ['serves two trackers']),
    ({'fixed_frame': ''}, ['fixed_frame']),
    ({'offsets': {'head': {'position': [0, 0, 0]}}}, ["offsets.head: unknown 'position'"]),
    ({'offsets': {'head': {'position_m': [0, 0]}}}, ['offsets.head.position_m', 'three']),
    ({'offsets': {'head': {'position_m': [85, 0, 0]}}}, ['allowed: -0.5 to 0.5']),
    ({'offsets': {'head': {'rpy_deg': [0, 0, 270]}}}, ['rpy_deg', 'allowed: -180 to 180']),
    ({'base': 'nokia'}, ['nokia', 'no such profile']),
    ({'base': 'mine.yaml'}, ['base', 'not based on this one']),
    ({'description': 3}, ['description']),
])
def test_wrong_value_is_refused_with_file_key_and_what_is_allowed(tmp_path, change, parts):
    path = written(tmp_path, VALID | change)
    with pytest.raises(DeviceProfileError) as error:
        load_profile(path)
    message = str(error.value)
    assert '\n' not in message
    assert change.get('base') == 'nokia' or str(path) in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize('text', ['', '[1, 2]', 'world: {', 'a: b: c', '\x00'])
def test_file_that_is_no_profile_is_refused_in_one_line(tmp_path, text):
    path = written(tmp_path, text)
    with pytest.raises(DeviceProfileError, match='mine.yaml') as error:
        load_profile(path)
    assert '\n' not in str(error.value)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(DeviceProfileError, match='allowed: generic, optitrack, pico, quest'):
        load_profile('hololens')
