# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From the recording of a calibration to the operator's size and the devices' offsets.

What is estimated is the most likely operator, given how people stand and move in each step
(`calibration_prior`), how devices are usually worn, and what the devices showed. Height comes
from how high the head is held above the floor, arm length and offsets of the hands from the
T-pose, the hanging arms and the swing of the arms about the shoulders, the head's offset from
its swing about the neck. Whether the fixed frame's floor is the floor is judged by proportions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import (
    matrix_from_quaternion, quaternion_from_matrix, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, Calibration, CalibrationTake, MODEL_HEIGHT_M, TrackerFit, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_body import SIZES, Unknowns
from motion_avatar_ros.trackers.calibration_checks import check_result, check_take
from motion_avatar_ros.trackers.calibration_descent import Solution, descend
from motion_avatar_ros.trackers.calibration_feet import foot_offsets
from motion_avatar_ros.trackers.calibration_prior import (
    POSTURE_SIZE, UPPER_BODY, load_priors,
)
from motion_avatar_ros.trackers.calibration_problem import (
    CalibrationProblem, TakeFrames, Typical,
)
from motion_avatar_ros.trackers.calibration_verdict import verdict
from motion_avatar_ros.trackers.heading import heading_angles
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

#: Frames of each step that are used, at most.
_FRAMES = {'t_pose': 6, 'arms_down': 6, 'head': 18, 'arm_circles': 20}
_FLOOR_STD_M, _ANY_FLOOR_STD_M = 0.01, 0.5
# Rise of the sum of squares above which the fixed frame's floor is not taken for the floor.
_FLOOR_EVIDENCE = 25.0
_HEAD_HEIGHT_M = 1.49  # of the head joint of the model's body, standing
_SPAN_M = 1.37  # between the wrists of the model's body in a T-pose
_T_POSE, _HEAD_STEP = CALIBRATION_STEPS.index('t_pose'), CALIBRATION_STEPS.index('head')


def solve_calibration(
    take: CalibrationTake,
    typical: Mapping[str, TrackerOffset] = {},
    profile: str = 'generic',
) -> Calibration:
    """
    Solve a take.

    Args:
        take: the recording of all steps.
        typical: how the devices of the profile are usually worn, by tracker; a tracker without
            an entry at its joint, axes along the joint's.
        profile: name of the device profile, kept in the result.

    Raises:
        CalibrationRefusedError: the take is not good enough; the text says why.
    """
    names = take.tracker_names
    levers, turns = _typical_poses(names, typical)
    check_take(take, turns)
    is_upper = np.array([TRACKER_JOINTS[name] in UPPER_BODY for name in names])
    upper = [name for name, is_in in zip(names, is_upper, strict=True) if is_in]
    frames = _frames(take, is_upper, turns[is_upper])
    worn = levers[is_upper], turns[is_upper]
    is_floor_given, floor_m = _judge_floor(frames, upper, worn)
    solution = _solve(frames, upper, worn, floor_m, _FLOOR_STD_M if is_floor_given
                      else _ANY_FLOOR_STD_M)
    unknowns = solution.unknowns
    all_levers, all_turns = levers.copy(), turns.copy()
    all_levers[is_upper], all_turns[is_upper] = unknowns.levers, unknowns.turns
    fits = dict(zip(upper, _fits(frames, upper, solution), strict=True))
    for name, (lever, turn, fit) in foot_offsets(take, unknowns, frames).items():
        all_levers[names.index(name)], all_turns[names.index(name)] = lever, turn
        fits[name] = fit
    deviations = np.sqrt(np.diag(solution.covariance))
    height_m = MODEL_HEIGHT_M * float(np.exp(unknowns.log_scale))
    calibration = Calibration(
        height_m=height_m,
        arm_scale=float(np.exp(unknowns.log_arm_scale)),
        floor_m=unknowns.floor_m,
        offsets=_offsets(names, all_levers, all_turns),
        profile=profile,
        height_std_m=height_m * float(deviations[0]),
        arm_scale_std=float(np.exp(unknowns.log_arm_scale) * deviations[1]),
        floor_std_m=float(deviations[2]),
        fits=fits,
        date=datetime.now(UTC).isoformat(timespec='seconds'),
    )
    check_result(calibration, _offsets(names, levers, turns), solution.cost, is_floor_given)
    return verdict(calibration, is_floor_given)


