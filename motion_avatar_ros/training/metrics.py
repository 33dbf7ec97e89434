# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The field's metrics of whole-body estimates, per clip and over clips.

They follow AGRoL's evaluation (Du et al., CVPR 2023), which SAGE, HMD-Poser and KineST share:
head-anchored world positions of all 22 joints, each metric over all frames of a clip, then the
unweighted mean over clips. A metric that a clip is too short for, or that has no sample in it,
is None and stays out of the means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import axis_angle_from_matrix, geodesic_angle
from motion_avatar_ros.body.skeleton import (
    LEFT_WRIST, LOWER_JOINTS, PELVIS, RIGHT_WRIST, UPPER_JOINTS,
)
from motion_avatar_ros.training.lag import lag_ms

#: Frames at the start of a clip that are estimated but not scored: the field drops the first,
#: whose differences are unknown.
UNSCORED_FRAMES = 1

_HANDS = (LEFT_WRIST, RIGHT_WRIST)
_FEET = (7, 8, 10, 11)  # ankles and toes, as AvatarJLM
_PLANTED_M = 0.01  # displacement per frame up to which a foot of the truth counts as planted
_CM_PER_M = 100.0
_JITTER_UNIT_M_S3 = 100.0


@dataclass(frozen=True)
class ClipMetrics:
    """
    Metrics of one clip, or means of them.

    Attributes:
        mpjre_deg: mean absolute difference of the axis-angle components of the 21 body joints
            (root excluded), each component wrapped by 2 pi as AGRoL does. Not a geodesic
            angle: for small errors about half of one.
        mpjre_geodesic_deg: mean angle of the rotation between truth and estimate, same joints.
        mpjpe_cm: mean distance over the 22 joints.
        mpjve_cm_s: mean length of the velocity's error over the 22 joints.
        jitter_1e2_m_s3: mean length of the estimate's third difference, times rate^3.
        jitter_truth_1e2_m_s3: the same of the truth.
        lag_ms: how late the estimate is (`training.lag`); negative where it is early.
        hand_pe_cm, upper_pe_cm, lower_pe_cm, root_pe_cm: MPJPE of the wrists, of the upper
            body without the root, of the lower body with it, of the root.
        foot_skate_cm_s: mean speed of the estimate's ankles and toes in the frames in which
            the truth's moves by at most 1 cm. AvatarJLM's choice of samples; its code then
            averages over components and, as zeros, over all other frames, which gives a
            several times smaller number.
        frames: scored frames.
    """

    mpjre_deg: float | None
    mpjre_geodesic_deg: float | None
    mpjpe_cm: float | None
    mpjve_cm_s: float | None
    jitter_1e2_m_s3: float | None
    jitter_truth_1e2_m_s3: float | None
    lag_ms: float | None
    hand_pe_cm: float | None
    upper_pe_cm: float | None
    lower_pe_cm: float | None
    root_pe_cm: float | None
    foot_skate_cm_s: float | None
    frames: int


#: Names of the metrics, in the order of a table; each ends with its unit.
METRIC_NAMES = tuple(field.name for field in fields(ClipMetrics) if field.name != 'frames')


def clip_metrics(
    estimate: BodyPose, truth: BodyPose, rate_hz: float, skip_frames: int = UNSCORED_FRAMES
) -> ClipMetrics | None:
    """
    Score the estimate of one clip.

    Args:
        estimate, truth: T poses at `rate_hz`, `local_rotations` (T, 22, 3, 3) and
            `root_position` (T, 3) [m].
        rate_hz: frames per second.
        skip_frames: frames at the start that take no part, not even in differences.

    Returns:
        The metrics; None when no frame is left.
    """
    estimate, truth = estimate[skip_frames:], truth[skip_frames:]
    frames = len(truth.root_position)
    if not frames:
        return None
    _, positions = estimate.global_joints()
    _, true_positions = truth.global_joints()
    distances_m = _length(positions - true_positions)
    body = estimate.local_rotations[:, 1:]
    true_body = truth.local_rotations[:, 1:]
    return ClipMetrics(
        mpjre_deg=_axis_angle_error_deg(body, true_body),
        mpjre_geodesic_deg=float(np.degrees(geodesic_angle(body, true_body).mean())),
        mpjpe_cm=_mean(distances_m, _CM_PER_M),
        mpjve_cm_s=_mean(
            _length(np.diff(positions - true_positions, axis=0)), rate_hz * _CM_PER_M),
        jitter_1e2_m_s3=_jitter(positions, rate_hz),
        jitter_truth_1e2_m_s3=_jitter(true_positions, rate_hz),
        lag_ms=lag_ms(positions, true_positions, rate_hz),
        hand_pe_cm=_mean(distances_m[:, _HANDS], _CM_PER_M),
        upper_pe_cm=_mean(distances_m[:, UPPER_JOINTS], _CM_PER_M),
        lower_pe_cm=_mean(distances_m[:, LOWER_JOINTS], _CM_PER_M),
        root_pe_cm=_mean(distances_m[:, PELVIS], _CM_PER_M),
        foot_skate_cm_s=_foot_skate_cm_s(positions, true_positions, rate_hz),
        frames=frames,
    )


def mean_metrics(clips: Sequence[ClipMetrics], frame_weighted: bool = False) -> ClipMetrics:
    """
    Average over clips.

    Args:
        clips: metrics of each clip.
        frame_weighted: weigh each clip by its scored frames; by default all weigh the same,
            as in the field's tables.

    Returns:
        The means, with the sum of all scored frames.
    """
    means = {}
    for name in METRIC_NAMES:
        known = [clip for clip in clips if getattr(clip, name) is not None]
        weights = [clip.frames if frame_weighted else 1 for clip in known]
        means[name] = float(np.average(
            [getattr(clip, name) for clip in known], weights=weights)) if known else None
    return ClipMetrics(**means, frames=sum(clip.frames for clip in clips))


def metrics_dict(metrics: ClipMetrics) -> dict[str, float | int | None]:
    """Return the metrics by name."""
    return asdict(metrics)


def _axis_angle_error_deg(body: np.ndarray, true_body: np.ndarray) -> float:
    difference = axis_angle_from_matrix(true_body) - axis_angle_from_matrix(body)
    difference[difference > np.pi] -= 2.0 * np.pi
    difference[difference < -np.pi] += 2.0 * np.pi
    return float(np.degrees(np.abs(difference).mean()))


def _jitter(positions: np.ndarray, rate_hz: float) -> float | None:
    return _mean(_length(np.diff(positions, n=3, axis=0)), rate_hz ** 3 / _JITTER_UNIT_M_S3)


def _foot_skate_cm_s(
    positions: np.ndarray, true_positions: np.ndarray, rate_hz: float
) -> float | None:
    moved_m = _length(np.diff(positions[:, _FEET], axis=0))
    truly_moved_m = _length(np.diff(true_positions[:, _FEET], axis=0))
    return _mean(moved_m[truly_moved_m <= _PLANTED_M], rate_hz * _CM_PER_M)


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def _mean(values: np.ndarray, scale: float) -> float | None:
    return float(values.mean() * scale) if values.size else None
