# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a calibration take is refused: what the operator did not do, and what cannot be true."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motion_avatar_ros.body.rotations import axis_angle_from_matrix
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, Calibration, CalibrationRefusedError, CalibrationTake, HEIGHT_RANGE_M,
    TrackerOffset,
)
from motion_avatar_ros.trackers.heading import heading_angles
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.pose_algebra import angle_between

_TITLES = {
    't_pose': 'T-pose', 'arms_down': 'arms down', 'head': 'head', 'arm_circles': 'arm circles'}
#: The shortest steps [s] and the fewest frames.
_SHORTEST_S = {'t_pose': 0.5, 'arms_down': 0.5, 'head': 0.9, 'arm_circles': 1.2}
_FEWEST_FRAMES = 8
_HOLD_M, _HOLD_HAND_M = 0.06, 0.15  # how far head and hands may stray in a hold
_SPAN_OF_HEAD_HEIGHT, _SHORTEST_SPAN_M = 0.55, 0.8
_LEVEL_M = 0.35  # height of one hand above the other in a T-pose
_BELOW_HEAD_M = (-0.25, 0.65)  # of the hands in a T-pose
_DROP_M = 0.3  # of each hand from the T-pose to arms down
_NOD_RAD = np.radians(12.0)
_CIRCLE_M = 0.4
_FARTHEST_M, _FARTHEST_RAD = 0.2, np.radians(60.0)
_ARM_SCALES = (0.85, 1.15)
_WORST_COST = 900.0


def check_take(take: CalibrationTake, turns: np.ndarray) -> None:
    """
    Refuse a take whose operator did not do as asked.

    Args:
        take: the recording.
        turns: (N, 3, 3) how the devices are usually worn, SMPL body axes.

    Raises:
        CalibrationRefusedError: why, in the operator's words.
    """
    _check_form(take)
    _check_hold(take, 't_pose')
    _check_hold(take, 'arms_down')
    _check_t_pose(take, turns)
    _check_moves(take)


def check_result(
    calibration: Calibration, typical: Mapping[str, TrackerOffset], cost: float,
    is_floor_given: bool,
) -> None:
    """
    Refuse an operator who cannot be.

    Args:
        calibration: what was found.
        typical: offsets that are usual, by tracker.
        cost: sum of squares that was left.
        is_floor_given: whether the fixed frame's floor was taken for the floor.

    Raises:
        CalibrationRefusedError: what cannot be.
    """
    shortest, tallest = HEIGHT_RANGE_M
    if not shortest <= calibration.height_m <= tallest:
        floor = '' if is_floor_given else ', and the floor is not where the fixed frame has it'
        raise CalibrationRefusedError(
            f'the height comes out as {calibration.height_m:.2f} m, allowed are {shortest} to '
            f'{tallest} m{floor}: are the units and the floor of the trackers right?')
    for name, offset in calibration.offsets.items():
        usual = typical[name]
        away_m = float(np.linalg.norm(np.subtract(offset.position_m, usual.position_m)))
        away_rad = angle_between(offset.quaternion_xyzw, usual.quaternion_xyzw)
        if not (away_m <= _FARTHEST_M and away_rad <= _FARTHEST_RAD):
            raise CalibrationRefusedError(
                f'{_title(name)}: its joint comes out {100 * away_m:.0f} cm and '
                f'{np.degrees(away_rad):.0f} degrees from where such a device is worn, allowed '
                f'are {100 * _FARTHEST_M:.0f} cm and {np.degrees(_FARTHEST_RAD):.0f} degrees: '
                'is it in its place, and is the profile the right one?')
    if not _ARM_SCALES[0] <= calibration.arm_scale <= _ARM_SCALES[1]:
        raise CalibrationRefusedError(
            f'the arms come out {100 * abs(calibration.arm_scale - 1):.0f} % too '
            f"{'long' if calibration.arm_scale > 1 else 'short'} for a body of "
            f'{calibration.height_m:.2f} m: stretch them in the T-pose, and do it again')
    if not cost <= _WORST_COST:
        raise CalibrationRefusedError(
            'no body moves as these trackers did: check that each is firmly in its place and '
            'do it again')