def _typical_poses(
    names: tuple[str, ...], typical: Mapping[str, TrackerOffset]
) -> tuple[np.ndarray, np.ndarray]:
    """Return levers (N, 3) and turns (N, 3, 3) in SMPL body axes."""
    offsets = [typical.get(name, TrackerOffset()) for name in names]
    turns = matrix_from_quaternion(np.array([offset.quaternion_xyzw for offset in offsets]))
    return (
        np.array([offset.position_m for offset in offsets]) @ ROS_FROM_SMPL,
        ROS_FROM_SMPL.T @ turns @ ROS_FROM_SMPL)


def _offsets(
    names: tuple[str, ...], levers: np.ndarray, turns: np.ndarray
) -> dict[str, TrackerOffset]:
    positions = levers @ ROS_FROM_SMPL.T
    quaternions = quaternion_from_matrix(ROS_FROM_SMPL @ turns @ ROS_FROM_SMPL.T)
    return {
        name: TrackerOffset(tuple(position), tuple(quaternion))
        for name, position, quaternion in zip(
            names, positions.tolist(), quaternions.tolist(), strict=True)}


def _frames(take: CalibrationTake, is_upper: np.ndarray, turns: np.ndarray) -> TakeFrames:
    """Thin the take out and guess where the operator stands and faces in each step."""
    rotations, positions, steps, headings, places = [], [], [], [], []
    for number, step in enumerate(CALIBRATION_STEPS):
        count = len(take.steps[step].positions)
        even = np.linspace(0, count - 1, min(count, _FRAMES[step]))
        chosen = np.unique(even.round().astype(int))
        rotations.append(take.steps[step].rotations[chosen][:, is_upper])
        positions.append(take.steps[step].positions[chosen][:, is_upper])
        steps.append(np.full(len(chosen), number))
    turned = rotations[_T_POSE] @ turns
    across = positions[_T_POSE][:, 1] - positions[_T_POSE][:, 2]
    facing = np.arctan2(across[:, 1], across[:, 0]) - np.pi / 2.0
    # What the head device faces beside its operator, by the line between the hands.
    beside = _mean_angle(facing - heading_angles(turned[:, 0]))
    for number in range(len(steps)):
        if number == _HEAD_STEP:
            across = positions[number][:, 1] - positions[number][:, 2]
            headings.append(_mean_angle(np.arctan2(across[:, 1], across[:, 0]) - np.pi / 2.0))
        else:
            headings.append(beside + _mean_angle(
                heading_angles((rotations[number] @ turns)[:, 0])))
        places.append(np.median(positions[number][:, 0, :2], axis=0))
    used = np.ones((sum(map(len, steps)), int(is_upper.sum())), dtype=bool)
    numbers = np.concatenate(steps)
    # How the arms hang beside a moving head is nothing to learn the hands from.
    used[numbers == _HEAD_STEP, 1:3] = False
    return TakeFrames(
        np.concatenate(rotations).astype(float), np.concatenate(positions).astype(float), used,
        numbers, np.array(headings), np.array(places))


def _mean_angle(angles: np.ndarray) -> float:
    return float(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean()))


def _judge_floor(
    frames: TakeFrames, names: list[str], worn: tuple[np.ndarray, np.ndarray]
) -> tuple[bool, float]:
    """Return whether the fixed frame's floor fits the body's proportions, and where it is."""
    few = np.concatenate([
        np.flatnonzero(frames.steps == step)[::3] for step in range(len(CALIBRATION_STEPS))])
    thin = TakeFrames(
        frames.rotations[few], frames.positions[few], frames.is_used[few], frames.steps[few],
        frames.headings_rad, frames.places_m)
    given = _solve(thin, names, worn, 0.0, _FLOOR_STD_M)
    standing = thin.steps == _T_POSE
    span_m = np.linalg.norm(
        thin.positions[standing][:, 1, :2] - thin.positions[standing][:, 2, :2], axis=-1).mean()
    scale = np.clip(span_m / _SPAN_M, 0.8, 1.25)
    guess = float(np.median(thin.positions[standing][:, 0, 2]) - _HEAD_HEIGHT_M * scale)
    free = _solve(thin, names, worn, guess, _ANY_FLOOR_STD_M)
    if given.cost - free.cost < _FLOOR_EVIDENCE:
        return True, 0.0
    return False, free.unknowns.floor_m


