# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoMask's third stage: a transformer that tells the tokens of a layer from the layers before it.

All tokens of a layer at once, from the words and the sum of the layers before (arXiv 2312.00063,
section 3.3). The sum is that of the tokeniser's own codes, scored by its statistics, as in our
MoSa; the authors sum embeddings that are learnt anew, which is more to learn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.text_transformer import (
    EMBEDDING_STD, Heard, TextTransformer, TransformerSizes,
)


class ResidualTransformer(TextTransformer):
    """
    Logits of the tokens of one layer at a time, the base layer excepted.

    Attributes:
        input_mean: (layers - 1, latent) of what comes before each layer but the base one.
        input_std: (layers - 1, latent) its deviation.
    """

    input_mean: Tensor
    input_std: Tensor

    def __init__(
        self, sizes: TransformerSizes, longest: int, layers: int, codes: int
    ) -> None:
        super().__init__(sizes, longest)
        self.embed_latents = nn.Linear(sizes.latent, sizes.width)
        self.level = nn.Parameter(EMBEDDING_STD * torch.randn(layers - 1, sizes.width))
        # One matrix per layer, picked by clip: clips of a batch may be at different layers.
        self.head = nn.Parameter(torch.randn(layers - 1, sizes.width, codes) / sizes.width ** 0.5)
        self.head_bias = nn.Parameter(torch.zeros(layers - 1, codes))
        self.register_buffer('input_mean', torch.zeros(layers - 1, sizes.latent))
        self.register_buffer('input_std', torch.ones(layers - 1, sizes.latent))

    def forward(
        self, words: Tensor, is_word: Tensor, before: Tensor, layers: Tensor, counts: Tensor
    ) -> Tensor:
        """Return the logits of tokens; see `heard` and `logits`."""
        return self.logits(self.heard(words, is_word, counts), before, layers)

    def logits(self, heard: Heard, before: Tensor, layers: Tensor) -> Tensor:
        """
        Return the logits (B, longest, codes) of a layer's tokens.

        Args:
            heard: what is asked of the clips.
            before: (B, longest, latent) the sum of the layers before it.
            layers: (B,) index of each clip's layer, 1 the one after the base layer.
        """
        index = layers - 1
        scored = (before - self.input_mean[index, None]) / self.input_std[index, None]
        x = self.mixed(self.embed_latents(scored) + self.level[index, None], heard)
        return x @ self.head[index] + self.head_bias[index, None]