def _check_form(take: CalibrationTake) -> None:
    names = take.tracker_names
    known = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
    if names[:len(TRACKER_NAMES)] != TRACKER_NAMES or not set(names) <= set(known):
        raise CalibrationRefusedError(
            f"trackers {', '.join(names)}: needed are {', '.join(TRACKER_NAMES)} first, allowed "
            f"after them {', '.join(OPTIONAL_TRACKER_NAMES)}")
    for name in CALIBRATION_STEPS:
        step = take.steps.get(name)
        frames = 0 if step is None else len(step.positions)
        shortest_s = _SHORTEST_S[name]
        if step is None or frames < max(_FEWEST_FRAMES, shortest_s * take.rate_hz):
            raise CalibrationRefusedError(
                f'{_TITLES[name]}: only {frames / take.rate_hz:.1f} s were recorded, needed are '
                f'{shortest_s} s with all trackers in sight')
        if step.positions.shape != (frames, len(names), 3) or step.rotations.shape != (
                frames, len(names), 3, 3):
            raise CalibrationRefusedError(
                f'{_TITLES[name]}: {step.positions.shape=} and {step.rotations.shape=} are not '
                f'{frames} frames of {len(names)} trackers')
        if not (np.isfinite(step.positions).all() and np.isfinite(step.rotations).all()):
            raise CalibrationRefusedError(
                f'{_TITLES[name]}: a tracker sent values that are no numbers')


def _check_hold(take: CalibrationTake, name: str) -> None:
    positions = take.steps[name].positions
    strayed = np.linalg.norm(positions - np.median(positions, axis=0), axis=-1)
    for slot, tracker in enumerate(take.tracker_names):
        strayed_m = float(np.quantile(strayed[:, slot], 0.9))
        if strayed_m > (_HOLD_HAND_M if tracker.endswith('hand') else _HOLD_M):
            raise CalibrationRefusedError(
                f'{_TITLES[name]}: {_title(tracker)} moved by {100 * strayed_m:.0f} cm, hold '
                'still until told to go on')


def _check_t_pose(take: CalibrationTake, turns: np.ndarray) -> None:
    step = take.steps['t_pose']
    head, left, right = np.median(step.positions, axis=0)[:3]
    down = np.median(take.steps['arms_down'].positions, axis=0)
    for slot, at, name in ((1, left, 'left'), (2, right, 'right')):
        moved_m = float(np.linalg.norm((at - head) - (down[slot] - down[0])))
        if moved_m < _DROP_M:
            raise CalibrationRefusedError(
                f'{_title(f"{name}_hand")} moved by {100 * moved_m:.0f} cm from the T-pose to '
                'arms down: is it in the hand, and did the arm move?')
    across = left - right
    span_m = float(np.hypot(*across[:2]))
    headings = heading_angles(step.rotations[:, 0] @ turns[0])
    facing = np.arctan2(np.sin(headings).mean(), np.cos(headings).mean())
    to_left = float(across[1] * np.cos(facing) - across[0] * np.sin(facing))
    if span_m > _SHORTEST_SPAN_M and to_left < -0.5 * span_m:
        raise CalibrationRefusedError(
            "the hands are swapped: the left hand's tracker is on the right; swap them")
    if span_m < _SHORTEST_SPAN_M:
        raise CalibrationRefusedError(
            f'T-pose: the hands are {100 * span_m:.0f} cm apart, stretch both arms out sideways')
    below_m = head[2] - np.array([left[2], right[2]])
    if abs(left[2] - right[2]) > _LEVEL_M or not (
            _BELOW_HEAD_M[0] < below_m.min() and below_m.max() < _BELOW_HEAD_M[1]):
        raise CalibrationRefusedError(
            f'T-pose: the hands are {100 * below_m[0]:.0f} and {100 * below_m[1]:.0f} cm below '
            'the head, hold both arms level')


def _check_moves(take: CalibrationTake) -> None:
    turned = take.steps['head'].rotations[:, 0]
    from_first = axis_angle_from_matrix(turned[0].T @ turned)
    nodded_rad = float(np.ptp(np.quantile(from_first, (0.03, 0.97), axis=0), axis=0).max())
    if nodded_rad < _NOD_RAD:
        raise CalibrationRefusedError(
            f'head: it turned by {np.degrees(nodded_rad):.0f} degrees, nod and shake it well')
    positions = take.steps['arm_circles'].positions
    for slot, name in enumerate(take.tracker_names):
        if name.endswith('hand'):
            swung_m = float(np.ptp(positions[:, slot] - positions[:, 0], axis=0).max())
            if swung_m < _CIRCLE_M:
                raise CalibrationRefusedError(
                    f'arm circles: {_title(name)} moved by {100 * swung_m:.0f} cm, draw large '
                    'circles with stretched arms')


def _title(name: str) -> str:
    return f"the {name.replace('_', ' ')}'s tracker"
