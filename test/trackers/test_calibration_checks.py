# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a calibration is refused for, and the words it is refused with."""

from __future__ import annotations

from dataclasses import replace

from guided_take import changed, guided_take, in_another_room
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, Calibration, CalibrationRefusedError, HEIGHT_RANGE_M, TakeStep,
    TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_checks import check_result, check_take
from motion_avatar_ros.trackers.calibration_solver import solve_calibration
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

AT_JOINTS = np.tile(np.eye(3), (3, 1, 1))
TYPICAL = {name: TrackerOffset() for name in TRACKER_NAMES}
GOOD = Calibration(offsets=TYPICAL)


@pytest.fixture(scope='module')
def take():
    return guided_take()


def refusal(take, turns=AT_JOINTS):
    with pytest.raises(CalibrationRefusedError) as error:
        check_take(take, turns)
    return str(error.value)


def moved(take, step, change):
    """Return a take after `change(rotations, positions)` of one step."""
    return changed(take, lambda name, *poses: change(*poses) if name == step else None)


def with_step(take, name, step):
    return replace(take, steps={**take.steps, name: step})


def test_operator_who_did_as_asked_is_not_refused(take):
    check_take(take, AT_JOINTS)
    check_take(in_another_room(take, 2.5, (9.0, 1.0, -3.0)), AT_JOINTS)


def test_solver_refuses_a_take_before_it_solves(take):
    def swap(_, rotations, positions):
        rotations[:, 1:], positions[:, 1:] = rotations[:, :0:-1].copy(), positions[:, :0:-1].copy()
    with pytest.raises(CalibrationRefusedError, match='the hands are swapped'):
        solve_calibration(changed(take, swap))


@pytest.mark.parametrize('yaw_rad', [0.0, 1.5, -2.9])
def test_swapped_hands_are_told_wherever_the_operator_faces(take, yaw_rad):
    def swap(_, rotations, positions):
        positions[:, 1:] = positions[:, :0:-1].copy()
    assert refusal(in_another_room(changed(take, swap), yaw_rad)) == (
        "the hands are swapped: the left hand's tracker is on the right; swap them")


def test_head_device_that_is_worn_backwards_is_no_swap_of_hands_if_that_is_typical(take):
    backwards = Rotation.from_euler('y', 180, degrees=True).as_matrix()

    def turn(_, rotations, positions):
        rotations[:, 0] = rotations[:, 0] @ backwards.T
    worn = changed(take, turn)
    assert 'swapped' in refusal(worn)
    check_take(worn, np.stack((backwards, np.eye(3), np.eye(3))))


@pytest.mark.parametrize(('step', 'frames', 'words'), [
    ('t_pose', 14, 'T-pose: only 0.5 s were recorded, needed are 0.5 s with all trackers'),
    ('arms_down', 6, 'arms down: only 0.2 s were recorded'),
    ('head', 15, 'head: only 0.5 s were recorded, needed are 0.9 s'),
    ('arm_circles', 30, 'arm circles: only 1.0 s were recorded, needed are 1.2 s')])
def test_step_that_is_too_short_is_refused_with_its_length(take, step, frames, words):
    short = take.steps[step]
    assert words in refusal(with_step(take, step, TakeStep(
        short.rotations[:frames], short.positions[:frames])))


def test_few_frames_are_too_few_at_any_rate(take):
    few = take.steps['head']
    slow = replace(take, rate_hz=5.0)
    assert 'head: only 1.4 s' in refusal(with_step(slow, 'head', TakeStep(
        few.rotations[:7], few.positions[:7])))


@pytest.mark.parametrize('step', CALIBRATION_STEPS)
def test_step_that_is_missing_is_refused_as_one_of_no_length(take, step):
    steps = {name: value for name, value in take.steps.items() if name != step}
    assert 'only 0.0 s were recorded' in refusal(replace(take, steps=steps))


