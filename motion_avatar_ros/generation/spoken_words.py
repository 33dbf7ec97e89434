# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Words as generators take them: the sentence's vector in front, nothing where nothing is said.

Every vector is brought to a mean square of one: encoders give sentences the length one, words
others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from motion_avatar_ros.generation.text_encoder import TextFeatures

_LEAST_SIZE = 1e-6


def words_with_sentence(features: TextFeatures) -> tuple[Tensor, Tensor]:
    """Return words (B, 1 + L, width), the sentence first, and which are there (B, 1 + L)."""
    sentence, words, is_word = (
        torch.as_tensor(each) for each in (features.sentence, features.words, features.mask))
    vectors = torch.cat((sentence[:, None], words * is_word[..., None]), dim=1)
    size = vectors.square().mean(dim=-1, keepdim=True).sqrt().clamp_min(_LEAST_SIZE)
    return vectors / size, torch.cat((torch.ones_like(is_word[:, :1]), is_word), dim=1)


def said(words: Tensor, is_word: Tensor, is_said: Tensor) -> tuple[Tensor, Tensor]:
    """Return words and their mask with nothing but a zero sentence where `is_said` (B,) is not."""
    is_first = torch.arange(is_word.shape[1], device=is_word.device) == 0
    return words * is_said[:, None, None], is_word & (is_said[:, None] | is_first)
