# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What avatar_node says about itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import TYPE_CHECKING, Any

from motion_avatar_ros.body.skeleton import JOINT_NAMES
from motion_avatar_ros.ros.diagnostics import ERROR, OK, WARN
from motion_avatar_ros.safety.pose_limiter import PoseLimiter
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus

if TYPE_CHECKING:  # it imports torch
    from motion_avatar_ros.nodes.avatar_parts import AvatarParts

_LEVELS = {
    FollowState.TRACKING: OK, FollowState.WAITING: WARN, FollowState.HOLD: WARN,
    FollowState.ERROR: ERROR,
}
EXCHANGED = 'the hands have exchanged their trackers since the start'
SWAPPED = 'the left hand stays on the right of the right one: are the trackers swapped?'


def avatar_diagnosis(
    status: FollowStatus, parts: AvatarParts
) -> tuple[int, str, Mapping[str, Any]]:
    """Return level, one line, and all figures of an active avatar_node."""
    estimator, limiter, pipeline = parts.estimator, parts.limiter, parts.pipeline
    figures = pipeline.figures
    level, line = _LEVELS[status.state], status.reason
    warnings = [*doubts(parts).values(), *parts.budgets.lines]
    if warnings and level in (OK, WARN):
        level = WARN
        line = '; '.join(warnings if status.state is FollowState.TRACKING else [line, *warnings])
    values: dict[str, Any] = {
        'state': status.state.value,
        'model': estimator.name,
        'model_sha256': estimator.weights_sha256,
        'device': estimator.device,
        'backend': estimator.backend,
        'output_rate_hz': figures.output.rate_hz(),
        **figures.stages.values(),
        'poses': figures.poses,
        'dropped_frames': figures.dropped,
        'waiting_frames': pipeline.waiting,
        'most_waiting_frames': figures.most_waiting,
        'filled_frames': figures.filled,
        'restarts': figures.restarts,
        'errors': figures.errors,
        'late_poses': figures.late,
        'doubtful_poses': figures.doubtful,
        'limited_frames': limiter.limited_frames,
        'limited_root_frames': limiter.limited_root_frames,
        'limited_joints': _limited_joints(limiter),
        **_operator(parts),
    }
    now_s = time.monotonic()
    for tracker in parts.trackers:
        age_s = parts.watchdog.age_s(tracker, now_s)
        values[f'{tracker}.receive_age_ms'] = None if age_s is None else 1e3 * age_s
        for key, value in pipeline.tracker_figures(tracker).items():
            values[f'{tracker}.{key}'] = value
    return level, line, values


def doubts(parts: AvatarParts) -> dict[str, str]:
    """Return what makes the input doubtful, a line by what it is about."""
    profile, pipeline = parts.profile_watch.verdict, parts.pipeline
    lines = {} if profile is None else {'profile': profile.message}
    if parts.model.problem is not None:
        lines['device'] = parts.model.problem
    if parts.estimator.backend_problem is not None:
        lines['backend'] = parts.estimator.backend_problem
    if pipeline.swap.looks_swapped:
        lines['swap'] = SWAPPED
    elif pipeline.swap.exchanged % 2:
        lines['swap'] = EXCHANGED
    if pipeline.floor.is_drifting:
        lines['floor'] = pipeline.floor.line
    return lines


def _operator(parts: AvatarParts) -> dict[str, Any]:
    pipeline = parts.pipeline
    calibration, doubt = pipeline.body.calibration, parts.profile_watch.verdict
    return {
        'operator': calibration.operator or 'nobody',
        'calibration': calibration.verdict,
        'calibrated': calibration.date or 'never',
        'height_m': calibration.height_m,
        'arm_scale': calibration.arm_scale,
        'floor_m': calibration.floor_m,
        'profile': parts.profile.name,
        'profile_doubt': 'none' if doubt is None else doubt.message,
        'looks_swapped': pipeline.swap.looks_swapped,
        'hands_exchanged': pipeline.swap.exchanged,
        'floor': pipeline.floor.line,
        'floor_drift_m': pipeline.floor.drift_m,
        'floor_correction_m': pipeline.floor.correction_m,
    }


def _limited_joints(limiter: PoseLimiter) -> str:
    counts = limiter.limited_joint_frames
    order = counts.argsort()[::-1]
    return ' '.join(f'{JOINT_NAMES[j]}:{counts[j]}' for j in order if counts[j]) or 'none'