def _solve(
    frames: TakeFrames, names: list[str], worn: tuple[np.ndarray, np.ndarray],
    floor_m: float, floor_std_m: float,
) -> Solution:
    priors = [load_priors()[step] for step in CALIBRATION_STEPS]
    joints = [UPPER_BODY.index(TRACKER_JOINTS[name]) for name in names]
    problem = CalibrationProblem(
        frames, joints, priors, Typical(*worn, floor_m, floor_std_m))
    return descend(problem, _start(problem))


def _start(problem: CalibrationProblem) -> Unknowns:
    """Pose the mean posture below each head, its arms so that the hands turn as the devices."""
    frames, typical = problem.frames, problem.typical
    turned = frames.rotations @ typical.turns
    rotations = problem.means.copy()
    heads = heading_angles(turned[:, 0])
    for step in range(len(CALIBRATION_STEPS)):
        here = frames.steps == step
        if step != _HEAD_STEP:
            swing = heads[here] - _mean_angle(heads[here])
            rotations[here, 0] = rotation_about_z(swing) @ rotations[here, 0]
    for side, tracker in (('left', 1), ('right', 2)):
        collar, shoulder, elbow, wrist = (
            UPPER_BODY.index(JOINT_INDEX[f'{side}_{name}'])
            for name in ('collar', 'shoulder', 'elbow', 'wrist'))
        above = rotations[:, 0] @ rotations[:, 1] @ rotations[:, 2] @ rotations[:, 3]
        below = rotations[:, elbow] @ rotations[:, wrist]
        wanted = transpose(above @ rotations[:, collar]) @ turned[:, tracker] @ transpose(below)
        is_used = frames.is_used[:, tracker]
        rotations[is_used, shoulder] = wanted[is_used]
    standing = frames.steps <= CALIBRATION_STEPS.index('arms_down')
    height_m = np.median(frames.positions[standing][:, 0, 2]) - typical.floor_m
    log_scale = float(np.log(np.clip(height_m / _HEAD_HEIGHT_M, 0.7, 1.4)))
    start = Unknowns(
        rotations, np.zeros((len(heads), 3)), log_scale, 0.0, typical.floor_m,
        typical.levers.copy(), typical.turns.copy(),
        np.zeros((len(CALIBRATION_STEPS), POSTURE_SIZE)))
    heads_m = start.joints()[1][:, UPPER_BODY.index(HEAD)]
    return Unknowns(
        rotations, frames.positions[:, 0] - heads_m, log_scale, 0.0, typical.floor_m,
        typical.levers.copy(), typical.turns.copy(), start.habits)


def _fits(frames: TakeFrames, names: list[str], solution: Solution) -> list[TrackerFit]:
    unknowns, trackers = solution.unknowns, len(names)
    joints = [UPPER_BODY.index(TRACKER_JOINTS[name]) for name in names]
    priors = [load_priors()[step] for step in CALIBRATION_STEPS]
    typical = Typical(unknowns.levers, unknowns.turns, unknowns.floor_m, 1.0)
    left = CalibrationProblem(frames, joints, priors, typical).residuals(unknowns)
    variances = np.diag(solution.covariance)[SIZES:].reshape(2, trackers, 3).sum(axis=-1)
    fits = []
    for tracker in range(trackers):
        used = frames.is_used[:, tracker]
        missed = (left.missed_m[used, tracker], left.missed_rad[used, tracker])
        residual_m, residual_rad = (
            float(np.sqrt((part ** 2).sum(axis=-1).mean())) for part in missed)
        fits.append(TrackerFit(
            residual_m, residual_rad, *np.sqrt(variances[:, tracker]).tolist()))
    return fits
