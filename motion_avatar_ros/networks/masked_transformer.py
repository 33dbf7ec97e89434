# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoMask's second stage: a transformer that tells hidden tokens of the base layer from the others.

Every token sees every other (arXiv 2312.00063, section 3.2). Places are rotary, as in our MoSa,
and words are attended to; the authors add sinusoids and put the sentence in front of the tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.text_transformer import (
    EMBEDDING_STD, Heard, TextTransformer, TransformerSizes,
)


class MaskedTransformer(TextTransformer):
    """
    Logits of the base layer's tokens.

    Attributes:
        hidden: the token that stands for one that is not known.
    """

    def __init__(self, sizes: TransformerSizes, longest: int, codes: int) -> None:
        super().__init__(sizes, longest)
        self.hidden = codes
        self.embed_tokens = nn.Embedding(codes + 1, sizes.width)
        nn.init.normal_(self.embed_tokens.weight, std=EMBEDDING_STD)
        self.head = nn.Linear(sizes.width, codes)

    def forward(
        self, words: Tensor, is_word: Tensor, tokens: Tensor, counts: Tensor
    ) -> Tensor:
        """Return the logits of tokens; see `heard` and `logits`."""
        return self.logits(self.heard(words, is_word, counts), tokens)

    def logits(self, heard: Heard, tokens: Tensor) -> Tensor:
        """
        Return the logits (B, longest, codes) of all tokens, hidden or not.

        Args:
            heard: what is asked of the clips.
            tokens: (B, longest), `hidden` where not known.
        """
        logits: Tensor = self.head(self.mixed(self.embed_tokens(tokens), heard))
        return logits


def hidden_shares(done: Tensor) -> Tensor:
    """
    Return the shares of the tokens that are hidden when a part of the work is done (eq. 4).

    Args:
        done: from 0, all are hidden, to 1, none is.
    """
    return torch.cos(0.5 * torch.pi * done)
