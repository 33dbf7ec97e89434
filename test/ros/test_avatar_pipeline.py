# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline with a hostile estimator and hostile timing, without ROS."""

from __future__ import annotations

from collections.abc import Iterator
import threading
import time

import numpy as np
import pytest

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses
from motion_avatar_ros.ros.avatar_pipeline import AvatarPipeline
from motion_avatar_ros.safety.confidence_watch import ConfidenceSettings, ConfidenceWatch
from motion_avatar_ros.safety.pose_limiter import PoseLimiter
from motion_avatar_ros.safety.watchdog import FollowState, TrackerWatchdog
from motion_avatar_ros.trackers.calibration import Calibration
from motion_avatar_ros.trackers.floor_watch import FloorWatch
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.trackers.swap import SwapWatch
from motion_avatar_ros.trackers.timeline import TrackerTimeline

RATE_HZ = 60.0
MAX_STEP_RAD = 30.0 / RATE_HZ
PLACES_M = {'head': (0.0, 0.0, 1.6), 'left_hand': (0.2, 0.3, 1.0), 'right_hand': (0.2, -0.3, 1.0)}


class HostileEstimator:
    """Answers a random pose after each reset, and what a test tells it to."""

    name, rate_hz, tracker_names, streams = 'hostile', RATE_HZ, TRACKER_NAMES, 1

    def __init__(self) -> None:
        self.resets = 0
        self.chunks: list[int] = []
        self.mode = 'good'
        self.gate = threading.Event()
        self.gate.set()
        self.takes_s = 0.0
        self.confidence = 0.5

    def reset(self, stream: int | None = None) -> None:
        self.resets += 1

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        self.gate.wait(10.0)
        if self.takes_s:
            time.sleep(self.takes_s)
        if self.mode == 'raise':
            raise RuntimeError('device\nlost')
        frames = rotations.shape[1]
        self.chunks.append(frames)
        rng = np.random.default_rng(self.resets)
        pose = matrix_from_axis_angle(rng.normal(size=(JOINT_COUNT, 3)))
        local = np.broadcast_to(pose, (1, frames, JOINT_COUNT, 3, 3)).copy()
        if self.mode == 'nan':
            local[..., 4, 0, 0] = np.nan
        sure = np.nan if self.mode == 'nan confidence' else self.confidence
        confidence = np.full((1, frames, 2), sure)
        return EstimatedPoses(BodyPose(local, positions[:, :, 0].copy()), confidence)


class Rig:
    """A pipeline under a clock of the test."""

    def __init__(self, ahead_s: float = 0.0, least_confidence: float = 0.0) -> None:
        self.estimator = HostileEstimator()
        self.poses: list[BodyPose] = []
        self.stamps_ns: list[int] = []
        self.now_ns = 1_000_000_000_000
        self.publishing_takes_s = 0.0
        self.watchdog = TrackerWatchdog(TRACKER_NAMES)
        self.pipeline = AvatarPipeline(
            self.estimator, TrackerTimeline(TRACKER_NAMES, RATE_HZ),
            PoseLimiter(30.0, 8.0, 0.5), self.watchdog, self._emit, lambda: self.now_ns,
            OperatorBody(Calibration(), TRACKER_NAMES), SwapWatch(), FloorWatch(), ahead_s,
            confidence=ConfidenceWatch(ConfidenceSettings(least_confidence, 0.1)))

    def _emit(self, pose: BodyPose, confidence: np.ndarray, stamp_ns: int) -> None:
        if self.publishing_takes_s:
            time.sleep(self.publishing_takes_s)
        self.poses.append(pose)
        self.stamps_ns.append(stamp_ns)

    def feed(self, frames: int, wait: bool = True) -> None:
        """Add frames of all trackers, and let the worker take each."""
        for _ in range(frames):
            self.now_ns += round(1e9 / RATE_HZ)
            before = self.pipeline.figures.poses + self.pipeline.figures.errors
            for tracker in TRACKER_NAMES:
                self.pipeline.add(tracker, self.now_ns, PLACES_M[tracker], (0.0, 0.0, 0.0, 1.0))
            if wait:
                deadline_s = time.monotonic() + 0.02
                while time.monotonic() < deadline_s and before == (
                        self.pipeline.figures.poses + self.pipeline.figures.errors):
                    time.sleep(0.0005)

    def settle(self) -> None:
        """Wait until the worker has nothing left to do."""
        count = -1
        while count != len(self.poses):
            count = len(self.poses)
            time.sleep(0.05)

    def max_step_rad(self) -> float:
        rotations = np.stack([pose.local_rotations for pose in self.poses])
        return float(geodesic_angle(rotations[1:], rotations[:-1]).max())


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.pipeline.start()
    yield rig
    rig.estimator.gate.set()
    rig.pipeline.stop()


