# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A text encoder whose features of a text are computed once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.generation.text_encoder import TextEncoder, TextFeatures
from motion_avatar_ros.training.array_cache import keep_arrays, kept_arrays

_AT_ONCE = 64


class KeptText:
    """Another encoder (see `TextEncoder`); in the cache if its version is told."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.name, self.version = encoder.name, encoder.version
        self.width, self.tokens = encoder.width, encoder.tokens

    def encode(self, texts: Sequence[str]) -> TextFeatures:
        """Return the features of texts."""
        found = {text: kept for text in set(texts) if (kept := self._kept(text)) is not None}
        # Alike in length, so that little is padded.
        missing = sorted(set(texts) - set(found), key=lambda text: (len(text), text))
        for first in range(0, len(missing), _AT_ONCE):
            together = missing[first:first + _AT_ONCE]
            features = self._encoder.encode(together)
            for row, text in enumerate(together):
                own = features.sentence[row], features.words[row, features.mask[row]]
                found[text] = own
                self._keep(text, *own)
        longest = max((len(words) for _, words in found.values()), default=0)
        whole = TextFeatures(
            np.zeros((len(texts), self.width), np.float32),
            np.zeros((len(texts), longest, self.width), np.float32),
            np.zeros((len(texts), longest), bool))
        for row, text in enumerate(texts):
            sentence, words = found[text]
            whole.sentence[row] = sentence
            whole.words[row, :len(words)] = words
            whole.mask[row, :len(words)] = True
        return whole

    def _kept(self, text: str) -> tuple[np.ndarray, np.ndarray] | None:
        kept = kept_arrays('texts', self._key(text)) if self.version else None
        return None if kept is None else (kept['sentence'], kept['words'])

    def _keep(self, text: str, sentence: np.ndarray, words: np.ndarray) -> None:
        if self.version:
            keep_arrays('texts', self._key(text), {'sentence': sentence, 'words': words})

    def _key(self, text: str) -> str:
        return f'{self.name} {self.version} {self.tokens}: {text}'