@pytest.mark.parametrize('step', CALIBRATION_STEPS)
@pytest.mark.parametrize('value', [np.nan, np.inf])
@pytest.mark.parametrize('part', ['rotations', 'positions'])
def test_values_that_are_no_numbers_are_refused_wherever_they_are(take, step, value, part):
    def spoil(rotations, positions):
        {'rotations': rotations, 'positions': positions}[part][3, 2, 1] = value
    assert refusal(moved(take, step, spoil)).endswith('a tracker sent values that are no numbers')


@pytest.mark.parametrize('cut', [
    lambda step: TakeStep(step.rotations, step.positions[:, :2]),
    lambda step: TakeStep(step.rotations[:, :2], step.positions),
    lambda step: TakeStep(step.rotations[:-1], step.positions),
    lambda step: TakeStep(step.rotations.reshape(-1, 3, 9), step.positions),
    lambda step: TakeStep(step.rotations, step.positions[..., :2])])
def test_wrong_shapes_are_refused_with_what_they_are(take, cut):
    words = refusal(with_step(take, 'head', cut(take.steps['head'])))
    assert words.startswith('head: step.positions.shape=(') and '3 trackers' in words


@pytest.mark.parametrize('names', [
    ('head', 'right_hand', 'left_hand'), ('head', 'left_hand'), ('pelvis', *TRACKER_NAMES), (),
    (*TRACKER_NAMES, 'left_knee')])
def test_unknown_or_unordered_trackers_are_refused_by_name(take, names):
    words = refusal(replace(take, tracker_names=names))
    assert words.startswith(f"trackers {', '.join(names)}: needed are head, left_hand, right_hand")
    assert 'allowed after them pelvis, left_foot, right_foot' in words


@pytest.mark.parametrize(('step', 'slot', 'sway_m', 'words'), [
    ('t_pose', 0, 0.1, "T-pose: the head's tracker moved by 10 cm, hold still"),
    ('t_pose', 2, 0.2, "T-pose: the right hand's tracker moved by 20 cm, hold still"),
    ('arms_down', 1, 0.2, "arms down: the left hand's tracker moved by 20 cm, hold still")])
def test_hold_that_is_not_held_is_refused(take, step, slot, sway_m, words):
    def sway(_, positions):
        positions[:, slot] = positions[0, slot]
        positions[::3, slot, 0] += sway_m
    assert words in refusal(moved(take, step, sway))


def test_hands_may_tremble_more_than_a_head_and_a_glitch_is_no_movement(take):
    def tremble(_, positions):
        positions[::3, 1, 0] += 0.12
        positions[5, 0] += 3.0
    check_take(moved(take, 't_pose', tremble), AT_JOINTS)


@pytest.mark.parametrize(('slot', 'name'), [(1, 'left'), (2, 'right')])
def test_arm_that_does_not_drop_is_refused_though_the_operator_walks(take, slot, name):
    held = np.median(take.steps['t_pose'].positions, axis=0)

    def keep(_, positions):
        positions += [1.0, 0.0, 0.0]
        positions[:, slot] = positions[:, 0] + held[slot] - held[0] - [0.0, 0.0, 0.2]
    assert refusal(moved(take, 'arms_down', keep)) == (
        f"the {name} hand's tracker moved by 20 cm from the T-pose to arms down: is it in the "
        'hand, and did the arm move?')


def test_arms_that_are_not_stretched_out_are_refused_with_the_span(take):
    def bend(_, positions):
        positions[:, 1:, 1] *= 0.5
    words = refusal(moved(take, 't_pose', bend))
    assert words.startswith('T-pose: the hands are 6') and words.endswith(
        'cm apart, stretch both arms out sideways')


