# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Planted operators: how well calibration finds them, and what it is worth to a model.

Every operator does one calibration take (`calibration_takes`); a take that is refused is done
again. The clips are then performed by the operators in turn, and estimated three times through
the online code: by a body of the model's size with its trackers at the joints (undisturbed), by
the operator without a calibration, and with the one found. Errors are of the operator's joints,
divided by the operator's size, so that all three compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_quaternion
from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.trackers.calibration import Calibration, CalibrationRefusedError
from motion_avatar_ros.trackers.calibration_solver import solve_calibration
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.training.calibration_takes import (
    PlantedOperator, TakeMaterial, planted_operator, planted_take,
)
from motion_avatar_ros.training.metrics import UNSCORED_FRAMES
from motion_avatar_ros.training.online_evaluation import ClipEstimate, estimate_clips

#: What an offset and a height are to be recovered to.
POSITION_LIMIT_M, ROTATION_LIMIT_RAD, HEIGHT_LIMIT_M = 0.02, np.radians(5.0), 0.02

_MOST_TAKES = 10


@dataclass(frozen=True)
class Recovery:
    """
    One planted operator and what was found.

    Attributes:
        operator: as planted.
        calibration: as found.
        refused: why takes before the accepted one were refused.
        position_errors_m, rotation_errors_rad: (N,) of the offsets.
    """

    operator: PlantedOperator
    calibration: Calibration
    refused: tuple[str, ...]
    position_errors_m: np.ndarray
    rotation_errors_rad: np.ndarray

    @property
    def height_error_m(self) -> float:
        """Found minus planted [m]."""
        return self.calibration.height_m - self.operator.height_m


@dataclass(frozen=True)
class OperatorTrials:
    """
    All operators, and the means over clips of the joints' position errors [cm].

    Attributes:
        tracker_names: N trackers.
        recoveries: by operator.
        undisturbed_cm, uncalibrated_cm, calibrated_cm: MPJPE.
    """

    tracker_names: tuple[str, ...]
    recoveries: tuple[Recovery, ...]
    undisturbed_cm: float
    uncalibrated_cm: float
    calibrated_cm: float


def recover(
    material: TakeMaterial, tracker_names: Sequence[str], seed: int,
    noise_m: float = 0.0, noise_rad: float = 0.0,
) -> Recovery:
    """
    Plant one operator and calibrate.

    Raises:
        MotionAvatarError: ten takes in a row were refused.
    """
    rng = np.random.default_rng(seed)
    operator = planted_operator(rng, len(tracker_names))
    refused: list[str] = []
    while len(refused) < _MOST_TAKES:
        take = planted_take(material, operator, rng, tracker_names, noise_m, noise_rad)
        try:
            found = solve_calibration(take)
        except CalibrationRefusedError as error:
            refused.append(str(error))
            continue
        offsets = [found.offsets[name] for name in tracker_names]
        levers = np.array([offset.position_m for offset in offsets]) @ ROS_FROM_SMPL
        turns = ROS_FROM_SMPL.T @ matrix_from_quaternion(
            np.array([offset.quaternion_xyzw for offset in offsets])) @ ROS_FROM_SMPL
        return Recovery(
            operator, found, tuple(refused),
            np.linalg.norm(levers - operator.positions_m, axis=-1),
            geodesic_angle(turns, operator.turns))
    raise MotionAvatarError(f'planted operator {seed}: all takes refused, last: {refused[-1]}')


def run_trials(
    estimator: OnlineEstimator,
    motions: Sequence[Motion],
    material: TakeMaterial,
    operators: int,
    on_frames: Callable[[int], None] | None = None,
) -> OperatorTrials:
    """
    Plant operators, calibrate them, and let them perform clips.

    Args:
        estimator: the model.
        motions: the clips; operator k performs every `operators`-th one, from the k-th.
        material: what takes are made of.
        operators: how many; their seeds are 0, 1, ...
        on_frames: called with the number of frames estimated since the last call.
    """
    names = tuple(estimator.tracker_names)
    recoveries = tuple(recover(material, names, seed) for seed in range(operators))
    nobody = PlantedOperator(
        Calibration().height_m, 1.0, 0.0, np.zeros((len(names), 3)),
        np.tile(np.eye(3), (len(names), 1, 1)))

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
        names, recoveries,
        error_cm([(nobody, Calibration())]),
        error_cm([(recovery.operator, Calibration()) for recovery in recoveries]),
        error_cm([(recovery.operator, recovery.calibration) for recovery in recoveries]))


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
