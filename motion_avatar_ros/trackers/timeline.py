# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From tracker samples, each with its own stamp, to frames in which all trackers share one.

Every accepted sample is kept until the frames around it are made. At an input rate within 5 %
of the model's each head sample makes one frame with exactly its stamp, as soon as every other
required tracker has a sample at or after it; at another rate frames lie on a grid of the
model's rate. Poses are interpolated between two samples of a tracker (slerp, lerp), never
extrapolated, and never across a gap, a relocation or a step of the clock.

Where a required tracker has such a gap there are simply no frames, and the first one afterwards
is a restart. One that stopped thus stops the frames; how old it is, is for the caller to say.
Any other tracker may be absent, start late, drop out and return: it is marked as not valid in
the frames of its gap, and frames neither stop nor start over for it (see `optional_track`).

Nothing comes out before the rate is known, five intervals after the start; what waited comes
out then. Frames are made as samples come, so that they do not depend on when they are taken:
the same samples in the same order make the same frames. Not thread-safe: the caller locks.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

import numpy as np

from motion_avatar_ros.body.axes import smpl_global_rotations
from motion_avatar_ros.body.rotations import matrix_from_quaternion
from motion_avatar_ros.trackers.clock_step import ClockStep
from motion_avatar_ros.trackers.dropouts import DropoutCounter, DropoutFigures
from motion_avatar_ros.trackers.frame_times import Frame, FrameTimes
from motion_avatar_ros.trackers.gate import GateLimits, TrackerGate, Verdict
from motion_avatar_ros.trackers.one_euro import OneEuroFilter, OneEuroSettings
from motion_avatar_ros.trackers.optional_track import OptionalTrack
from motion_avatar_ros.trackers.sample import Reception, Sample
from motion_avatar_ros.trackers.track import Track

