# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From tracker samples, each with its own stamp, to frames in which all trackers share one.

Every accepted sample is kept until the frames around it are made. At an input rate within 5 %
of the model's each head sample makes one frame with exactly its stamp, as soon as every other
tracker has a sample at or after it; at another rate frames lie on a grid of the model's rate.
Poses are interpolated between two samples of a tracker (slerp, lerp), never extrapolated, and
never across a gap, a relocation or a step of the clock: there are simply no frames there, and
the first one afterwards is a restart. A tracker that stopped thus stops the frames; how old it
is, is for the caller to say.

Nothing comes out before the rate is known, five intervals after the start; what waited comes
out then. Not thread-safe: the caller locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.axes import smpl_global_rotations
from motion_avatar_ros.body.rotations import matrix_from_quaternion
from motion_avatar_ros.trackers.clock_step import ClockStep
from motion_avatar_ros.trackers.frame_times import FrameTimes
from motion_avatar_ros.trackers.gate import GateLimits, TrackerGate, Verdict
from motion_avatar_ros.trackers.sample import Sample
from motion_avatar_ros.trackers.track import Track

_MAX_FRAMES = 8  # newest frames that one take() returns


@dataclass(frozen=True)
class AlignedFrames:
    """
    Consecutive frames of all trackers, oldest first.

    Attributes:
        stamps_ns: (T,) int64, strictly increasing over all that was ever taken, except after
            a step of the clock.
        rotations: (T, N, 3, 3) in the z-up world, SMPL body axes; tracker 0 is the head.
        positions: (T, N, 3) [m] in the world.
        is_restart: these frames do not continue the ones taken before: the first ever, or
            after a gap, a relocation or a step of the clock.
        dropped: frames before these that were made and not returned, because more than eight
            were waiting or a restart made them useless.
    """

    stamps_ns: np.ndarray
    rotations: np.ndarray
    positions: np.ndarray
    is_restart: bool
    dropped: int


class TrackerTimeline:
    """The samples of all trackers and the frames made of them."""

    def __init__(
        self,
        tracker_names: Sequence[str],
        rate_hz: float,
        limits: GateLimits = GateLimits(),
        max_gap_s: float = 0.25,
    ):
        """
        Make an empty timeline.

        Args:
            tracker_names: the head first; frames hold the trackers in this order.
            rate_hz: the model's rate.
            limits: which samples are believed.
            max_gap_s: longest time between two samples of a tracker that is interpolated, and
                between two frames that belong together.
        """
        self._head = tracker_names[0]
        self._max_gap_ns = round(max_gap_s * 1e9)
        self._gates = {name: TrackerGate(limits) for name in tracker_names}
        self._tracks = {name: Track(self._max_gap_ns) for name in tracker_names}
        self._counts: dict[str, Counter[Verdict]] = {name: Counter() for name in tracker_names}
        self._clock = ClockStep(tuple(tracker_names))
        self._times = FrameTimes(list(self._tracks.values()), rate_hz, self._max_gap_ns)
        self._last_taken_ns: int | None = None

    def add(
        self,
        tracker: str,
        stamp_ns: int,
        position_m: Sequence[float] | np.ndarray,
        quaternion_xyzw: Sequence[float] | np.ndarray,
        now_ns: int,
    ) -> Verdict:
        """
        Take one sample of one tracker.

        Args:
            tracker: one of the names given at construction.
            stamp_ns: the time the pose refers to.
            position_m: (3,) [m] in the world.
            quaternion_xyzw: (4,) REP-103 axes.
            now_ns: the present, of the same clock as the stamps.
        """
        gate = self._gates[tracker]
        x, y, z = position_m
        position = float(x), float(y), float(z)
        qx, qy, qz, qw = quaternion_xyzw
        quaternion = float(qx), float(qy), float(qz), float(qw)
        if self._clock.is_now_back(now_ns):
            self._start_over()
        verdict = gate.judge(stamp_ns, position, quaternion, now_ns)
        if self._clock.is_stepped_back(tracker, stamp_ns, now_ns, verdict, gate.accepted):
            self._start_over()
            verdict = gate.judge(stamp_ns, position, quaternion, now_ns)
        self._counts[tracker][verdict] += 1
        sample = gate.accepted
        if verdict is _ACCEPTED and sample is not None:
            self._tracks[tracker].append(sample)
            if tracker == self._head:
                self._times.add_head(sample)
        return verdict

    def take(self) -> AlignedFrames | None:
        """Return the frames that became complete since the last call; None without any."""
        frames, is_restart, dropped = self._times.complete_frames()
        if not frames:
            return None
        if len(frames) > _MAX_FRAMES:
            dropped += len(frames) - _MAX_FRAMES
            frames = frames[-_MAX_FRAMES:]
        first_ns = frames[0][0].stamp_ns
        last_ns = self._last_taken_ns
        is_restart |= last_ns is None or first_ns - last_ns > self._max_gap_ns
        self._last_taken_ns = frames[-1][0].stamp_ns
        return _aligned(frames, is_restart, dropped)

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

    def clear(self) -> None:
        """Forget all samples; the counts stay."""
        self._start_over()
        self._clock.clear()

    def _start_over(self) -> None:
        for gate in self._gates.values():
            gate.clear()
        for track in self._tracks.values():
            track.clear()
        self._times.clear()
        self._last_taken_ns = None


_ACCEPTED = Verdict.ACCEPTED


def _aligned(
    frames: list[list[Sample]], is_restart: bool, dropped: int,
) -> AlignedFrames:
    quaternions = np.array([[sample.quaternion_xyzw for sample in frame] for frame in frames])
    return AlignedFrames(
        stamps_ns=np.array([frame[0].stamp_ns for frame in frames], dtype=np.int64),
        rotations=smpl_global_rotations(matrix_from_quaternion(quaternions)),
        positions=np.array([[sample.position_m for sample in frame] for frame in frames]),
        is_restart=is_restart,
        dropped=dropped,
    )
