# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Causal evaluation, frame by frame, through the online code that the node runs.

The trackers are the true poses of the tracked joints, or what the caller makes of them. Every
frame of a clip is estimated, starting from an estimator that has just been reset;
`training.metrics` decides what is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS


#: From the number of a clip and its T poses at the estimator's rate to the trackers that the
#: estimator gets: rotations (T, N, 3, 3), SMPL body axes, and positions (T, N, 3) [m].
Trackers = Callable[[int, BodyPose], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class ClipEstimate:
    """
    What the estimator made of one clip.

    Attributes:
        clip: index of the clip.
        truth: T poses at the estimator's rate.
        poses: T estimated poses, frame by frame those of `truth`.
        confidence: (T, 2) of the upper and of the lower body, in 0..1.
    """

    clip: int
    truth: BodyPose
    poses: BodyPose
    confidence: np.ndarray


def estimate_clips(
    estimator: OnlineEstimator,
    motions: Sequence[Motion],
    on_frames: Callable[[int], None] | None = None,
    trackers: Trackers | None = None,
    frames_per_step: int | None = 1,
) -> Iterator[ClipEstimate]:
    """
    Run the estimator over clips, each in a stream of its own.

    A stream whose clip is over is reset and takes the next one, longest clips first; with no
    clip left, and after the end of its clip within a step, it repeats its last frame and is
    ignored. The result for a clip does not depend on how many streams there are.

    Args:
        estimator: with as many streams as shall run in parallel.
        motions: the clips, at any rate; resampled to the estimator's.
        on_frames: called after each step with the number of frames it estimated.
        trackers: what the estimator gets; without it the true poses of the tracked joints.
        frames_per_step: 1 is what a node does; with more the longest clip, which decides how
            many steps there are, takes fewer. An estimator gives the same for both. None: each
            clip in one step, one after the other.

    Yields:
        The clips' estimates, each as soon as its clip is over.

    Raises:
        MotionAvatarError: an estimate is not finite.
    """
    if frames_per_step is None:
        yield from _whole_clips(estimator, motions, on_frames, trackers)
        return
    waiting = sorted(range(len(motions)), key=lambda clip: motions[clip].duration_s)
    if trackers is None:
        trackers = TrueTrackers(estimator.tracker_names)
    estimator.reset()
    count = len(estimator.tracker_names)
    streams: list[_Stream | None] = [None] * estimator.streams
    rotations = np.tile(np.eye(3), (estimator.streams, frames_per_step, count, 1, 1))
    positions = np.zeros((estimator.streams, frames_per_step, count, 3))
    while True:
        for slot, stream in enumerate(streams):
            if stream is None and waiting:
                clip = waiting.pop()
                poses = motions[clip].resampled(estimator.rate_hz).poses
                streams[slot] = _Stream(clip, poses, trackers(clip, poses))
                estimator.reset(slot)
        running = [(slot, stream) for slot, stream in enumerate(streams) if stream is not None]
        if not running:
            return
        for slot, stream in running:
            rotations[slot], positions[slot] = stream.next_trackers(frames_per_step)
        estimated = estimator.step(rotations, positions)
        frames = 0
        for slot, stream in running:
            frames += stream.keep(estimated.poses[slot], estimated.confidence[slot])
            if stream.is_over:
                yield stream.result()
                streams[slot] = None
        if on_frames is not None:
            on_frames(frames)


def _whole_clips(
    estimator: OnlineEstimator, motions: Sequence[Motion],
    on_frames: Callable[[int], None] | None, trackers: Trackers | None,
) -> Iterator[ClipEstimate]:
    for clip, motion in enumerate(motions):
        even = motion.resampled(estimator.rate_hz)
        of_clip = None if trackers is None else partial(_of_clip, trackers, clip)
        for result in estimate_clips(estimator, [even], on_frames, of_clip, len(even)):
            yield replace(result, clip=clip)


def _of_clip(
    trackers: Trackers, clip: int, _: int, poses: BodyPose
) -> tuple[np.ndarray, np.ndarray]:
    return trackers(clip, poses)


class TrueTrackers:
    """The poses of the tracked joints."""

    def __init__(self, tracker_names: Sequence[str]) -> None:
        self._joints = [TRACKER_JOINTS[name] for name in tracker_names]

    def __call__(self, clip: int, poses: BodyPose) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (T, N, 3, 3), SMPL body axes, and positions (T, N, 3) [m]."""
        rotations, positions = poses.global_joints()
        return rotations[:, self._joints], positions[:, self._joints]


class _Stream:
    """One clip on its way through the estimator."""

    def __init__(
        self, clip: int, poses: BodyPose, trackers: tuple[np.ndarray, np.ndarray]
    ) -> None:
        self._clip = clip
        self._truth = poses
        self._trackers = trackers
        self._rotations = np.empty_like(poses.local_rotations)
        self._roots = np.empty_like(poses.root_position)
        self._confidence = np.empty((len(poses.root_position), 2))
        self._done = 0

    @property
    def is_over(self) -> bool:
        return self._done == len(self._roots)

    def next_trackers(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        which = np.minimum(np.arange(self._done, self._done + frames), len(self._roots) - 1)
        return self._trackers[0][which], self._trackers[1][which]

    def keep(self, poses: BodyPose, confidence: np.ndarray) -> int:
        """Keep the frames up to the clip's end, and return how many those were."""
        frames = min(len(confidence), len(self._roots) - self._done)
        which = slice(self._done, self._done + frames)
        self._rotations[which] = poses.local_rotations[:frames]
        self._roots[which] = poses.root_position[:frames]
        self._confidence[which] = confidence[:frames]
        self._done += frames
        return frames

    def result(self) -> ClipEstimate:
        for values in (self._rotations, self._roots, self._confidence):
            if not np.isfinite(values).all():
                frame = int(np.argmin(np.isfinite(values).reshape(len(values), -1).all(axis=1)))
                raise MotionAvatarError(
                    f'clip {self._clip}: the estimate of frame {frame} is not finite')
        return ClipEstimate(
            self._clip, self._truth, BodyPose(self._rotations, self._roots), self._confidence)
