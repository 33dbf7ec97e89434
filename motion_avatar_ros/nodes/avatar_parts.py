# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a configured avatar_node runs on, made from its parameters. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.estimation.ahead_estimator import AheadEstimator
from motion_avatar_ros.estimation.device_fallback import DeviceFallback
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.nodes.avatar_parameters import operators_folder
from motion_avatar_ros.nodes.tracker_sources import TrackerSources, checked_names
from motion_avatar_ros.ros.avatar_pipeline import AvatarPipeline, Emit
from motion_avatar_ros.ros.latency_stages import LatencyBudgets
from motion_avatar_ros.ros.parameters import ParameterError, settings
from motion_avatar_ros.safety.confidence_watch import ConfidenceSettings, ConfidenceWatch
from motion_avatar_ros.safety.follow_budgets import FollowBudgets
from motion_avatar_ros.safety.pose_limiter import PoseLimiter
from motion_avatar_ros.safety.watchdog import TrackerWatchdog
from motion_avatar_ros.trackers.calibration import Calibration
from motion_avatar_ros.trackers.calibration_file import CalibrationFileError, load_calibration
from motion_avatar_ros.trackers.device_profile import DeviceProfile
from motion_avatar_ros.trackers.device_profile_file import shipped_profiles
from motion_avatar_ros.trackers.floor_watch import FloorSettings, FloorWatch
from motion_avatar_ros.trackers.gate import GateLimits
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.one_euro import OneEuroSettings
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector
from motion_avatar_ros.trackers.profile_watch import ProfileWatch
from motion_avatar_ros.trackers.swap import SwapSettings, SwapWatch
from motion_avatar_ros.trackers.timeline import TrackerTimeline


@dataclass(frozen=True)
class AvatarParts:
    """
    The estimator and what stands between it and the topics.

    Attributes:
        trackers: those that are taken, the estimator's first.
    """

    model: DeviceFallback
    trackers: tuple[str, ...]
    limiter: PoseLimiter
    watchdog: TrackerWatchdog
    pipeline: AvatarPipeline
    profile: DeviceProfile
    profile_watch: ProfileWatch
    budgets: LatencyBudgets

    @property
    def estimator(self) -> PoseEstimator:
        """The estimator in use, on whichever device."""
        return self.model.estimator

    def take(
        self, tracker: str, stamp_ns: int, position: Vector, quaternion: Quaternion
    ) -> None:
        """Take one sample as the source has it."""
        self.profile_watch.take(tracker, stamp_ns, position, quaternion)
        self.pipeline.add(
            tracker, *self.profile.convert(tracker, stamp_ns, position, quaternion))


def make_parts(
    values: Mapping[str, Any], sources: TrackerSources, emit: Emit, now_ns: Callable[[], int],
    held: BodyPose | None = None,
) -> AvatarParts:
    """
    Load and warm up the model and wire it.

    Args:
        values: the parameters of avatar_node.
        sources: the trackers that they name.
        emit: takes each pose.
        now_ns: the clock of the trackers' stamps.
        held: the pose that consumers hold, from which to blend.

    Raises:
        MotionAvatarError: the model cannot be used here.
    """
    torch.set_num_threads(values['threads'])
    model = DeviceFallback(
        lambda device: PoseEstimator.load(
            values['model'], device, available=sources.names,
            is_anchored=values['anchor_to_trackers'],
            backend=values['backend']),
        values['device'], values['device_fallback'])
    needed = _needed_trackers(values, model.estimator)
    estimator = model.estimator
    trackers = (
        *estimator.tracker_names,
        *(name for name in sources.names if name not in estimator.tracker_names))
    budgets = settings(FollowBudgets, 'stale', values)
    watchdog = TrackerWatchdog(needed, budgets)
    limiter = PoseLimiter(
        values['limits.max_joint_rad_s'], values['limits.max_root_m_s'],
        values['limits.blend_s'], held)
    limits = settings(GateLimits, 'gate', values)
    latency_s = sources.profile.latency_s
    if not -limits.max_future_s < latency_s < limits.max_age_s:
        raise ParameterError(
            f"profile '{sources.profile.name}' has latency_s {latency_s:g}, with which every "
            f'sample would be refused; allowed with these gates: above '
            f'{-limits.max_future_s:g} (gate.max_future_s) and below {limits.max_age_s:g} '
            '(gate.max_age_s)')
    smoothing = settings(OneEuroSettings, 'filter', values)
    timeline = TrackerTimeline(
        trackers, estimator.rate_hz, limits,
        max_gap_s={name: budgets.of(name) for name in trackers}, required=needed,
        filters={name: smoothing for name in trackers})
    profile = sources.profile
    ahead_s = values['predict_ahead_s']
    pipeline = AvatarPipeline(
        AheadEstimator(model, ahead_s) if ahead_s else model,
        timeline, limiter, watchdog, emit, now_ns,
        OperatorBody(initial_calibration(values, profile), trackers),
        SwapWatch(settings(SwapSettings, 'swap', values)),
        FloorWatch(settings(FloorSettings, 'floor', values)), ahead_s, budgets.pose_s,
        ConfidenceWatch(settings(ConfidenceSettings, 'confidence', values)))
    return AvatarParts(
        model, trackers, limiter, watchdog, pipeline, profile,
        ProfileWatch(profile, shipped_profiles().values()),
        LatencyBudgets(pipeline.figures.stages, values))


def _needed_trackers(values: Mapping[str, Any], estimator: PoseEstimator) -> tuple[str, ...]:
    """Return the trackers without which the avatar holds."""
    given = checked_names(values, 'required_trackers', TRACKER_NAMES)
    lacking = [name for name in ('head', *estimator.required_names) if name not in given]
    if lacking:
        raise ParameterError(
            f"parameter 'required_trackers' is {list(given)}; allowed with model "
            f"'{estimator.name}': lists with {', '.join(dict.fromkeys(lacking))} too")
    return given


def initial_calibration(values: Mapping[str, Any], profile: DeviceProfile) -> Calibration:
    """
    Return the operator's calibration, or what is typical where there is none that fits.

    A file that is damaged or of another profile is not used, and the verdict says so: the
    operator can still calibrate.

    Raises:
        MotionAvatarError: the operator's name is not allowed.
    """
    typical = profile.typical_calibration()
    operator = values['operator']
    if not operator:
        return typical
    try:
        found = load_calibration(operators_folder(values), operator)
    except CalibrationFileError as error:
        return replace(typical, verdict=f'{error}; using typical offsets')
    if found is None:
        return typical
    if found.profile != profile.name:
        return replace(typical, verdict=(
            f"the calibration of '{operator}' is for profile '{found.profile}', not "
            f"'{profile.name}': using typical offsets until calibrated again"))
    return found