_MAX_FRAMES = 8  # newest frames that one take() returns
# Where a tracker has no pose; the rotation is made NaN once it is a matrix.
_NOWHERE = Sample(0, (math.nan, math.nan, math.nan), (0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class AlignedFrames:
    """
    Consecutive frames of all trackers, oldest first.

    Attributes:
        stamps_ns: (T,) int64, strictly increasing over all that was ever taken, except after
            a step of the clock.
        rotations: (T, N, 3, 3) in the z-up world, SMPL body axes; tracker 0 is the head.
        positions: (T, N, 3) [m] in the world.
        is_valid: (T, N) whether a tracker has a pose; where it has none its rotation and
            position are NaN. A required tracker always has one.
        is_restart: these frames do not continue the ones taken before: the first ever, or
            after a gap, a relocation or a step of the clock.
        dropped: frames before these that were made and not returned, because more than eight
            were waiting or a restart made them useless.
        receptions: T, of the samples that completed the frames.
    """

    stamps_ns: np.ndarray
    rotations: np.ndarray
    positions: np.ndarray
    is_valid: np.ndarray
    is_restart: bool
    dropped: int
    receptions: tuple[Reception, ...] = ()


class TrackerTimeline:
    """The samples of all trackers and the frames made of them."""

    def __init__(
        self,
        tracker_names: Sequence[str],
        rate_hz: float,
        limits: GateLimits = GateLimits(),
        max_gap_s: float | Mapping[str, float] = 0.25,
        required: Sequence[str] | None = None,
        filters: Mapping[str, OneEuroSettings] | None = None,
    ):
        """
        Make an empty timeline.

        Args:
            tracker_names: the head first; frames hold the trackers in this order.
            rate_hz: the model's rate.
            limits: which samples are believed.
            max_gap_s: longest time between two samples of a tracker that is interpolated, for
                all or by tracker; the least of the required ones' is also that between two
                frames that belong together.
            required: the trackers without which there is no frame, besides the head; by
                default all.
            filters: how the accepted samples of a tracker are smoothed; one that is not
                named is not.
        """
        assert required is None or set(required) <= set(tracker_names), required
        self._head = tracker_names[0]
        gaps_ns = {
            name: round(1e9 * (max_gap_s if isinstance(max_gap_s, float) else max_gap_s[name]))
            for name in tracker_names}
        frame_ns = 1e9 / rate_hz
        needed = set(tracker_names if required is None else (self._head, *required))
        self._max_gap_ns = min(gaps_ns[name] for name in needed)
        self._gates = {name: TrackerGate(limits) for name in tracker_names}
        self._filters = {
            name: OneEuroFilter(settings) for name, settings in (filters or {}).items()
            if not settings.is_off}
        self._tracks: dict[str, Track] = {
            name: Track(gaps_ns[name]) if name in needed
            else OptionalTrack(gaps_ns[name], frame_ns) for name in tracker_names}
        self._dropouts = {
            name: DropoutCounter(frame_ns, gaps_ns[name]) for name in tracker_names}
        self._counts: dict[str, Counter[Verdict]] = {name: Counter() for name in tracker_names}
        self._clock = ClockStep(tuple(tracker_names))
        self._times = FrameTimes(list(self._tracks.values()), rate_hz, self._max_gap_ns)
        self._made: deque[tuple[Frame, Reception]] = deque()
        self._is_restart = False
        self._dropped = 0
        self._last_taken_ns: int | None = None

    def add(
        self,
        tracker: str,
        stamp_ns: int,
        position_m: Sequence[float] | np.ndarray,
        quaternion_xyzw: Sequence[float] | np.ndarray,
        now_ns: int,
        now_s: float = 0.0,
    ) -> Verdict:
        """
        Take one sample of one tracker.

        Args:
            tracker: one of the names given at construction.
            stamp_ns: the time the pose refers to.
            position_m: (3,) [m] in the world.
            quaternion_xyzw: (4,) REP-103 axes.
            now_ns: the present, of the same clock as the stamps.
            now_s: the present on a steady clock [s], for `receptions` only.
        """
        gate = self._gates[tracker]
        x, y, z = position_m
        position = float(x), float(y), float(z)
        qx, qy, qz, qw = quaternion_xyzw
        quaternion = float(qx), float(qy), float(qz), float(qw)
        if self._clock.is_now_back(now_ns):
            self._start_over()
        jumped_since_ns = gate.jumped_since_ns
        verdict = gate.judge(stamp_ns, position, quaternion, now_ns)
        if self._clock.is_stepped_back(tracker, stamp_ns, now_ns, verdict, gate.accepted):
            self._start_over()
            verdict = gate.judge(stamp_ns, position, quaternion, now_ns)
        self._counts[tracker][verdict] += 1
        sample = gate.accepted
        if verdict is _ACCEPTED and sample is not None:
            if sample.is_restart and jumped_since_ns is not None:
                for other in self._gates.values():
                    other.believe_jump(jumped_since_ns)
            track = self._tracks[tracker]
            self._dropouts[tracker].add(stamp_ns, track.interval_ns)
            if (smoother := self._filters.get(tracker)) is not None:
                sample = smoother.filter(sample)
            track.append(sample)
            if tracker == self._head:
                self._times.add_head(sample)
            self._make_frames(Reception(stamp_ns, now_ns, now_s))
        return verdict

    def take(self) -> AlignedFrames | None:
        """Return the frames that became complete since the last call; None without any."""
        if not self._made:
            return None
        frames, receptions = zip(*self._made, strict=True)
        is_restart, dropped = self._is_restart, self._dropped
        self._made.clear()
        self._is_restart = False
        self._dropped = 0
        stamps_ns = [frame[0].stamp_ns for frame in frames if frame[0] is not None]
        last_ns = self._last_taken_ns
        is_restart |= last_ns is None or stamps_ns[0] - last_ns > self._max_gap_ns
        self._last_taken_ns = stamps_ns[-1]
        return _aligned(stamps_ns, frames, is_restart, dropped, receptions)

    @property
    def waiting(self) -> int:
        """How many frames `take` would return now: eight at most."""
        return len(self._made)

    def newest_stamp_ns(self, tracker: str) -> int | None:
        """Return the stamp of a tracker's last accepted sample."""
        accepted = self._gates[tracker].accepted
        return accepted.stamp_ns if accepted else None

    def counts(self, tracker: str) -> dict[Verdict, int]:
        """Return how many samples of a tracker got each verdict, since construction."""
        return {verdict: self._counts[tracker][verdict] for verdict in Verdict}

    def input_rate_hz(self, tracker: str) -> float | None:
        """Return the rate of a tracker's accepted samples by their stamps."""
        return self._tracks[tracker].rate_hz

    def dropouts(self, tracker: str) -> DropoutFigures:
        """Return the dropouts of a tracker, required or not, since construction."""
        newest_ns = max(
            (gate.accepted.stamp_ns for gate in self._gates.values() if gate.accepted),
            default=None)
        return self._dropouts[tracker].figures(newest_ns, self._tracks[tracker].interval_ns)

    def clear(self) -> None:
        """Forget all samples; the counts and dropouts stay."""
        self._start_over()
        self._clock.clear()

    def _make_frames(self, reception: Reception) -> None:
        frames, is_restart, dropped = self._times.complete_frames()
        made = self._made
        if is_restart:
            dropped += len(made)
            made.clear()
            self._is_restart = True
        made.extend((frame, reception) for frame in frames)
        while len(made) > _MAX_FRAMES:
            made.popleft()
            dropped += 1
        self._dropped += dropped

    def _start_over(self) -> None:
        for gate in self._gates.values():
            gate.clear()
        for smoother in self._filters.values():
            smoother.clear()
        for track in self._tracks.values():
            track.clear()
        for counter in self._dropouts.values():
            counter.forget_last()
        self._times.clear()
        self._made.clear()
        self._is_restart = False
        self._dropped = 0
        self._last_taken_ns = None


_ACCEPTED = Verdict.ACCEPTED


def _aligned(
    stamps_ns: list[int], frames: Sequence[Frame], is_restart: bool, dropped: int,
    receptions: tuple[Reception, ...],
) -> AlignedFrames:
    is_whole = not any(None in frame for frame in frames)
    samples = [
        [_NOWHERE if sample is None else sample for sample in frame] for frame in frames]
    quaternions = np.array([[sample.quaternion_xyzw for sample in frame] for frame in samples])
    positions = np.array([[sample.position_m for sample in frame] for frame in samples])
    rotations = smpl_global_rotations(matrix_from_quaternion(quaternions))
    is_valid = np.ones(positions.shape[:2], dtype=bool)
    if not is_whole:
        is_valid = np.isfinite(positions[..., 0])
        rotations[~is_valid] = math.nan
    return AlignedFrames(
        stamps_ns=np.array(stamps_ns, dtype=np.int64),
        rotations=rotations,
        positions=positions,
        is_valid=is_valid,
        is_restart=is_restart,
        dropped=dropped,
        receptions=receptions,
    )
