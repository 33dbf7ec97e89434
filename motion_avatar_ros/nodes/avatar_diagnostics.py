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
SWAPPED = 'the left hand stays on the right of the right one: are the trackers swapped?'


def avatar_diagnosis(
    status: FollowStatus, parts: AvatarParts
) -> tuple[int, str, Mapping[str, Any]]:
    """Return level, one line, and all figures of an active avatar_node."""
    estimator, limiter, pipeline = parts.estimator, parts.limiter, parts.pipeline
    figures = pipeline.figures
    level, line = _LEVELS[status.state], status.reason
    if figures.looks_swapped and level == OK:
        level, line = WARN, SWAPPED
    values: dict[str, Any] = {
        'state': status.state.value,
        'model': estimator.name,
        'model_sha256': estimator.weights_sha256,
        'device': estimator.device,
        'output_rate_hz': figures.output.rate_hz(),
        **figures.inference.values('inference'),
        **figures.end_to_end.values('end_to_end'),
        'poses': figures.poses,
        'dropped_frames': figures.dropped,
        'filled_frames': figures.filled,
        'restarts': figures.restarts,
        'errors': figures.errors,
        'looks_swapped': figures.looks_swapped,
        'limited_frames': limiter.limited_frames,
        'limited_root_frames': limiter.limited_root_frames,
        'limited_joints': _limited_joints(limiter),
    }
    now_s = time.monotonic()
    for tracker in estimator.tracker_names:
        age_s = parts.watchdog.age_s(tracker, now_s)
        values[f'{tracker}.receive_age_ms'] = None if age_s is None else 1e3 * age_s
        for key, value in pipeline.tracker_figures(tracker).items():
            values[f'{tracker}.{key}'] = value
    return level, line, values


def _limited_joints(limiter: PoseLimiter) -> str:
    counts = limiter.limited_joint_frames
    order = counts.argsort()[::-1]
    return ' '.join(f'{JOINT_NAMES[j]}:{counts[j]}' for j in order if counts[j]) or 'none'