def test_each_frame_gives_one_pose_with_its_stamp_in_order(rig):
    rig.feed(60)
    rig.settle()
    assert len(rig.poses) >= 58
    assert np.diff(rig.stamps_ns).min() > 0
    assert set(np.diff(rig.stamps_ns)) == {round(1e9 / RATE_HZ)}


def test_a_slow_estimator_loses_nothing_and_still_gets_single_frames(rig):
    rig.feed(20)
    rig.settle()
    rig.estimator.gate.clear()
    rig.feed(7, wait=False)
    rig.estimator.gate.set()
    rig.settle()
    assert set(rig.estimator.chunks) == {1}  # or rounding would depend on the timing
    assert set(np.diff(rig.stamps_ns)) == {round(1e9 / RATE_HZ)}
    assert rig.pipeline.figures.dropped == 0


@pytest.mark.parametrize('mode', ['raise', 'nan', 'nan confidence'])
def test_a_failing_estimator_holds_and_its_recovery_does_not_jump(rig, mode):
    rig.feed(30)
    rig.settle()
    published = len(rig.poses)
    rig.estimator.mode = mode
    rig.feed(10)
    rig.settle()
    assert len(rig.poses) == published
    status = rig.watchdog.status(time.monotonic())
    assert status.state is FollowState.ERROR
    assert '\n' not in status.reason
    rig.estimator.mode = 'good'
    rig.feed(40)
    rig.settle()
    assert rig.watchdog.status(time.monotonic()).state is FollowState.TRACKING
    assert len(rig.poses) > published
    assert rig.max_step_rad() <= MAX_STEP_RAD * (1 + 1e-9)


def test_a_pose_that_took_too_long_is_not_shown_and_those_after_it_blend_in(rig):
    rig.feed(30)
    rig.settle()
    published, stamp_ns = len(rig.poses), rig.now_ns
    rig.estimator.gate.clear()
    rig.feed(1, wait=False)
    time.sleep(0.3)     # the trackers go on by a frame only: they are not what stops
    status = rig.watchdog.status(time.monotonic())
    assert (status.state, len(rig.poses)) == (FollowState.HOLD, published)
    rig.estimator.gate.set()
    rig.settle()
    assert len(rig.poses) == published and rig.pipeline.figures.late == 1
    rig.feed(40)
    rig.settle()
    assert min(rig.stamps_ns[published:]) > stamp_ns + round(1e9 / RATE_HZ)
    assert rig.watchdog.status(time.monotonic()).state is FollowState.TRACKING
    assert rig.max_step_rad() <= MAX_STEP_RAD * (1 + 1e-9)


def test_a_model_that_is_not_sure_holds_and_its_return_does_not_jump():
    rig = Rig(least_confidence=0.4)
    rig.pipeline.start()
    rig.feed(30)
    rig.estimator.confidence = 0.2
    rig.feed(30)
    rig.settle()
    held = len(rig.poses)
    status = rig.watchdog.status(time.monotonic())
    assert status.state is FollowState.HOLD and 'lower 0.20' in status.reason
    rig.feed(10)
    rig.settle()
    assert len(rig.poses) == held and rig.pipeline.figures.doubtful >= 10
    rig.estimator.confidence = 0.5
    rig.feed(60)
    rig.settle()
    rig.pipeline.stop()
    assert len(rig.poses) > held
    assert rig.max_step_rad() <= MAX_STEP_RAD * (1 + 1e-9)


