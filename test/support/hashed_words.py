# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A text encoder for tests: a vector per word by its spelling, in no time."""

from __future__ import annotations

from collections.abc import Sequence
import zlib

import numpy as np

from motion_avatar_ros.generation.text_encoder import TextFeatures


class HashedWords:
    """Vectors without meaning, the same for the same word."""

    name = 'hashed'
    version = ''
    tokens = 16

    def __init__(self, width: int = 384) -> None:
        self.width = width

    def encode(self, texts: Sequence[str]) -> TextFeatures:
        """See `TextEncoder`."""
        split = [text.split()[:self.tokens] or ['.'] for text in texts]
        longest = max(map(len, split))
        words = np.zeros((len(texts), longest, self.width), dtype=np.float32)
        mask = np.zeros((len(texts), longest), dtype=bool)
        for row, spelt in enumerate(split):
            for place, word in enumerate(spelt):
                rng = np.random.default_rng(zlib.crc32(word.encode()))
                words[row, place] = rng.normal(size=self.width)
                mask[row, place] = True
        sentence = words.sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return TextFeatures(sentence.astype(np.float32), words, mask)
