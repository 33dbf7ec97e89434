# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Planted operators: how well calibration finds them, and what it is worth to a model.

Every operator does one calibration take of each kind (TAKE_KINDS); a take that is refused is
done again. The clips are then performed by the operators in turn, and estimated through the
online code: by a body of the model's size with its trackers at the joints (undisturbed), by the
operators without a calibration, and with the one of each kind. Errors are of the operators'
joints, divided by their size, so that all compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, geodesic_angle, matrix_from_quaternion
from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.trackers.calibration import Calibration, CalibrationRefusedError
from motion_avatar_ros.trackers.calibration_solver import solve_calibration
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.training.calibration_takes import (
    PlantedOperator, TakeMaterial, planted_operator, planted_take, unplanted_operator,
)
from motion_avatar_ros.training.metrics import UNSCORED_FRAMES
from motion_avatar_ros.training.online_evaluation import ClipEstimate, estimate_clips

#: What an offset and a height are to be recovered to.
POSITION_LIMIT_M, ROTATION_LIMIT_RAD, HEIGHT_LIMIT_M = 0.02, np.radians(5.0), 0.02

#: How far operators stray from what they are asked to hold, a standard deviation per axis [rad];
#: None: people who were not asked (see `calibration_takes`).
TAKE_KINDS = {'as asked': 0.0, 'within 3 deg of it': np.radians(3.0), 'as recorded': None}

_MOST_TAKES = 10


@dataclass(frozen=True)
class Misses:
    """
    How far a calibration is from an operator.

    Attributes:
        height_m: found minus true.
        positions_m, rotations_rad: (N,) of the offsets, lengths and angles.
    """

    height_m: float
    positions_m: np.ndarray
    rotations_rad: np.ndarray


@dataclass(frozen=True)
class Recovery:
    """
    One planted operator and what was found.

    Attributes:
        operator: as planted.
        calibration: as found.
        refused: why takes before the accepted one were refused.
        misses: from the operator as planted. How a person stands and holds the hands is in them.
        planted_misses: from what the very same take gives for a body of the model's size with
            its devices at the joints, and the plant added: of what was planted alone.
    """

    operator: PlantedOperator
    calibration: Calibration
    refused: tuple[str, ...]
    misses: Misses
    planted_misses: Misses


@dataclass(frozen=True)
class OperatorTrials:
    """
    All operators, and the means over clips of the joints' position errors [cm].

    Attributes:
        tracker_names: N trackers.
        recoveries: by kind of take, by operator.
        undisturbed_cm, uncalibrated_cm: MPJPE.
        calibrated_cm: the same by kind of take.
    """

    tracker_names: tuple[str, ...]
    recoveries: Mapping[str, tuple[Recovery, ...]]
    undisturbed_cm: float
    uncalibrated_cm: float
    calibrated_cm: Mapping[str, float]


def recover(
    material: TakeMaterial, tracker_names: Sequence[str], seed: int,
    strays_rad: float | None = None,
) -> Recovery:
    """
    Plant one operator and calibrate.

    Args:
        material: what the take is made of.
        tracker_names: N devices, head and hands first.
        seed: of the operator and the take.
        strays_rad: see TAKE_KINDS.

    Raises:
        MotionAvatarError: ten takes in a row were refused.
    """
    rng = np.random.default_rng(seed)
    operator = planted_operator(rng, len(tracker_names))
    refused: list[str] = []
    while len(refused) < _MOST_TAKES:
        steps = material.steps(rng, strays_rad)
        try:
            found = solve_calibration(planted_take(steps, operator, tracker_names))
            plain = solve_calibration(planted_take(
                steps, unplanted_operator(len(tracker_names)), tracker_names))
        except CalibrationRefusedError as error:
            refused.append(str(error))
            continue
        levers, turns = _offsets(plain, tracker_names)
        return Recovery(
            operator, found, tuple(refused),
            _misses(found, tracker_names, operator.height_m, operator.positions_m, operator.turns),
            _misses(
                found, tracker_names, plain.height_m * operator.scale,
                operator.positions_m + apply(operator.turns, levers), operator.turns @ turns))
    raise MotionAvatarError(f'planted operator {seed}: all takes refused, last: {refused[-1]}')


