# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Devices of an operator of any size become the joints of the model's body, and back."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import matrix_from_quaternion
from motion_avatar_ros.body.skeleton import REST_OFFSETS_M, TRACKED_JOINTS
from motion_avatar_ros.trackers.calibration import MODEL_HEIGHT_M, Calibration, TrackerOffset
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.operator_body import OperatorBody

JOINTS = list(TRACKED_JOINTS)
OFFSETS = {
    'head': TrackerOffset((-0.09, 0.01, -0.06), (0.1, 0.2, -0.1, np.sqrt(0.94))),
    'left_hand': TrackerOffset((0.02, -0.03, 0.08), (-np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5))),
    'right_hand': TrackerOffset((0.0, 0.05, 0.08), (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5))),
}


def worn(calibration: Calibration, poses: BodyPose) -> tuple[np.ndarray, np.ndarray]:
    """Return the devices that an operator of this calibration wears in the model's poses."""
    body = OperatorBody(calibration, TRACKER_NAMES)
    rotations, joints = body.to_operator(poses).global_joints(body.offsets_m)
    devices, positions = [], []
    for slot, name in enumerate(TRACKER_NAMES):
        offset = calibration.offsets.get(name, TrackerOffset())
        joint = rotations[:, JOINTS[slot]] @ ROS_FROM_SMPL.T
        device = joint @ matrix_from_quaternion(np.array(offset.quaternion_xyzw)).T
        devices.append(device @ ROS_FROM_SMPL)
        positions.append(joints[:, JOINTS[slot]] - device @ np.array(offset.position_m))
    return np.stack(devices, axis=1), np.stack(positions, axis=1)


@pytest.mark.parametrize('height_m', [1.4, 1.707, 2.1])
def test_devices_of_any_operator_become_the_joints_of_the_model(height_m):
    calibration = Calibration(height_m=height_m, floor_m=-1.2, offsets=OFFSETS)
    poses = builtin_motion('mix', 20.0).poses
    body = OperatorBody(calibration, TRACKER_NAMES)
    rotations, positions = body.to_model(*body.joints(*worn(calibration, poses)))
    expected_rotations, expected_positions = poses.global_joints()
    np.testing.assert_allclose(rotations, expected_rotations[:, JOINTS], atol=1e-9)
    np.testing.assert_allclose(positions, expected_positions[:, JOINTS], atol=1e-9)


def test_operator_of_the_models_size_at_the_joints_changes_no_bit():
    poses = builtin_motion('walk', 20.0).poses
    rotations, positions = (values[:, JOINTS] for values in poses.global_joints())
    body = OperatorBody(Calibration(), TRACKER_NAMES)
    joints = body.joints(rotations, positions)
    seen = body.to_model(*joints)
    np.testing.assert_allclose(seen[0], rotations, atol=1e-15)
    assert (seen[1] == positions).all()
    assert (body.to_operator(poses).root_position == poses.root_position).all()
    assert (body.offsets_m == REST_OFFSETS_M).all()


def test_longer_arms_are_brought_to_the_models_length_while_upright():
    upright = builtin_motion('wave', 20.0).poses
    calibration = Calibration(height_m=1.9, arm_scale=1.08)
    body = OperatorBody(calibration, TRACKER_NAMES)
    positions = body.to_model(*worn(calibration, upright))[1]
    truth = upright.global_joints()[1][:, JOINTS]
    plain = OperatorBody(Calibration(height_m=1.9), TRACKER_NAMES)
    untreated = plain.to_model(*worn(calibration, upright))[1]
    error_m, untreated_m = (
        np.linalg.norm(found - truth, axis=-1)[:, 1:].mean() for found in (positions, untreated))
    assert error_m < 0.01 < 0.025 < untreated_m


def test_shown_arms_reach_as_far_as_the_operators():
    body = OperatorBody(Calibration(height_m=2 * MODEL_HEIGHT_M, arm_scale=1.5), TRACKER_NAMES)
    ratio = np.linalg.norm(body.offsets_m[1:], axis=1) / np.linalg.norm(
        REST_OFFSETS_M[1:], axis=1)
    arms = np.isin(np.arange(1, 22), [18, 19, 20, 21])
    np.testing.assert_allclose(ratio[arms], 3.0)
    np.testing.assert_allclose(ratio[~arms], 2.0)


def test_missing_tracker_stays_missing():
    rotations = np.tile(np.eye(3), (2, 3, 1, 1))
    positions = np.ones((2, 3, 3))
    rotations[1, 2], positions[1, 2] = np.nan, np.nan
    body = OperatorBody(Calibration(height_m=1.5, arm_scale=0.9), TRACKER_NAMES)
    seen = body.to_model(*body.joints(rotations, positions))[1]
    assert np.isnan(seen[1, 2]).all() and np.isfinite(seen[:, :2]).all()