@pytest.mark.parametrize(('left_m', 'right_m'), [(0.4, 0.0), (0.6, 0.6), (-0.6, -0.6)])
def test_arms_that_are_not_level_are_refused_with_where_they_are(take, left_m, right_m):
    def lift(_, positions):
        positions[:, 1:, 2] += left_m, right_m
    below_cm = 100.0 * np.median(
        take.steps['t_pose'].positions[:, :1, 2] - take.steps['t_pose'].positions[:, 1:, 2], 0)
    assert refusal(moved(take, 't_pose', lift)) == (
        f'T-pose: the hands are {below_cm[0] - 100 * left_m:.0f} and '
        f'{below_cm[1] - 100 * right_m:.0f} cm below the head, hold both arms level')


def test_head_that_does_not_turn_is_refused(take):
    def stare(rotations, _):
        rotations[:, 0] = rotations[0, 0]
    assert refusal(moved(take, 'head', stare)) == (
        'head: it turned by 0 degrees, nod and shake it well')


@pytest.mark.parametrize(('slot', 'name'), [(1, 'left'), (2, 'right')])
def test_hand_that_does_not_swing_is_refused_though_the_operator_walks(take, slot, name):
    def still(_, positions):
        positions[..., 0] += np.linspace(0.0, 2.0, len(positions))[:, None]
        positions[:, slot] = positions[:, 0] + [0.1, 0.0, -0.3]
    assert refusal(moved(take, 'arm_circles', still)) == (
        f"arm circles: the {name} hand's tracker moved by 0 cm, draw large circles with "
        'stretched arms')


def found_refusal(found, cost=100.0, is_floor_given=True, typical=TYPICAL):
    with pytest.raises(CalibrationRefusedError) as error:
        check_result(found, typical, cost, is_floor_given)
    return str(error.value)


@pytest.mark.parametrize('height_m', HEIGHT_RANGE_M)
@pytest.mark.parametrize('arm_scale', [0.85, 1.15])
def test_operators_at_the_limits_are_not_refused(height_m, arm_scale):
    check_result(replace(GOOD, height_m=height_m, arm_scale=arm_scale), TYPICAL, 900.0, True)


@pytest.mark.parametrize(('height_m', 'words'), [(1.39, '1.39 m'), (2.2, '2.20 m')])
def test_too_short_and_too_tall_ones_are_refused_with_the_height(height_m, words):
    text = found_refusal(replace(GOOD, height_m=height_m))
    assert f'the height comes out as {words}, allowed are 1.4 to 2.1 m: are the units' in text
    assert 'the floor is not where the fixed frame has it' in found_refusal(
        replace(GOOD, height_m=height_m), is_floor_given=False)


def test_height_that_is_no_number_is_refused():
    assert 'nan m' in found_refusal(replace(GOOD, height_m=np.nan))


@pytest.mark.parametrize('name', TRACKER_NAMES)
@pytest.mark.parametrize(('offset', 'words'), [
    (TrackerOffset((0.0, 0.25, 0.0)), '25 cm and 0 degrees'),
    (TrackerOffset(quaternion_xyzw=tuple(Rotation.from_euler(
        'x', 70, degrees=True).as_quat())), '0 cm and 70 degrees')])
def test_offset_far_from_the_typical_one_is_refused(name, offset, words):
    text = found_refusal(replace(GOOD, offsets={**TYPICAL, name: offset}))
    assert text.startswith(f"the {name.replace('_', ' ')}'s tracker: its joint comes out {words}")
    assert 'allowed are 20 cm and 60 degrees' in text
    # A typical one is measured from, whatever it is.
    check_result(replace(GOOD, offsets={**TYPICAL, name: offset}), {**TYPICAL, name: offset},
                 100.0, True)


@pytest.mark.parametrize(('arm_scale', 'words'), [
    (1.2, 'the arms come out 20 % too long for a body of 1.71 m'), (0.8, '20 % too short')])
def test_arms_that_are_out_of_all_proportion_are_refused(arm_scale, words):
    assert words in found_refusal(replace(GOOD, arm_scale=arm_scale))


def test_trackers_that_no_body_moves_like_are_refused():
    assert found_refusal(GOOD, cost=901.0).startswith('no body moves as these trackers did')