def test_reset_on_request_blends(rig):
    rig.feed(30)
    rig.settle()
    resets = rig.estimator.resets
    rig.pipeline.request_reset()
    rig.feed(40)
    rig.settle()
    assert rig.estimator.resets == resets + 1
    assert 0.05 < rig.max_step_rad() <= MAX_STEP_RAD * (1 + 1e-9)


def test_stop_and_start_again_blends_from_the_pose_consumers_hold(rig):
    rig.feed(30)
    rig.settle()
    rig.pipeline.stop()
    published = len(rig.poses)
    rig.feed(5, wait=False)
    time.sleep(0.05)
    assert len(rig.poses) == published
    rig.pipeline.start()
    rig.feed(40)
    rig.settle()
    assert len(rig.poses) > published
    assert rig.max_step_rad() <= MAX_STEP_RAD * (1 + 1e-9)


def test_stop_twice_and_before_start_is_harmless():
    rig = Rig()
    rig.pipeline.stop()
    rig.pipeline.start()
    rig.pipeline.stop()
    rig.pipeline.stop()


def test_a_pause_does_not_hand_out_its_duration_as_one_large_step(rig):
    rig.feed(30)
    rig.settle()
    rig.now_ns += 60_000_000_000
    rig.feed(40)
    rig.settle()
    assert rig.estimator.resets >= 2
    assert rig.max_step_rad() <= MAX_STEP_RAD * (1 + 1e-9)


def test_figures_count_poses_and_latency(rig):
    rig.feed(30)
    rig.settle()
    figures = rig.pipeline.figures
    assert figures.poses == len(rig.poses)
    assert figures.stages.p50_ms()['inference'] > 0.0
    assert rig.pipeline.tracker_figures('head')['accepted'] == 30


def test_a_lost_frame_reaches_the_estimator_filled_in_and_no_consumer(rig):
    rig.feed(20)
    rig.settle()
    seen, emitted = sum(rig.estimator.chunks), len(rig.poses)
    rig.now_ns += 2 * round(1e9 / RATE_HZ)
    rig.feed(1)
    rig.settle()
    assert sum(rig.estimator.chunks) == seen + 3
    assert len(rig.poses) == emitted + 1
    assert rig.pipeline.figures.filled == 2
    assert rig.estimator.resets == 1


def test_another_operator_blends_in_without_a_jump(rig):
    rig.feed(60)
    rig.settle()
    rig.pipeline.use_body(OperatorBody(Calibration(height_m=2.1, floor_m=-0.3), TRACKER_NAMES))
    before = len(rig.poses)
    rig.feed(60)
    rig.settle()
    roots = np.array([pose.root_position for pose in rig.poses])
    assert np.linalg.norm(np.diff(roots, axis=0), axis=1).max() < 8.0 * 3 / RATE_HZ
    assert abs(roots[-1] - roots[before - 1]).max() < 1e-6  # the head is still where it was


def test_frames_can_be_watched_for_a_while(rig):
    seen: list[int] = []
    rig.feed(20)
    rig.settle()
    rig.pipeline.watch_frames(lambda frames: seen.extend(frames.stamps_ns.tolist()))
    before = len(rig.stamps_ns)
    rig.feed(10)
    rig.settle()
    rig.pipeline.watch_frames(None)
    rig.feed(10)
    rig.settle()
    assert seen == rig.stamps_ns[before:before + 10]


