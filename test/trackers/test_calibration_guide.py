# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The guide: whom it leads through, what it records, and what it refuses with which words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from worn_devices import Wearer, as_frames, device_poses

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, HEIGHT_RANGE_M, MODEL_HEIGHT_M, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide, GuideTimes
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

RATE_HZ = 60.0


@pytest.fixture(scope='module')
def motion() -> Motion:
    return builtin_motion('calibration', RATE_HZ)


def guide(**times):
    return CalibrationGuide(TRACKER_NAMES, RATE_HZ, GuideTimes(**times))


def lead(guide, frames):
    """Give frames until the guide ends; return all statuses."""
    statuses = []
    for part in frames:
        statuses.append(guide.update(part))
        if statuses[-1].is_done or statuses[-1].refusal is not None:
            break
    return statuses


def frozen(motion, second):
    """Return half a minute of the pose at a time."""
    frame = round(second * RATE_HZ)
    rotations, root = motion.poses.local_rotations[frame], motion.poses.root_position[frame]
    count = round(30 * RATE_HZ)
    return Motion(BodyPose(
        np.broadcast_to(rotations, (count, *rotations.shape)),
        np.broadcast_to(root, (count, 3))), RATE_HZ)


def joined(*motions):
    return Motion(BodyPose(
        np.concatenate([motion.poses.local_rotations for motion in motions]),
        np.concatenate([motion.poses.root_position for motion in motions])), RATE_HZ)


def part(motion, start_s, end_s):
    return Motion(motion.poses[round(start_s * RATE_HZ):round(end_s * RATE_HZ)], RATE_HZ)


def random_offsets(rng, is_gripped):
    """Return offsets of 10 cm and 30 degrees, of hands also by quarter turns if gripped."""
    offsets = {}
    for name in TRACKER_NAMES:
        position, axis = rng.normal(size=(2, 3))
        turn = Rotation.from_rotvec(np.radians(30.0) * axis / np.linalg.norm(axis))
        if is_gripped and name != 'head':
            grip = Rotation.from_euler('xyz', rng.choice([0, 90, 180, -90], 3), degrees=True)
            turn = grip * turn
        offsets[name] = TrackerOffset(
            tuple(0.1 * position / np.linalg.norm(position)), tuple(turn.as_quat()))
    return offsets


@pytest.mark.parametrize('height_m', [HEIGHT_RANGE_M[0], 1.55, MODEL_HEIGHT_M, HEIGHT_RANGE_M[1]])
@pytest.mark.parametrize('seed', range(3))
def test_operator_of_any_size_with_devices_worn_anyhow_gets_through(motion, height_m, seed):
    rng = np.random.default_rng(seed)
    wearer = Wearer(
        height_m / MODEL_HEIGHT_M, rng.uniform(-np.pi, np.pi),
        (2.0, -1.0, rng.uniform(-2.0, 20.0)),
        random_offsets(rng, seed > 0), position_m=0.003, rotation_rad=np.radians(1.0))
    walk = guide()
    last = lead(walk, as_frames(*device_poses(motion, wearer, seed=seed)))[-1]
    assert last.refusal is None and last.is_done, last
    assert tuple(walk.take().steps) == CALIBRATION_STEPS


@pytest.mark.parametrize('start_s', np.arange(0.5, 19.5, 2.4))
def test_whoever_comes_in_the_middle_of_the_loop_waits_and_gets_through(motion, start_s):
    poses = device_poses(motion)
    start = round(start_s * RATE_HZ)
    frames = as_frames(*(np.concatenate((part[start:], part, part)) for part in poses))
    last = lead(guide(), frames)[-1]
    assert last.is_done, last


def test_recording_holds_each_step_and_nothing_between(motion):
    walk = guide()
    statuses = lead(walk, as_frames(*device_poses(motion)))
    take = walk.take()
    assert (take.tracker_names, take.rate_hz) == (TRACKER_NAMES, RATE_HZ)
    lengths_s = {name: (len(step.positions) - 1) / RATE_HZ for name, step in take.steps.items()}
    assert lengths_s['t_pose'] == pytest.approx(2.0, abs=0.02)
    assert lengths_s['arms_down'] == pytest.approx(2.0, abs=0.02)
    assert lengths_s['head'] >= 4.0 and lengths_s['arm_circles'] >= 5.0
    assert 15.0 < len(statuses) / RATE_HZ < 20.0
    span_m = take.steps['t_pose'].positions[:, 1, 1] - take.steps['t_pose'].positions[:, 2, 1]
    assert span_m.min() > 1.2
    hands_m = take.steps['arms_down'].positions[:, 1:, 2]
    assert hands_m.max() < 1.0
    for step in take.steps.values():
        assert step.rotations.shape == (*step.positions.shape, 3)


