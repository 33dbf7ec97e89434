# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From tracker samples to limited poses, with inference in one worker thread.

Callbacks only add samples; the worker takes whatever frames became complete meanwhile, so a
slow inference never makes a queue. Eight wait at most, and an estimator that takes longer than a
frame is not made to infer those dropped as well. They are estimated one by one: sums over several
at once are rounded differently, and a recording must give the same poses however it was chopped.
Knows no ROS: time and emission are given to it.

Of each pose the stages of its way are measured, from the stamp of its frame on; they add up to
`input_to_publish`:

- `alignment`: how much later than the frame is the stamp of the sample that completed it. Trackers
  that do not share their stamps, a slow one, frames between samples.
- `tracker_age`: reception of that sample minus its stamp, by the clock of the stamps. Device,
  driver, network, and clocks that disagree.
- `wait`: from then to its inference, steady clock. Waiting for the worker, frames before it.
- `inference`: the estimator's step: network, anchor, prediction.
- `publish`: from then to the end of publishing: the operator's size, limits, messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
import threading
import time

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.ros.diagnostics import RateMeter
from motion_avatar_ros.ros.latency_stages import TOTAL, LatencyStages
from motion_avatar_ros.safety.confidence_watch import ConfidenceWatch
from motion_avatar_ros.safety.pose_limiter import PoseLimiter
from motion_avatar_ros.safety.watchdog import FollowState, TrackerWatchdog
from motion_avatar_ros.trackers.even_frames import EvenFrames
from motion_avatar_ros.trackers.floor_watch import FloorWatch
from motion_avatar_ros.trackers.gate import Verdict
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.trackers.sample import Quaternion, Reception, Vector
from motion_avatar_ros.trackers.swap import SwapWatch
from motion_avatar_ros.trackers.timeline import AlignedFrames, TrackerTimeline

_JOIN_S = 5.0
_STEP_SHARE = 0.1  # of the newest inference in their mean time
_LONGEST_STEP_S = 0.05  # by which a blend advances or the root moves in one message

#: In their order; what each is, the module says.
STAGES = ('alignment', 'tracker_age', 'wait', 'inference', 'publish', TOTAL)

#: Takes one pose, its confidence (2,), and the time [ns] it is for; called by the worker.
Emit = Callable[[BodyPose, np.ndarray, int], None]
#: Takes the frames of the devices as worn; called by the worker.
OnFrames = Callable[[AlignedFrames], None]


class EstimateError(MotionAvatarError):
    """An estimate that must not leave."""


@dataclass
class PipelineFigures:
    """What the pipeline did since it was made."""

    output: RateMeter = field(default_factory=RateMeter)
    stages: LatencyStages = field(default_factory=lambda: LatencyStages(STAGES))
    poses: int = 0
    restarts: int = 0
    dropped: int = 0
    most_waiting: int = 0
    filled: int = 0
    errors: int = 0
    late: int = 0
    doubtful: int = 0


