# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is planted in a take is found; room, noise and floor are not taken for the operator."""

from __future__ import annotations

from dataclasses import replace

from guided_take import (
    changed, guided_take, in_another_room, levers_and_turns, tracker_offsets, worn_by_another,
)
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.trackers.calibration import (
    Calibration, CalibrationRefusedError, CalibrationTake, MODEL_HEIGHT_M,
)
from motion_avatar_ros.trackers.calibration_solver import solve_calibration
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

FEET = ('left_foot', 'right_foot')


@pytest.fixture(scope='module')
def take() -> CalibrationTake:
    return guided_take()


@pytest.fixture(scope='module')
def plain(take) -> Calibration:
    """Return what is found of the model's body with its devices at the joints."""
    return solve_calibration(take)


def apart(found, levers, turns):
    """Return distances (N,) [m] and angles (N,) [rad] of what was found from what is expected."""
    found_levers, found_turns = levers_and_turns(found.offsets, TRACKER_NAMES)
    return (np.linalg.norm(found_levers - levers, axis=-1), geodesic_angle(found_turns, turns))


def assert_alike(found, expected, position_m, rotation_rad):
    distances_m, angles_rad = apart(
        found, *levers_and_turns(expected.offsets, TRACKER_NAMES))
    assert distances_m.max() < position_m and angles_rad.max() < rotation_rad
    for name in ('height_m', 'floor_m'):
        assert abs(getattr(found, name) - getattr(expected, name)) < position_m, name
    # Of an arm of half a metre.
    assert abs(found.arm_scale - expected.arm_scale) < 2.0 * position_m