def test_prompts_and_progress_go_forward_only_to_the_end(motion):
    statuses = lead(guide(), as_frames(*device_poses(motion)))
    steps = [status.step for status in statuses]
    assert list(dict.fromkeys(steps)) == list(CALIBRATION_STEPS)
    assert sorted(steps, key=CALIBRATION_STEPS.index) == steps
    assert len({status.prompt for status in statuses}) == 5  # four and the thanks
    assert all(0.0 <= status.progress <= 1.0 for status in statuses)
    for step in ('head', 'arm_circles'):
        progress = [status.progress for status in statuses if status.step == step]
        assert all(np.diff(progress) >= -0.02)


@pytest.mark.parametrize('chunk', [1, 7, 8])
def test_frames_may_come_in_any_pieces(motion, chunk):
    whole, pieces = guide(), guide()
    lead(whole, as_frames(*device_poses(motion)))
    lead(pieces, as_frames(*device_poses(motion), chunk=chunk))
    for name, step in whole.take().steps.items():
        np.testing.assert_array_equal(step.positions, pieces.take().steps[name].positions)


def test_each_prompt_can_be_read_before_anything_counts(motion):
    in_pose = part(motion, 1.5, 3.5)
    statuses = lead(guide(read_s=5.0), as_frames(*device_poses(
        joined(frozen(in_pose, 1.0), motion))))
    first = next(i for i, status in enumerate(statuses) if status.progress > 0.0)
    assert first / RATE_HZ >= 5.0


def test_ordinary_motion_is_never_taken_for_a_calibration():
    last = lead(guide(), as_frames(*device_poses(builtin_motion('mix', RATE_HZ))))[-1]
    assert last.refusal is not None and 'T-pose' in last.refusal


def test_arms_at_the_sides_are_no_t_pose_and_the_distance_is_told(motion):
    last = lead(guide(), as_frames(*device_poses(frozen(motion, 7.0))))[-1]
    assert last.refusal.startswith('the T-pose was not seen within 24 s: the hands were 49 cm')
    assert 'at least 85 cm is expected' in last.refusal


def test_timeout_is_a_parameter_and_counts_by_the_stamps(motion):
    statuses = lead(guide(step_timeout_s=3.0, place_s=2.0), as_frames(
        *device_poses(frozen(motion, 7.0))))
    assert 'within 5 s' in statuses[-1].refusal
    assert len(statuses) / RATE_HZ == pytest.approx(5.0, abs=0.1)


def test_hands_at_different_heights_are_told_apart(motion):
    rotations, positions = device_poses(frozen(motion, 3.0))
    positions[:, 1, 2] += 0.4
    last = lead(guide(), as_frames(rotations, positions))[-1]
    assert 'the left hand was 41 cm higher than the right one' in last.refusal
    assert last.hint == 'lift the right arm as high as the left one'


def test_arms_stretched_to_the_front_are_no_t_pose(motion):
    rotations, positions = device_poses(frozen(motion, 3.0))
    positions[:, 1:] += [0.6, 0.0, 0.0]
    last = lead(guide(), as_frames(rotations, positions))[-1]
    assert 'the middle of the hands was' in last.refusal
    assert 'sides' in last.hint


def test_hands_below_the_shoulders_are_no_t_pose(motion):
    rotations, positions = device_poses(frozen(motion, 3.0))
    positions[:, 1:, 2] -= 0.5
    last = lead(guide(), as_frames(rotations, positions))[-1]
    assert 'below the head' in last.refusal and 'lift both arms' in last.hint


def test_pose_that_is_never_held_still_is_refused_with_the_movement(motion):
    rotations, positions = device_poses(frozen(motion, 3.0))
    positions[:, :, 0] += 0.2 * np.sin(2.0 * np.arange(len(positions)) / RATE_HZ)[:, None]
    last = lead(guide(), as_frames(rotations, positions))[-1]
    assert 'held for' in last.refusal and 'then moved by' in last.refusal


def test_swapped_hands_are_refused_as_soon_as_the_t_pose_was_held(motion):
    rotations, positions = device_poses(motion)
    order = [0, 2, 1]
    statuses = lead(guide(), as_frames(rotations[:, order], positions[:, order]))
    assert 'the left hand was on the right' in statuses[-1].refusal
    assert len(statuses) / RATE_HZ < 4.0


def test_t_pose_with_bent_arms_is_found_out_by_the_hanging_ones(motion):
    rotations, positions = device_poses(motion)
    is_up = positions[:, 1, 2] > 1.2
    end = int(np.argmin(is_up[200:])) + 200
    # Hands where those of raised forearms are.
    positions[:end, 1:, 2] += 0.2 * is_up[:end, None]
    positions[:end, 1:, 1] *= np.where(is_up[:end], 0.68, 1.0)[:, None]
    last = lead(guide(), as_frames(rotations, positions))[-1]
    assert 'the arms were bent in the T-pose' in last.refusal


