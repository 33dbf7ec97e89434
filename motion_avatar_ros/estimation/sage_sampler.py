# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SAGE's sampler: the upper body's tokens, then the lower body's, then poses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from motion_avatar_ros.diffusion.ddim import ddim_step, leading_timesteps, trailing_timesteps
from motion_avatar_ros.diffusion.noise_schedule import cosine_alpha_bars
from motion_avatar_ros.networks.part_tokenizer import PARTS
from motion_avatar_ros.networks.sage import SageConfig


class SageSampler:
    """
    Deterministic DDIM over windows.

    The noise is drawn once, by the seed, for a window of tokens: equal windows give equal poses,
    and a window that moved on by a frame one that hardly differs.
    """

    def __init__(
        self, config: SageConfig, steps: int, seed: int, device: torch.device
    ) -> None:
        """
        Prepare.

        Args:
            config: of the network.
            steps: of each half, 1 to `config.training_steps`.
            seed: of the noise.
            device: where features will be.
        """
        self._config = config
        # Predicted noise says nothing of the tokens where there is nothing but noise.
        spaced = trailing_timesteps if config.prediction == 'x0' else leading_timesteps
        self.timesteps = spaced(steps, config.training_steps)
        alpha_bars = cosine_alpha_bars(config.training_steps)
        self.alpha_bars = [alpha_bars[timestep].to(device) for timestep in self.timesteps]
        random = torch.Generator().manual_seed(seed)
        self.noises = {
            part: torch.randn(1, config.window // 2, config.latent, generator=random).to(device)
            for part in PARTS}

    def tokens(
        self, network: Callable[..., Any], part: str, features: Tensor, upper: Tensor | None
    ) -> Tensor:
        """
        Sample the tokens of half a body.

        Args:
            network: a SageNetwork, or what wraps one.
            part: 'upper' or 'lower'.
            features: (B, window, features), z-scored.
            upper: (B, window / 2, latent) of the upper body, which the lower one's denoiser sees
                where it is stratified.

        Returns:
            (B, window / 2, latent), z-scored.
        """
        noisy = self.noises[part].expand(len(features), -1, -1)
        clean = noisy
        for number, timestep in enumerate(self.timesteps):
            times = noisy.new_full((len(features),), timestep)
            predicted = network(part, noisy, times, features, upper)
            level = self.alpha_bars[number]
            clean = predicted if self._config.prediction == 'x0' else (
                (noisy - (1.0 - level).sqrt() * predicted) / level.sqrt())
            if number + 1 < len(self.timesteps):
                noisy = ddim_step(noisy, clean, level, self.alpha_bars[number + 1])
        return clean

    def newest_poses(
        self, network: Callable[..., Any], features: Tensor
    ) -> tuple[Tensor, Tensor]:
        """
        Sample the last pose of each window, before the refiner.

        Args:
            network: a SageNetwork, or what wraps one.
            features: (B, window, features), z-scored.

        Returns:
            6D rotations (B, 132), and the logarithm of the expected error (B, 2).
        """
        upper = self.tokens(network, 'upper', features, None)
        lower = self.tokens(network, 'lower', features, upper)
        poses, log_error = network('decoder', features, upper, lower)
        return poses[:, -1], log_error[:, -1]
