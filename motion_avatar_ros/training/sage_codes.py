# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The end of a tokeniser's training: its codes fitted anew, and its decoder trained on them.

The encoder stays as it is, so that codes stay where its latents are.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.networks.part_tokenizer import PartTokenizer
from motion_avatar_ros.networks.sage import SageConfig
from motion_avatar_ros.training.codebook_refit import refit_codebooks
from motion_avatar_ros.training.sage_data import SageData, observed
from motion_avatar_ros.training.sage_tokens import SageTokenTraining, TokenLossWeights, part_of

_DECODING = ('from_latent', 'decoder', 'upsample', 'to_motion', 'motion_straight')
_WINDOWS = 64       # of a batch that is encoded
_BATCHES = 64
_SEED = 1           # other windows than those of `validate`, which counts the codes in use


class SageCodeTraining(SageTokenTraining):
    """A trained tokeniser's network, loss and validation."""

    def __init__(
        self, data: SageData, config: SageConfig, weights: TokenLossWeights, part: str,
        tokenizer: PartTokenizer,
    ) -> None:
        """Prepare; `tokenizer` is the part's, as the stage before left it."""
        super().__init__(data, config, weights, part)
        self._tokenizer = tokenizer

    def build_network(self, device: torch.device) -> PartTokenizer:
        """Return the tokeniser with its new codes, all of it at rest but the decoder."""
        network = self._tokenizer.to(device).eval().requires_grad_(False)
        refit_codebooks(
            network.quantizer, self._latents(network, device),
            torch.Generator().manual_seed(_SEED))
        for name in _DECODING:
            getattr(network, name).requires_grad_(True)
        return network

    @torch.no_grad()
    def _latents(self, network: PartTokenizer, device: torch.device) -> Tensor:
        """Return latents (N, latent) of training windows, not quantised."""
        rng = np.random.default_rng(_SEED)
        latents = []
        for _ in range(_BATCHES):
            seen = observed(self.draw(_WINDOWS, rng, device))
            latents.append(network.unquantised(
                seen.features.flatten(-2), part_of(seen.pose_6d, self._part)).flatten(0, 1))
        return torch.cat(latents)