def test_poses_ahead_are_stamped_for_when_they_are_and_latency_counts_from_the_trackers():
    rig = Rig(ahead_s=0.05)
    rig.pipeline.start()
    rig.feed(20)
    rig.settle()
    rig.pipeline.stop()
    assert rig.stamps_ns[-1] == rig.now_ns + 50_000_000
    assert rig.pipeline.figures.stages.p50_ms()['input_to_publish'] >= 0.0


def test_the_stages_say_where_the_time_of_a_pose_goes_and_add_up_to_all_of_it():
    rig = Rig()
    pipeline, estimator = rig.pipeline, rig.estimator
    pipeline._now_ns = time.time_ns
    estimator.takes_s, rig.publishing_takes_s = 0.004, 0.002
    pipeline.start()
    for _ in range(50):  # the right hand comes 8 ms after the others, and all are 30 ms old
        late_ns = time.time_ns() - 30_000_000
        for tracker in TRACKER_NAMES:
            stamp_ns = late_ns if tracker == 'right_hand' else late_ns - 8_000_000
            pipeline.add(tracker, stamp_ns, PLACES_M[tracker], (0.0, 0.0, 0.0, 1.0))
        time.sleep(1.0 / RATE_HZ)
    rig.settle()
    pipeline.stop()
    took_ms = pipeline.figures.stages.p50_ms()
    assert took_ms['alignment'] == pytest.approx(8.0, abs=0.01)
    assert 30.0 <= took_ms['tracker_age'] < 45.0
    assert 0.0 < took_ms['wait'] < 50.0
    assert 4.0 <= took_ms['inference'] < 50.0
    assert 2.0 <= took_ms['publish'] < 50.0
    total_ms = took_ms.pop('input_to_publish')
    assert sum(took_ms.values()) == pytest.approx(total_ms, abs=0.1 * total_ms)


def test_an_estimator_that_stalls_makes_no_queue_and_the_newest_frame_still_comes(rig):
    pipeline, figures = rig.pipeline, rig.pipeline.figures
    rig.feed(12)
    rig.settle()
    made = figures.poses
    rig.estimator.takes_s = 0.1  # six times as long as between two frames
    waiting, kept = [], []
    for _ in range(90):
        rig.feed(1, wait=False)
        waiting.append(pipeline.waiting)
        kept.append(sum(len(track._samples) for track in pipeline._timeline._tracks.values()))
        time.sleep(1.0 / RATE_HZ)
    rig.estimator.takes_s = 0.0
    deadline_s = time.monotonic() + 5.0
    while rig.stamps_ns[-1] != rig.now_ns and time.monotonic() < deadline_s:
        time.sleep(0.01)
    rig.settle()
    assert max(waiting) == figures.most_waiting == 8
    assert max(kept) <= 3 * len(TRACKER_NAMES)  # samples go as soon as their frame is made
    assert rig.stamps_ns[-1] == rig.now_ns
    assert figures.dropped > 10 and figures.errors == 0
    assert figures.poses - made + figures.dropped == 90
    assert pipeline.waiting == 0
    # What waited is why poses came late, and is said to be.
    took_ms = figures.stages.p50_ms()
    assert took_ms['inference'] < took_ms['wait']


def test_an_estimator_that_is_too_slow_catches_up_by_what_it_dropped(rig):
    pipeline, figures = rig.pipeline, rig.pipeline.figures
    rig.feed(20)
    rig.settle()
    poses, filled, steps = figures.poses, figures.filled, len(rig.estimator.chunks)
    pipeline._step_s = 0.1  # as after many that took so long
    rig.estimator.gate.clear()
    rig.feed(1, wait=False)
    deadline_s = time.monotonic() + 5.0
    while pipeline.waiting and time.monotonic() < deadline_s:
        time.sleep(0.001)  # until the worker has it
    rig.feed(13, wait=False)
    rig.estimator.gate.set()
    rig.settle()
    assert figures.dropped == 5 and figures.filled == filled
    assert figures.poses - poses == len(rig.estimator.chunks) - steps == 9
    assert rig.estimator.resets == 1 and rig.stamps_ns[-1] == rig.now_ns
