# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Takes of planted people: what is planted is in the trackers, and can be had back exactly."""

from __future__ import annotations

from dataclasses import replace

from calibration_stretches import material, stretch, stretches
from guided_take import tracker_offsets
import numpy as np
import pytest

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS, Calibration, MODEL_HEIGHT_M
from motion_avatar_ros.trackers.calibration_checks import check_take
from motion_avatar_ros.trackers.heading import heading_angles
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS
from motion_avatar_ros.training.calibration_takes import (
    RATE_HZ, TakeMaterial, mirrored, planted_operator, planted_take, unplanted_operator,
)

ALL = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)


def assert_same_poses(one, other, atol=0.0):
    np.testing.assert_allclose(one.local_rotations, other.local_rotations, atol=atol, rtol=0.0)
    np.testing.assert_allclose(one.root_position, other.root_position, atol=atol, rtol=0.0)


def test_mirroring_twice_changes_no_bit():
    poses = builtin_motion('mix', 10.0).poses
    assert_same_poses(mirrored(mirrored(poses)), poses)


def test_mirrored_body_is_the_reflected_one_with_left_and_right_exchanged():
    poses = builtin_motion('mix', 10.0).poses
    rotations, positions = mirrored(poses).global_joints()
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0, atol=1e-9)
    true = poses.global_joints()[1] * [-1.0, 1.0, 1.0]
    for name, other in (('head', 'head'), ('pelvis', 'pelvis'), ('left_wrist', 'right_wrist'),
                        ('right_wrist', 'left_wrist'), ('left_foot', 'right_foot')):
        # The model's body itself is not quite symmetric.
        np.testing.assert_allclose(
            positions[:, JOINT_INDEX[name]], true[:, JOINT_INDEX[other]], atol=0.02)


@pytest.mark.parametrize('trackers', [3, 6])
def test_planted_operators_respect_their_limits_and_use_them(trackers):
    operators = [planted_operator(np.random.default_rng(seed), trackers) for seed in range(200)]
    heights_m = np.array([operator.height_m for operator in operators])
    levers_m = np.array([np.linalg.norm(operator.positions_m, axis=-1) for operator in operators])
    angles_rad = geodesic_angle(
        np.stack([operator.turns for operator in operators]), np.eye(3))
    assert levers_m.shape == angles_rad.shape == (200, trackers)
    for values, least, most in ((heights_m, 1.5, 2.0), (levers_m, 0.0, 0.1),
                                (angles_rad, 0.0, np.radians(30.0))):
        assert values.min() >= least and values.max() <= most + 1e-9
        assert np.ptp(values) > 0.95 * (most - least)
    assert all(operator.arm_scale == 1.0 and operator.floor_m == 0.0 for operator in operators)


def test_same_seed_plants_the_same_operator():
    one, again = (planted_operator(np.random.default_rng(4), 3) for _ in range(2))
    assert one.height_m == again.height_m
    np.testing.assert_array_equal(one.turns, again.turns)


def test_unplanted_operator_wears_the_trackers_at_the_models_joints():
    poses = builtin_motion('mix', 10.0).poses
    rotations, positions = unplanted_operator(len(ALL)).devices(poses, ALL)
    joints = [TRACKER_JOINTS[name] for name in ALL]
    expected = poses.global_joints()
    np.testing.assert_allclose(rotations, expected[0][:, joints], atol=1e-12)
    np.testing.assert_allclose(positions, expected[1][:, joints], atol=1e-12)


@pytest.mark.parametrize('names', [TRACKER_NAMES, ALL])
@pytest.mark.parametrize('arm_scale', [1.0, 1.1])
def test_true_calibration_gives_the_joints_back(names, arm_scale):
    operator = replace(
        planted_operator(np.random.default_rng(1), len(names)), floor_m=-0.7, arm_scale=arm_scale)
    true = Calibration(
        height_m=operator.height_m, arm_scale=arm_scale, floor_m=operator.floor_m,
        offsets=tracker_offsets(operator.positions_m, operator.turns, names))
    poses = builtin_motion('mix', 10.0).poses
    body = OperatorBody(true, names)
    np.testing.assert_allclose(body.offsets_m, operator.offsets_m, atol=1e-12)
    assert_same_poses(body.to_operator(poses), operator.poses(poses), 1e-12)
    rotations, positions = body.joints(*operator.devices(poses, names))
    joints = [TRACKER_JOINTS[name] for name in names]
    expected = operator.poses(poses).global_joints(operator.offsets_m)
    np.testing.assert_allclose(rotations, expected[0][:, joints], atol=1e-9)
    np.testing.assert_allclose(positions, expected[1][:, joints], atol=1e-9)
    if arm_scale == 1.0:
        seen = body.to_model(rotations, positions)[1]
        np.testing.assert_allclose(seen, poses.global_joints()[1][:, joints], atol=1e-9)


