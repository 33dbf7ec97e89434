# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
SAGE's latent diffusion: first the upper body's tokens, then the lower body's.

The lower body's denoiser is trained beside the upper body's own samples, not its true tokens:
those are what it will see.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.diffusion.noise_schedule import add_noise, cosine_alpha_bars
from motion_avatar_ros.estimation.sage_sampler import SageSampler
from motion_avatar_ros.networks.part_tokenizer import PartTokenizer
from motion_avatar_ros.networks.sage import SageConfig, SageNetwork
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.motion_windows import WindowBatch
from motion_avatar_ros.training.sage_data import ObservedWindows, SageData, observed
from motion_avatar_ros.training.sage_tokens import part_of

_STATISTICS_BATCHES = 20
_VALIDATION_WINDOWS = 256


class SageLatentTraining:
    """A latent denoiser's network, loss and validation."""

    def __init__(
        self, data: SageData, sampler: SageSampler, network: SageNetwork,
        tokenizer: PartTokenizer, part: str,
    ) -> None:
        """
        Prepare.

        Args:
            data: what is drawn from.
            sampler: of the network.
            network: with what the stages before have learnt; the part's denoiser is trained.
            tokenizer: of the part.
            part: 'upper' or 'lower'.
        """
        self._data = data
        self._sampler = sampler
        self._whole = network
        self._tokenizer = tokenizer
        self._part = part

    def build_network(self, device: torch.device) -> SageNetwork:
        """Return the network, all of it at rest but the part's denoiser."""
        network = self._whole.to(device)
        self._tokenizer = self._tokenizer.to(device).eval().requires_grad_(False)
        self._alpha_bars = cosine_alpha_bars(network.config.training_steps).to(device)
        network.requires_grad_(False)
        denoiser = network.denoiser(self._part).requires_grad_(True)
        rng = np.random.default_rng(0)
        tokens = torch.cat([
            self._tokens(observed(self.draw(64, rng, device))).flatten(0, 1)
            for _ in range(_STATISTICS_BATCHES)])
        denoiser.latent_mean.copy_(tokens.mean(0))
        denoiser.latent_std.copy_(tokens.std(0).clamp_min(1e-4))
        return network

    def draw(
        self, windows: int, rng: np.random.Generator, device: torch.device
    ) -> WindowBatch:
        """Draw a training batch."""
        return self._data.draw('train', windows, self._whole.config.window, rng, device)

    def loss(
        self, network: torch.nn.Module, batch: WindowBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        seen = observed(batch)
        features = self._whole.scored(seen.features)
        with torch.no_grad():
            clean = self._scored(self._tokens(seen))
            upper = self._upper(network, features)
        config = self._whole.config
        times = torch.randint(config.training_steps, (len(clean),), device=clean.device)
        noise = torch.randn_like(clean)
        noisy = add_noise(clean, noise, self._alpha_bars[times])
        predicted = network(self._part, noisy, times, features, upper)
        value = functional.smooth_l1_loss(
            predicted, clean if config.prediction == 'x0' else noise)
        return value, {'latent': value.detach()}

    @torch.inference_mode()
    def validate(self, network: SageNetwork, device: torch.device) -> dict[str, float]:
        """Return how far samples are from the true tokens, z-scored, and what they decode to."""
        rng = np.random.default_rng(0)
        figures = MeanFigures()
        for _ in range(_VALIDATION_WINDOWS // 64):
            seen = observed(self._data.draw('val', 64, self._whole.config.window, rng, device))
            features = network.scored(seen.features)
            sample = self._sampler.tokens(
                network, self._part, features, self._upper(network, features))
            denoiser = network.denoiser(self._part)
            motion = self._tokenizer.decode(
                sample * denoiser.latent_std + denoiser.latent_mean)
            figures.add({
                'score': (sample - self._scored(self._tokens(seen))).abs().mean(),
                'val_rotation_6d': (motion - part_of(seen.pose_6d, self._part)).abs().mean()})
        return figures.means()

    def model_config(self) -> dict:
        """Return what the folder is; no estimator loads it."""
        return {'architecture': f'sage_{self._part}_latents'}

    def _tokens(self, seen: ObservedWindows) -> Tensor:
        return self._tokenizer.encode(
            seen.features.flatten(-2), part_of(seen.pose_6d, self._part)).latents

    def _scored(self, tokens: Tensor) -> Tensor:
        denoiser = self._whole.denoiser(self._part)
        return (tokens - denoiser.latent_mean) / denoiser.latent_std

    def _upper(self, network: torch.nn.Module, features: Tensor) -> Tensor | None:
        """Return the upper body's own samples, where the part is the lower one."""
        config: SageConfig = self._whole.config
        if self._part == 'upper' or not config.is_stratified:
            return None
        return self._sampler.tokens(network, 'upper', features, None)
