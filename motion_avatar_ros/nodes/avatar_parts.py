# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a configured avatar_node runs on, made from its parameters. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.nodes.avatar_parameters import gate_limits, tracker_sources
from motion_avatar_ros.ros.avatar_pipeline import AvatarPipeline, Emit
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.safety.pose_limiter import PoseLimiter
from motion_avatar_ros.safety.watchdog import TrackerWatchdog
from motion_avatar_ros.trackers.timeline import TrackerTimeline


@dataclass(frozen=True)
class AvatarParts:
    """The estimator and what stands between it and the topics."""

    estimator: PoseEstimator
    limiter: PoseLimiter
    watchdog: TrackerWatchdog
    pipeline: AvatarPipeline


def make_parts(
    values: Mapping[str, Any], emit: Emit, now_ns: Callable[[], int],
    held: BodyPose | None = None,
) -> AvatarParts:
    """
    Load and warm up the model and wire it.

    Args:
        values: the parameters of avatar_node.
        emit: takes each pose.
        now_ns: the clock of the trackers' stamps.
        held: the pose that consumers hold, from which to blend.

    Raises:
        MotionAvatarError: the model cannot be used here.
    """
    torch.set_num_threads(values['threads'])
    estimator = PoseEstimator.load(values['model'], device=values['device'])
    sources = tracker_sources(values).names
    lacking = [name for name in estimator.tracker_names if name not in sources]
    if lacking:
        raise ParameterError(
            f"parameter 'model' is '{values['model']}', which needs the trackers "
            f'{", ".join(lacking)}; allowed: a model of {", ".join(sources)}')
    estimator.warm_up()
    stale_after_s = values['stale_after_s']
    watchdog = TrackerWatchdog(estimator.tracker_names, stale_after_s)
    limiter = PoseLimiter(
        values['limits.max_joint_rad_s'], values['limits.max_root_m_s'],
        values['limits.blend_s'], held)
    timeline = TrackerTimeline(
        estimator.tracker_names, estimator.rate_hz, gate_limits(values),
        max_gap_s=stale_after_s)
    pipeline = AvatarPipeline(estimator, timeline, limiter, watchdog, emit, now_ns)
    return AvatarParts(estimator, limiter, watchdog, pipeline)