def _misses(
    found: Calibration, tracker_names: Sequence[str], height_m: float, levers: np.ndarray,
    turns: np.ndarray,
) -> Misses:
    found_levers, found_turns = _offsets(found, tracker_names)
    return Misses(
        found.height_m - height_m, np.linalg.norm(found_levers - levers, axis=-1),
        geodesic_angle(found_turns, turns))


def _offsets(
    calibration: Calibration, tracker_names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return levers (N, 3) [m] and turns (N, 3, 3) of the joints, SMPL body axes."""
    offsets = [calibration.offsets[name] for name in tracker_names]
    turns = matrix_from_quaternion(np.array([offset.quaternion_xyzw for offset in offsets]))
    return (
        np.array([offset.position_m for offset in offsets]) @ ROS_FROM_SMPL,
        ROS_FROM_SMPL.T @ turns @ ROS_FROM_SMPL)


def recover_operators(
    material: TakeMaterial, tracker_names: Sequence[str], operators: int,
    on_calibration: Callable[[int], None] | None = None,
) -> dict[str, tuple[Recovery, ...]]:
    """
    Plant operators and let each calibrate once in every kind of take.

    Args:
        material: what takes are made of.
        tracker_names: N devices, head and hands first.
        operators: how many; their seeds are 0, 1, ...
        on_calibration: called with 1 after each.
    """
    recoveries: dict[str, tuple[Recovery, ...]] = {kind: () for kind in TAKE_KINDS}
    for kind, strays_rad in TAKE_KINDS.items():
        for seed in range(operators):
            recoveries[kind] += (recover(material, tracker_names, seed, strays_rad),)
            if on_calibration is not None:
                on_calibration(1)
    return recoveries


def run_trials(
    estimator: OnlineEstimator,
    motions: Sequence[Motion],
    recoveries: Mapping[str, tuple[Recovery, ...]],
    on_frames: Callable[[int], None] | None = None,
) -> OperatorTrials:
    """
    Let planted operators perform clips.

    Args:
        estimator: the model.
        motions: the clips; of K operators the k-th performs every K-th one, from the k-th.
        recoveries: the operators and their calibrations, by kind of take.
        on_frames: called with the number of frames estimated since the last call.
    """
    names = tuple(estimator.tracker_names)
    planted = [recovery.operator for recovery in recoveries['as asked']]

    def error_cm(wearers: Sequence[tuple[PlantedOperator, Calibration]]) -> float:
        bodies = [OperatorBody(calibration, names) for _, calibration in wearers]

        def trackers(clip: int, poses: BodyPose) -> tuple[np.ndarray, np.ndarray]:
            body, (operator, _) = bodies[clip % len(bodies)], wearers[clip % len(wearers)]
            return body.to_model(*body.joints(*operator.devices(poses, names)))

        errors = [
            _joint_error_m(result, bodies[result.clip % len(bodies)],
                           wearers[result.clip % len(wearers)][0])
            for result in estimate_clips(estimator, motions, on_frames, trackers)]
        return 100.0 * float(np.mean([error for error in errors if error is not None]))

    return OperatorTrials(
        names, dict(recoveries),
        error_cm([(unplanted_operator(len(names)), Calibration())]),
        error_cm([(operator, Calibration()) for operator in planted]),
        {kind: error_cm([(recovery.operator, recovery.calibration) for recovery in found])
         for kind, found in recoveries.items()})


def _joint_error_m(
    result: ClipEstimate, body: OperatorBody, operator: PlantedOperator
) -> float | None:
    """Return a clip's mean joint error [m] at the model's size; None without a scored frame."""
    found = body.to_operator(result.poses[UNSCORED_FRAMES:])
    true = operator.poses(result.truth[UNSCORED_FRAMES:])
    if not len(true.root_position):
        return None
    joints = forward_kinematics(found.local_rotations, found.root_position, body.offsets_m)[1]
    true_joints = forward_kinematics(
        true.local_rotations, true.root_position, operator.offsets_m)[1]
    return float(np.linalg.norm(joints - true_joints, axis=-1).mean() / operator.scale)