class AvatarPipeline:
    """One operator's samples in, one avatar's poses out."""

    def __init__(
        self,
        estimator: OnlineEstimator,
        timeline: TrackerTimeline,
        limiter: PoseLimiter,
        watchdog: TrackerWatchdog,
        emit: Emit,
        now_ns: Callable[[], int],
        body: OperatorBody,
        swap: SwapWatch,
        floor: FloorWatch,
        ahead_s: float = 0.0,
        longest_inference_s: float = 0.25,
        confidence: ConfidenceWatch | None = None,
    ) -> None:
        """
        Wire the parts; `start` runs them.

        Args:
            estimator: of one stream.
            timeline: of the estimator's trackers, then any others, at its rate.
            limiter: the last stage.
            watchdog: of the same trackers.
            emit: takes each pose.
            now_ns: the clock of the stamps.
            body: the operator's, of the timeline's trackers.
            swap, floor: watch the joints of the operator.
            ahead_s: how long after its trackers the estimator's pose is for.
            longest_inference_s: a pose that took longer is not emitted: it is of the past.
            confidence: says which poses are emitted; all unless given.
        """
        self._estimator = estimator
        self._trackers = len(estimator.tracker_names)
        self._body = body
        self._feet = [
            slot for slot, name in enumerate(body.tracker_names) if name.endswith('_foot')]
        self._next_body: OperatorBody | None = None
        self._on_frames: OnFrames | None = None
        self._timeline = timeline
        self._limiter = limiter
        self._watchdog = watchdog
        self._emit = emit
        self._now_ns = now_ns
        self._frame_s = 1.0 / estimator.rate_hz
        self._step_s = 0.0  # usual time of an inference
        self._ahead_ns = round(ahead_s * 1e9)
        self._longest_inference_s = longest_inference_s
        self._confidence = confidence or ConfidenceWatch()
        self._even = EvenFrames(estimator.rate_hz)
        self.swap = swap
        self.floor = floor
        self._wake = threading.Condition()  # guards the timeline and the requests
        self._must_reset = False
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()  # one for each start: a stuck worker stays stopped
        self._last_stamp_ns: int | None = None
        self._present: np.ndarray | None = None  # trackers of the newest frame
        self.figures = PipelineFigures()

    def start(self) -> None:
        """Start the worker with no past; the pose held by consumers stays the blend's start."""
        self.stop()
        with self._wake:
            self._timeline.clear()
            self._must_reset = True
        self._watchdog.clear()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(self._stop,), name='estimation', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the worker; nothing is emitted after this returns."""
        if self._thread is None:
            return
        with self._wake:
            self._stop.set()
            self._wake.notify()
        self._thread.join(_JOIN_S)
        self._thread = None

    def request_reset(self) -> None:
        """Make the estimator forget its past before the next frames, which blend in."""
        with self._wake:
            self._must_reset = True

    @property
    def body(self) -> OperatorBody:
        """The operator's body in use, or about to be."""
        return self._next_body or self._body

    def use_body(self, body: OperatorBody) -> None:
        """Take another operator's body from the next frames on, which blend in."""
        with self._wake:
            self._next_body = body
            self._must_reset = True

    def watch_frames(self, on_frames: OnFrames | None) -> None:
        """Let a function see all frames from now on, or none any more."""
        self._on_frames = on_frames

    def add(
        self, tracker: str, stamp_ns: int, position_m: Vector, quaternion_xyzw: Quaternion
    ) -> Verdict:
        """Take one sample; position [m] and quaternion in the fixed frame, REP-103 axes."""
        with self._wake:
            verdict = self._timeline.add(
                tracker, stamp_ns, position_m, quaternion_xyzw, self._now_ns(),
                time.monotonic())
            is_accepted = verdict is Verdict.ACCEPTED
            if is_accepted:
                self._wake.notify()
        self._watchdog.on_sample(tracker, is_accepted, time.monotonic())
        return verdict

    def tracker_figures(self, tracker: str) -> dict[str, float | int | None]:
        """Return stamp age, rate and verdict counts of one tracker."""
        now_ns = self._now_ns()
        with self._wake:
            newest_ns = self._timeline.newest_stamp_ns(tracker)
            rate_hz = self._timeline.input_rate_hz(tracker)
            counts = self._timeline.counts(tracker)
            dropouts = self._timeline.dropouts(tracker)
        return {
            'stamp_age_ms': None if newest_ns is None else (now_ns - newest_ns) / 1e6,
            'rate_hz': rate_hz,
            **{verdict.value: count for verdict, count in counts.items()},
            'dropouts': dropouts.count,
            'longest_dropout_s': dropouts.longest_s,
            'dropout_total_s': dropouts.total_s,
            'dropout_s': dropouts.ongoing_s,
        }

    @property
    def waiting(self) -> int:
        """How many frames wait for the worker now."""
        with self._wake:
            return self._timeline.waiting

    def _work(self, stop: threading.Event) -> None:
        while True:
            with self._wake:
                while (frames := self._timeline.take()) is None and not stop.is_set():
                    self._wake.wait()
                if frames is None or stop.is_set():
                    return
                must_reset, self._must_reset = self._must_reset, False
                if self._next_body is not None:
                    self._body, self._next_body = self._next_body, None
                    self.swap.clear()
                    self.floor.reset()
            try:
                self._process(frames, must_reset, stop)
            except Exception as error:  # whatever fails inside, the node lives and holds
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.figures.errors += 1
        self._watchdog.on_error(f'{type(error).__name__}: {" ".join(str(error).split())}')
        with self._wake:
            self._must_reset = True

    def _process(
        self, frames: AlignedFrames, must_reset: bool, stop: threading.Event
    ) -> None:
        figures = self.figures
        figures.dropped += frames.dropped
        figures.most_waiting = max(figures.most_waiting, len(frames.stamps_ns))
        if frames.is_restart or must_reset:
            self._estimator.reset()
            self._confidence.clear()
            figures.restarts += 1
        now_s = time.monotonic()
        is_held = self._watchdog.status(now_s).state is not FollowState.TRACKING
        self._watchdog.on_frames(now_s)
        if frames.is_restart or must_reset or is_held:
            self._limiter.resume()

        if (on_frames := self._on_frames) is not None:
            on_frames(frames)
        even = self._even.fill(frames, may_fill_dropped=self._step_s < self._frame_s)
        figures.filled = self._even.filled
        rotations, positions = self._body.joints(even.rotations, even.positions)
        self._look_after(frames, rotations[even.is_given], positions[even.is_given])
        positions[..., 2] -= self.floor.correction_m
        rotations, positions = self._body.to_model(rotations, positions)
        given = zip(frames.stamps_ns.tolist(), frames.receptions, strict=True)
        for slot, is_given in enumerate(even.is_given.tolist()):
            self._watch_presence(even.is_valid[slot, :self._trackers])
            start_s = time.monotonic()
            estimate = self._estimator.step(
                rotations[None, slot:slot + 1, :self._trackers],
                positions[None, slot:slot + 1, :self._trackers])
            inferred_s = time.monotonic()
            self._step_s += _STEP_SHARE * (inferred_s - start_s - self._step_s)
            if not np.isfinite(estimate.confidence.sum()):
                raise EstimateError('the estimated confidence is not finite')
            if stop.is_set():
                return
            if not is_given:
                continue
            stamp_ns, reception = next(given)
            if not self._is_believed(estimate.confidence[0, 0], stamp_ns, inferred_s - start_s):
                self._limiter.resume()
                continue
            self._pass_on(
                self._body.to_operator(estimate.poses[0, 0]), estimate.confidence[0, 0],
                stamp_ns)
            self._count(stamp_ns, reception, start_s, inferred_s)
            self._watchdog.on_pose(time.monotonic())

    def _is_believed(self, confidence: np.ndarray, stamp_ns: int, took_s: float) -> bool:
        """Say whether a pose may be shown: in time, and of a model that is sure enough."""
        if took_s > self._longest_inference_s:
            self.figures.late += 1
            return False
        if self._confidence.is_trusted(confidence, stamp_ns):
            return True
        self.figures.doubtful += 1
        upper, lower = confidence.tolist()
        self._watchdog.on_doubt(f'the model is not sure (upper {upper:.2f}, lower {lower:.2f})')
        return False

    def _watch_presence(self, present: np.ndarray) -> None:
        """Blend when a tracker is lost or found: the pose is then inferred from others."""
        if self._present is not None and (present != self._present).any():
            self._limiter.resume()
        self._present = present

    def _look_after(
        self, frames: AlignedFrames, rotations: np.ndarray, positions: np.ndarray
    ) -> None:
        self.swap.update(frames.stamps_ns, rotations, positions)
        self.floor.update(
            frames.stamps_ns, rotations[:, 0], positions[:, 0],
            positions[:, self._feet] if self._feet else None)

    def _pass_on(self, estimated: BodyPose, confidence: np.ndarray, stamp_ns: int) -> None:
        last_ns = self._last_stamp_ns
        since_s = self._frame_s if last_ns is None else (stamp_ns - last_ns) * 1e-9
        # Never more than one frame's share, also after a pause: consumers see one message.
        dt_s = since_s if 0.0 < since_s < self._frame_s else self._frame_s
        pose = self._limiter.limit(
            estimated, dt_s, min(max(since_s, dt_s), _LONGEST_STEP_S))
        self._last_stamp_ns = stamp_ns
        self._emit(pose, confidence, stamp_ns + self._ahead_ns)

    def _count(
        self, stamp_ns: int, reception: Reception, start_s: float, inferred_s: float
    ) -> None:
        """Count a pose that was just published, and measure its stages."""
        figures = self.figures
        figures.stages.add(
            alignment=(reception.stamp_ns - stamp_ns) * 1e-9,
            tracker_age=(reception.received_ns - reception.stamp_ns) * 1e-9,
            wait=start_s - reception.received_s,
            inference=inferred_s - start_s,
            publish=time.monotonic() - inferred_s,
            input_to_publish=(self._now_ns() - stamp_ns) * 1e-9)
        figures.output.tick()
        figures.poses += 1
