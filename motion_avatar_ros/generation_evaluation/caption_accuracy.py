# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether the evaluator sees in a motion the kind of motion that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.generation_evaluation.caption_classes import caption_class


class ClassByCaption:
    """Tells a motion's class by the nearest of known captions."""

    def __init__(self, captions: Sequence[str], vectors: np.ndarray) -> None:
        """
        Take captions of training clips.

        Args:
            captions: C of them, each once.
            vectors: (C, d) of which, by the evaluator.
        """
        self._classes = np.array([caption_class(caption) for caption in captions])
        self._vectors = vectors

    def is_right(self, motions: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        """Return (N,) whether motions (N, d) are nearest to a caption of their text's class."""
        nearest = (motions @ self._vectors.T).argmax(axis=1)
        asked = np.array([caption_class(text) for text in texts])
        return self._classes[nearest] == asked
