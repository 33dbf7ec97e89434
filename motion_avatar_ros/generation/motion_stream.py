# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Endless motion from words: poses at any time, made ahead piece by piece.

A piece carries on what is there: the generator keeps its last second and makes what follows.
Another prompt is carried out from a moment on that the generator needs, as it has been measured,
and blends within half a second. Without a prompt, or told to stop, the body stands. When a piece
is late the body comes to rest as if told to stop, and goes on when it is there.

Knows no ROS and no thread: somebody asks for poses as time goes by, somebody (`stream_worker`)
runs what `next_request` asks for. Calls may come from several threads. What is made depends on
the seed, the prompts and when they and the pieces came.
"""

from __future__ import annotations

import math
import threading

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.motion_features import (
    FRAME_RATE_HZ, WIDTH, features_from_motion, motion_from_features,
)
from motion_avatar_ros.generation.motion_tape import AHEAD, MotionTape
from motion_avatar_ros.generation.prompt_text import checked_prompt
from motion_avatar_ros.generation.seam_search import best_seam
from motion_avatar_ros.generation.standing import Standing, standing_at
from motion_avatar_ros.generation.stream_request import (
    ChunkRequest, StreamError, StreamSettings, StreamStatus,
)

KEPT_FRAMES = 20        # of what is there, that a piece carries on
_STAND_FRAMES = 20      # made at a time
_SEAM_FRAMES = 6        # of a piece that may be left out for a better seam
_STOP_WORDS = ('', 'stop')
_FIRST_GUESS_S, _LEAST_LEAD_S, _MOST_LEAD_S = 0.4, 0.1, 2.0
_LEAD_FACTOR = 1.3      # over the slowest of the last pieces
_REMEMBERED = 4         # pieces


class MotionStream:
    """One endless motion; its time [s] begins at 0."""

    def __init__(self, longest_frames: int, settings: StreamSettings = StreamSettings()) -> None:
        """
        Stand at the origin, facing along x.

        Args:
            longest_frames: that the generator makes at once.
            settings: of the stream.

        Raises:
            StreamError: pieces are too long for the generator, or too short.
        """
        chunk = round(settings.chunk_s * FRAME_RATE_HZ)
        longest = longest_frames - KEPT_FRAMES
        if not KEPT_FRAMES <= chunk <= longest:
            raise StreamError(
                f'pieces of {settings.chunk_s:g} s; allowed with this generator: '
                f'{KEPT_FRAMES / FRAME_RATE_HZ:g} to {longest / FRAME_RATE_HZ:g} s')
        self._settings, self._chunk_frames = settings, chunk
        self._lock = threading.Lock()
        #: Is told when there may be something to be made.
        self.wake = threading.Event()
        self._chunks = self._late = self._discarded = self._failed = 0
        self._steps_before = 0
        self._revision = 0      # of what is to be done
        self._made_s: list[float] = []
        self._now_s = 0.0
        self._requested: int | None     # the revision for which a piece is in work
        self._problem: str | None
        self._standing: Standing | None  # what is shown behind frame _stands_from
        self._begin()

    def say(self, text: str) -> str:
        """
        Do something else from now on.

        Args:
            text: what; '' and 'stop' are for standing.

        Returns:
            The prompt in force, '' for standing.

        Raises:
            PromptError: the prompt is refused, and what was done goes on.
        """
        prompt = checked_prompt(text)
        if prompt.strip(' .!').lower() in _STOP_WORDS:
            prompt = ''
        with self._lock:
            self._prompt, self._problem = prompt, None
            self._revision += 1
            self._is_new = bool(prompt)
            if not prompt and self._standing is None:
                self._stand_after(self._shown + AHEAD)
        self.wake.set()
        return prompt

    def reset(self) -> None:
        """Stand at the origin again, at once."""
        with self._lock:
            self._revision += 1
            self._steps_before += self._tape.extra_steps
            self._begin()

    def pose_at(self, time_s: float) -> BodyPose:
        """Return the pose at a time, which never goes back."""
        with self._lock:
            self._now_s = max(self._now_s, time_s)
            frame = self._frame(self._now_s)
            self._shown = math.floor(frame)
            self._stand_if_needed(self._shown + AHEAD + 1)
            pose = self._tape.at(frame)
            self._tape.forget(self._shown - KEPT_FRAMES - 2)
            if self._wants():
                self.wake.set()
        return pose

    def next_request(self) -> ChunkRequest | None:
        """Return what is to be made now, once; None while there is enough."""
        with self._lock:
            if not self._wants():
                return None
            frame = self._shown + AHEAD + math.ceil(self._lead_s() * FRAME_RATE_HZ)
            if self._standing is None:
                last = self._tape.end - 1
                frame = min(frame, last) if self._is_new else last
            self._stand_if_needed(frame)
            kept = self._tape.features(frame, KEPT_FRAMES)
            source = np.zeros((KEPT_FRAMES + self._chunk_frames, WIDTH), dtype=np.float32)
            source[:KEPT_FRAMES] = kept
            is_kept = np.arange(len(source)) < KEPT_FRAMES
            self._requested = self._revision
            self._is_new = False
            self._asked += 1
            return ChunkRequest(
                self._prompt, source, is_kept, self._settings.seed + self._asked, frame,
                self._revision)

    def accept(self, request: ChunkRequest, features: np.ndarray, took_s: float) -> bool:
        """
        Take a piece.

        Args:
            request: that asked for it.
            features: (T, 269), as long as the request's.
            took_s: time it took.

        Returns:
            Whether it is shown; not when something else is to be done by now.
        """
        problem, motion = '', None
        try:
            motion = motion_from_features(features)
        except MotionAvatarError as error:
            problem = str(error)
        with self._lock:
            self._made_s = [*self._made_s[1 - _REMEMBERED:], took_s]
            if request.revision != self._revision:
                self._discarded += 1
                return False
            self._requested = None
            if motion is None or len(features) != len(request.source):
                self._fail(problem or f'{len(features)} frames instead of {len(request.source)}')
                return False
            frame = max(request.frame, self._shown + AHEAD)
            self._stand_if_needed(frame)
            # A piece that is late has gone on meanwhile, as what is shown has.
            seam = best_seam(
                self._tape.features(frame, 2)[-1], features_from_motion(motion, 0.0),
                KEPT_FRAMES - 1, 1 + frame - request.frame + _SEAM_FRAMES)
            self._tape.join(frame, motion, seam, self._settings.blend_s)
            self._standing = None
            self._chunks += 1
        return True

    def refuse(self, request: ChunkRequest, problem: str) -> None:
        """Take note that a piece could not be made: the body stands until the next prompt."""
        with self._lock:
            if request.revision == self._revision:
                self._requested = None
                self._fail(problem)

    def status(self) -> StreamStatus:
        """Return what it does."""
        with self._lock:
            left = 0.0 if self._standing is not None else (
                self._tape.end - 1 - self._frame(self._now_s)) / FRAME_RATE_HZ
            return StreamStatus(
                self._prompt, self._standing is None, max(left, 0.0), self._chunks, self._late,
                self._discarded, self._failed, self._steps_before + self._tape.extra_steps,
                self._problem)

    def _begin(self) -> None:
        pose = standing_at(np.zeros(2), 0.0)
        past = KEPT_FRAMES + AHEAD
        frames = BodyPose(
            np.repeat(pose.local_rotations[None], past + 1, axis=0),
            np.repeat(pose.root_position[None], past + 1, axis=0))
        self._tape = MotionTape(frames)
        self._offset_frames = past - math.floor(self._now_s * FRAME_RATE_HZ)
        self._shown = past
        self._prompt = ''
        self._problem = None
        self._is_new = False
        self._requested = None
        self._asked = 0
        self._stand_after(past)

    def _frame(self, time_s: float) -> float:
        return time_s * FRAME_RATE_HZ + self._offset_frames

    def _wants(self) -> bool:
        """Say whether a piece is to be made."""
        if not self._prompt or self._requested == self._revision:
            return False
        if self._is_new or self._standing is not None:
            return True
        left_s = (self._tape.end - 1 - self._shown) / FRAME_RATE_HZ
        return left_s < max(self._settings.ahead_s, self._lead_s() + 0.5)

    def _lead_s(self) -> float:
        slowest_s = max(self._made_s, default=_FIRST_GUESS_S)
        return min(max(_LEAD_FACTOR * slowest_s, _LEAST_LEAD_S), _MOST_LEAD_S)

    def _stand_after(self, frame: int) -> None:
        """Show the way to standing from a frame on."""
        frame = min(frame, self._tape.end - 1)
        self._tape.cut(frame)
        self._standing = self._tape.stand_after(frame)
        self._stands_from = frame

    def _stand_if_needed(self, last: int) -> None:
        """Make sure that there are frames up to a number."""
        if self._tape.end > last:
            return
        if self._standing is None:
            self._late += 1
            self._stand_after(self._tape.end - 1)
        assert self._standing is not None
        count = max(_STAND_FRAMES, last + 1 - self._tape.end)
        self._tape.extend(
            self._standing.frames(self._tape.end - self._stands_from, count))

    def _fail(self, problem: str) -> None:
        self._failed += 1
        self._problem, self._prompt, self._is_new = problem, '', False
        self._revision += 1
        if self._standing is None:
            self._stand_after(self._shown + AHEAD)
