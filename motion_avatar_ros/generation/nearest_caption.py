# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Motion from words without a network that makes any: a recorded clip whose caption is nearest.

It needs the recordings, so it is for who has a data folder, and what a generator has to beat.
Clips are carried on by others of nearly the same caption, from the frame that fits best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.motion_features import (
    CORE, HEIGHT, PLANAR_VELOCITY, ROTATIONS, TILT, WIDTH, YAW_VELOCITY, motion_from_features,
)
from motion_avatar_ros.generation.motion_tape import MotionTape
from motion_avatar_ros.generation.motion_windows import with_kept_frames
from motion_avatar_ros.generation.prompt_text import checked_prompt
from motion_avatar_ros.generation.request_checks import check_source, check_texts
from motion_avatar_ros.generation.text_encoder import TextEncoder

_LONGEST_FRAMES = 196
_NEARLY = 0.05          # of cosine, that captions may be farther away and still be meant
_BLEND_S = 0.5          # from a clip into the next
_CONTEXT_FRAMES = 10    # before a seam, from which it is seen which feet stand
_FEWEST_CLIPS = 3       # to choose from
_FEWEST_LEFT = 20       # frames of a clip that is carried on with
#: How much frames differ that carry on: posture, height, and how fast they go.
_WEIGHTS = ((ROTATIONS, 1.0), (TILT, 4.0), (HEIGHT, 40.0), (PLANAR_VELOCITY, 800.0),
            (YAW_VELOCITY, 200.0))


class NearestCaption:
    """See `text_to_motion.TextToMotion`."""

    name = 'nearest_caption'
    longest_frames = _LONGEST_FRAMES

    def __init__(
        self, captions: Sequence[Sequence[str]], features: Sequence[np.ndarray],
        encoder: TextEncoder,
    ) -> None:
        """
        Take recordings.

        Args:
            captions: one or more of each.
            features: (T, 269) of each.
            encoder: of captions and prompts.

        Raises:
            MotionAvatarError: there is none.
        """
        if not features:
            raise MotionAvatarError('no recorded motion to find a caption in')
        self._features = list(features)
        self._encoder = encoder
        texts = [text for each in captions for text in each]
        self._clips = np.repeat(np.arange(len(captions)), [len(each) for each in captions])
        self._vectors = self._encoded(texts)

    def generate(
        self, texts: Sequence[str], frames: Sequence[int], seed: int
    ) -> list[np.ndarray]:
        """Return the beginning of a clip to each text, carried on where it is too short."""
        check_texts(texts, frames)
        motions = []
        for row, (text, count) in enumerate(zip(texts, frames, strict=True)):
            draw = np.random.default_rng((seed, row))
            clips = self._nearest(checked_prompt(text))
            first = self._features[draw.choice(clips)][:count].copy()
            motions.append(self._carried_on(first, clips, count))
        return motions

    def edit(
        self, source: np.ndarray, is_kept: np.ndarray, text: str, seed: int
    ) -> np.ndarray:
        """Return `source` (T, 269) with clips in place of the frames that do not stay."""
        check_source(source, is_kept, WIDTH)
        clips = self._nearest(checked_prompt(text))
        some = max(_FEWEST_CLIPS, len(clips) // 2)      # so that another seed is another motion
        clips = np.random.default_rng(seed).permutation(clips)[:some]
        edges = np.flatnonzero(np.diff(is_kept.astype(int))) + 1
        made = source[:0]
        for begin, end in zip((0, *edges), (*edges, len(source))):
            if is_kept[begin]:
                made = np.concatenate((made, source[begin:end]))
            elif len(made):
                made = self._carried_on(made, clips, end)
            else:
                made, = self.generate([text], [max(end, 4)], seed)
                made = made[:end]
        return with_kept_frames(made, source, is_kept, 0)

    def _carried_on(self, made: np.ndarray, clips: np.ndarray, count: int) -> np.ndarray:
        """Return frames with more behind them, (count, 269)."""
        while len(made) < count:
            clip, frame = self._fitting(made[-1], clips)
            tape = MotionTape.of_features(made[-_CONTEXT_FRAMES:])
            last, begin = tape.end - 1, max(frame - _CONTEXT_FRAMES, 0)
            motion = motion_from_features(self._features[clip][begin:])
            tape.join(last, motion, frame - begin, _BLEND_S)
            more = tape.features(tape.end - 1, tape.end)[last + 1:]
            made = np.concatenate((made, more))
        return made[:count]

    def _fitting(self, last: np.ndarray, clips: np.ndarray) -> tuple[int, int]:
        """Return the clip and frame of it that are most like a frame, with enough behind it."""
        best: tuple[float, int, int] | None = None
        for clip in clips:
            features = self._features[clip]
            # Not its first: how fast it comes is asked for, too.
            frames = features[1:max(2, len(features) - _FEWEST_LEFT), CORE]
            cost = sum(weight * ((frames[:, part] - last[part]) ** 2).sum(axis=1)
                       for part, weight in _WEIGHTS)
            frame = int(np.argmin(cost))
            if best is None or cost[frame] < best[0]:
                best = float(cost[frame]), int(clip), frame + 1
        assert best is not None
        return best[1], best[2]

    def _nearest(self, text: str) -> np.ndarray:
        """Return the clips whose captions are nearest; all without a text."""
        if not text:
            return np.arange(len(self._features))
        likeness = self._vectors @ self._encoded([text])[0]
        return np.unique(self._clips[likeness >= likeness.max() - _NEARLY])

    def _encoded(self, texts: Sequence[str]) -> np.ndarray:
        vectors = self._encoder.encode(list(texts)).sentence.astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