def planted(seed, height_m, lever_m, turn_rad):
    """Return a size and offsets of some length and angle, in random directions."""
    directions = np.random.default_rng(seed).normal(size=(2, len(TRACKER_NAMES), 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    return (height_m / MODEL_HEIGHT_M, lever_m * directions[0],
            Rotation.from_rotvec(turn_rad * directions[1]).as_matrix())


def test_model_with_devices_at_its_joints_is_found_as_that(plain):
    # How the built-in operator stands is not how people do on average.
    assert plain.height_m == pytest.approx(MODEL_HEIGHT_M, abs=0.04)
    assert plain.arm_scale == pytest.approx(1.0, abs=0.04)
    assert plain.floor_m == pytest.approx(0.0, abs=0.015)
    distances_m, angles_rad = apart(plain, 0.0, np.eye(3))
    assert distances_m[0] < 0.02 and distances_m.max() < 0.06
    assert np.degrees(angles_rad).max() < 5.0


@pytest.mark.parametrize(('seed', 'height_m', 'lever_m', 'turn_deg'), [
    (1, 1.5, 0.05, 30.0), (2, 1.8, 0.1, 15.0), (3, 2.0, 0.05, 20.0)])
def test_planted_size_and_offsets_are_found(take, plain, seed, height_m, lever_m, turn_deg):
    scale, levers, turns = planted(seed, height_m, lever_m, np.radians(turn_deg))
    found = solve_calibration(worn_by_another(take, scale, levers, turns))
    plain_levers, plain_turns = levers_and_turns(plain.offsets, TRACKER_NAMES)
    distances_m, angles_rad = apart(
        found, levers + np.einsum('nij,nj->ni', turns, plain_levers), turns @ plain_turns)
    assert distances_m.max() < 0.02 and np.degrees(angles_rad).max() < 5.0
    assert found.height_m == pytest.approx(scale * plain.height_m, abs=0.02)


def test_largest_offsets_of_the_hands_are_missed_by_no_more_than_their_deviation(take, plain):
    scale, levers, turns = planted(0, 1.75, 0.1, np.radians(30.0))
    found = solve_calibration(worn_by_another(take, scale, levers, turns))
    plain_levers, plain_turns = levers_and_turns(plain.offsets, TRACKER_NAMES)
    distances_m, angles_rad = apart(
        found, levers + np.einsum('nij,nj->ni', turns, plain_levers), turns @ plain_turns)
    fits = [found.fits[name] for name in TRACKER_NAMES]
    assert (distances_m < [fit.position_std_m for fit in fits]).all()
    assert (angles_rad < [fit.rotation_std_rad for fit in fits]).all()
    assert distances_m[0] < 0.01


def test_same_take_gives_the_same_calibration_bit_for_bit_and_stays_as_it_is(take, plain):
    before = changed(take, lambda *_: None)
    assert replace(solve_calibration(take), date='') == replace(plain, date='')
    for name, step in before.steps.items():
        np.testing.assert_array_equal(take.steps[name].rotations, step.rotations)
        np.testing.assert_array_equal(take.steps[name].positions, step.positions)


def test_room_that_is_turned_and_shifted_changes_nothing(take, plain):
    found = solve_calibration(in_another_room(take, 2.0, (7.0, -3.0, 0.0)))
    assert_alike(found, plain, 1e-5, 1e-5)
    assert found.verdict == plain.verdict


def test_noise_of_3_mm_and_1_degree_moves_the_result_little(take, plain):
    rng = np.random.default_rng(0)

    def shake(_, rotations, positions):
        turns = Rotation.from_rotvec(np.radians(1.0) * rng.normal(size=(positions.size // 3, 3)))
        rotations[:] = rotations @ turns.as_matrix().reshape(rotations.shape)
        positions += rng.normal(0.0, 0.003, positions.shape)
    found = solve_calibration(changed(take, shake))
    assert_alike(found, plain, 0.04, np.radians(2.0))
    assert apart(found, *levers_and_turns(plain.offsets, TRACKER_NAMES))[0][0] < 0.015
    for name, fit in found.fits.items():
        assert fit.residual_m < 0.006 and fit.residual_rad < np.radians(1.5), name


def test_floor_that_is_not_that_of_the_fixed_frame_is_found_and_said(take, plain):
    floor_m = 0.5
    found = solve_calibration(in_another_room(take, place_m=(0.0, 0.0, floor_m)))
    assert f'floor at {found.floor_m:.2f} m, not where the trackers have it' in found.verdict
    assert 'floor as given' in plain.verdict
    assert found.floor_m == pytest.approx(floor_m, abs=0.08)
    # Height and floor are then told apart by the length of the arms alone, but together they
    # are how high the head is held.
    head_m = found.floor_m + found.height_m
    assert head_m == pytest.approx(floor_m + plain.height_m, abs=0.02)
    assert found.floor_std_m > 2.0 * plain.floor_std_m
    assert found.height_std_m > 1.5 * plain.height_std_m


def test_quarter_turns_of_grips_are_found_when_they_are_typical(take, plain):
    turns = Rotation.from_euler(
        'xyz', [[0, 0, 0], [90, 0, 0], [0, -90, 180]], degrees=True).as_matrix()
    levers = np.array([[0.0, 0.0, 0.08], [0.03, 0.0, 0.05], [-0.03, 0.0, 0.05]])
    worn = worn_by_another(take, 1.0, levers, turns)
    typical = tracker_offsets(levers, turns, TRACKER_NAMES)
    found = solve_calibration(worn, typical, 'gripped')
    assert found.profile == 'gripped'
    plain_levers, plain_turns = levers_and_turns(plain.offsets, TRACKER_NAMES)
    distances_m, angles_rad = apart(
        found, levers + np.einsum('nij,nj->ni', turns, plain_levers), turns @ plain_turns)
    assert distances_m.max() < 0.005 and np.degrees(angles_rad).max() < 1.0


def test_deviations_are_positive_and_finite_and_hardly_hide_a_tracker(plain):
    assert set(plain.fits) == set(plain.offsets) == set(TRACKER_NAMES)
    numbers = [plain.height_std_m, plain.arm_scale_std, plain.floor_std_m]
    for fit in plain.fits.values():
        numbers += [fit.residual_m, fit.residual_rad, fit.position_std_m, fit.rotation_std_rad]
    assert np.isfinite(numbers).all() and min(numbers) > 0.0
    assert plain.height_std_m < 0.025
    assert plain.fits['head'].position_std_m < 0.02
    assert plain.fits['left_hand'].position_std_m == pytest.approx(
        plain.fits['right_hand'].position_std_m, rel=0.1)


def test_pelvis_helps_and_does_not_turn_the_rest_over(plain):
    found = solve_calibration(guided_take((*TRACKER_NAMES, 'pelvis')))
    assert tuple(found.offsets) == (*TRACKER_NAMES, 'pelvis') and 'pelvis' in found.fits
    assert_alike(found, plain, 0.015, np.radians(3.0))
    levers, turns = levers_and_turns(found.offsets, ['pelvis'])
    assert np.linalg.norm(levers) < 0.05 and geodesic_angle(turns, np.eye(3)) < np.radians(5.0)
    assert found.fits['pelvis'].position_std_m < 0.05


def test_feet_get_offsets_and_leave_the_rest_alone(plain):
    names = (*TRACKER_NAMES, *FEET)
    found = solve_calibration(guided_take(names))
    assert tuple(found.offsets) == names and set(found.fits) == set(names)
    assert_alike(found, plain, 1e-12, 1e-7)
    levers, turns = levers_and_turns(found.offsets, FEET)
    assert np.linalg.norm(levers, axis=-1).max() < 0.1
    assert np.degrees(geodesic_angle(turns, np.eye(3))).max() < 20.0
    for name in FEET:
        assert found.fits[name].residual_m < 0.02 and found.fits[name].position_std_m > 0.03


def test_operator_who_cannot_be_is_refused_by_the_whole(take):
    with pytest.raises(CalibrationRefusedError, match='the height comes out as 1.2'):
        solve_calibration(worn_by_another(
            take, 1.25 / MODEL_HEIGHT_M, np.zeros((3, 3)), np.tile(np.eye(3), (3, 1, 1))))