@pytest.mark.parametrize(('stay_s', 'step', 'words'), [
    (3.0, 'arms_down', 'standing with the arms down was not seen within 12 s'),
    (7.5, 'head', 'the head nodded over'),
    (12.7, 'arm_circles', 'hand moved over'),
])
def test_step_that_does_not_come_is_refused_with_what_was_seen(motion, stay_s, step, words):
    stays = joined(part(motion, 0.0, stay_s), frozen(motion, stay_s))
    last = lead(guide(), as_frames(*device_poses(stays)))[-1]
    assert last.step == step
    assert words in last.refusal and 'expected' in last.refusal


def test_circles_with_bent_arms_are_not_enough(motion):
    walk = guide()
    until = lead(walk, as_frames(*device_poses(part(motion, 0.0, 12.7))))[-1]
    assert until.step == 'arm_circles'
    rotations, positions = device_poses(joined(*4 * [part(motion, 13.5, 18.5)]))
    shoulder_m = positions[:, :1] + np.array([[-0.07, 0.17, -0.13], [-0.07, -0.17, -0.13]])
    positions[:, 1:] = shoulder_m + 0.68 * (positions[:, 1:] - shoulder_m)
    frames = as_frames(rotations, positions, start_s=100.0 + 12.7)
    last = lead(walk, (replace(part, is_restart=False) for part in frames))[-1]
    assert 'arm was stretched for' in last.refusal


def test_long_break_ends_it_and_says_how_long(motion):
    walk, poses = guide(), device_poses(motion)
    lead(walk, as_frames(*(part[:120] for part in poses)))
    late = as_frames(*(part[120:] for part in poses), start_s=100.0 + 2.0 + 1.4)
    last = walk.update(next(late))
    assert last.refusal == 'the trackers were lost for 1.4 s during the T-pose'
    assert walk.update(next(late)) == last  # and stays so


@pytest.mark.parametrize('at_s', [2.5, 6.0, 11.0, 15.0])
def test_short_break_costs_the_step_but_not_the_whole(motion, at_s):
    rotations, positions = device_poses(joined(
        part(motion, 0.0, at_s), frozen(part(motion, at_s, at_s + 1.0), 0.0), motion))
    at, walk = round(at_s * RATE_HZ), guide()
    lead(walk, as_frames(rotations[:at], positions[:at]))
    before = walk.status
    last = walk.update(next(as_frames(
        rotations[at:], positions[at:], start_s=100.0 + at_s + 0.4)))
    assert before.progress > 0.2 and last.step == before.step
    assert last.refusal is None and last.progress < 0.02


def test_whoever_had_a_short_break_in_the_t_pose_gets_through(motion):
    rotations, positions = device_poses(motion)
    held = slice(90, 150)
    poses = [np.concatenate((values[:150], values[held], values[150:]))
             for values in (rotations, positions)]
    frames = list(as_frames(*poses))
    frames[140:165] = [replace(frames[165], is_restart=True)]
    del frames[141]
    walk = guide()
    assert lead(walk, frames)[-1].is_done
    assert len(walk.take().steps['t_pose'].positions) == pytest.approx(121, abs=1)


def test_tracking_space_that_moved_in_a_break_ends_it(motion):
    walk, (rotations, positions) = guide(), device_poses(motion)
    lead(walk, as_frames(rotations[:120], positions[:120]))
    last = walk.update(next(as_frames(
        rotations[120:], positions[120:] + [0.0, 0.5, 0.0], start_s=100.0 + 2.0 + 0.4)))
    assert 'the head tracker jumped by 50 cm' in last.refusal


def test_clock_that_is_set_back_ends_it(motion):
    walk = guide()
    lead(walk, as_frames(*(part[:60] for part in device_poses(motion))))
    last = walk.update(next(as_frames(*device_poses(motion), start_s=3.0)))
    assert 'set back' in last.refusal


def test_first_frames_ever_are_no_break(motion):
    assert guide().update(next(as_frames(*device_poses(motion)))).refusal is None


def test_optional_tracker_that_drops_out_is_left_out_of_the_take(motion):
    names = (*TRACKER_NAMES, 'pelvis', 'left_foot')
    rotations, positions = device_poses(motion, names=names)
    positions[150:170, 4] = rotations[150:170, 4] = np.nan
    walk = CalibrationGuide(names, RATE_HZ)
    assert lead(walk, as_frames(rotations, positions))[-1].is_done
    take = walk.take()
    assert take.tracker_names == (*TRACKER_NAMES, 'pelvis')
    for step in take.steps.values():
        assert step.positions.shape[1:] == (4, 3)
        assert np.isfinite(step.rotations).all()