def test_planting_does_not_change_the_models_body():
    before = REST_OFFSETS_M.copy()
    operator = replace(unplanted_operator(3), height_m=2.0 * MODEL_HEIGHT_M, arm_scale=1.5)
    assert np.linalg.norm(operator.offsets_m[18]) == pytest.approx(
        3.0 * np.linalg.norm(before[18]))
    np.testing.assert_array_equal(REST_OFFSETS_M, before)


def test_planted_take_is_what_the_operator_wears_in_each_step():
    operator, steps = planted_operator(np.random.default_rng(2), 3), stretches()
    take = planted_take(steps, operator, TRACKER_NAMES)
    assert (take.tracker_names, take.rate_hz) == (TRACKER_NAMES, RATE_HZ)
    assert tuple(take.steps) == CALIBRATION_STEPS
    for step, poses in steps.items():
        expected = operator.devices(poses, TRACKER_NAMES)
        np.testing.assert_array_equal(take.steps[step].rotations, expected[0])
        np.testing.assert_array_equal(take.steps[step].positions, expected[1])


@pytest.mark.parametrize('strays_rad', [None, 0.0, np.radians(3.0)])
@pytest.mark.parametrize('seed', range(4))
def test_takes_of_people_who_do_as_asked_pass_the_checks(strays_rad, seed):
    rng = np.random.default_rng(seed)
    operator = planted_operator(rng, 3)
    steps = material().steps(rng, strays_rad)
    check_take(planted_take(steps, operator, TRACKER_NAMES), np.tile(np.eye(3), (3, 1, 1)))


def test_same_seed_draws_the_same_steps_and_half_are_mirrored():
    drawn = [material().steps(np.random.default_rng(seed)) for seed in range(24)]
    again = material().steps(np.random.default_rng(3))
    for step in CALIBRATION_STEPS:
        assert_same_poses(drawn[3][step], again[step])
    # The built-in operator faces along x, its mirror image the other way.
    is_mirrored = [abs(heading_angles(steps['head'].global_joints()[0][:1, HEAD])[0]) > 1.5
                   for steps in drawn]
    assert 6 <= sum(is_mirrored) <= 18


def test_t_pose_as_recorded_is_a_slow_hold_of_three_frames():
    poses = material().steps(np.random.default_rng(0))['t_pose']
    moved = np.linalg.norm(np.diff(poses.global_joints()[1], axis=0), axis=-1)
    fast = np.linalg.norm(np.diff(stretch('t_pose').poses.global_joints()[1], axis=0), axis=-1)
    assert len(moved) == 44 and moved.max() <= 0.11 * fast.max()


def test_head_step_is_cut_to_where_the_head_turns():
    poses = material().steps(np.random.default_rng(0))['head']
    assert len(poses.root_position) == 4 * RATE_HZ
    head = poses.local_rotations[:, JOINT_INDEX['head']]
    assert np.degrees(geodesic_angle(head[:1], head)).max() > 15.0


@pytest.mark.parametrize('strays_rad', [None, 0.0])
def test_steps_are_of_one_subject_where_there_is_one(strays_rad):
    taken = TakeMaterial({
        step: [('slow', stretch(step)), ('far', replace(
            stretch(step), poses=replace(stretch(step).poses, root_position=(
                stretch(step).poses.root_position + [0.0, 50.0, 0.0]))))]
        for step in CALIBRATION_STEPS})
    for seed in range(6):
        steps = taken.steps(np.random.default_rng(seed), strays_rad)
        is_far = [bool(poses.root_position[0, 1] > 25.0) for poses in steps.values()]
        assert len(set(is_far)) == 1


def test_step_of_another_subject_is_taken_where_there_is_none_of_the_same():
    found = dict(material('one').stretches)
    found['arm_circles'] = [('other', stretch('arm_circles'))]
    assert set(TakeMaterial(found).steps(np.random.default_rng(0))) == set(CALIBRATION_STEPS)


@pytest.mark.parametrize('step', CALIBRATION_STEPS)
def test_material_without_a_step_is_refused_by_its_name(step):
    with pytest.raises(MotionAvatarError, match=f"does what step '{step}' asks for"):
        TakeMaterial({**material().stretches, step: []})
