# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MAGE's sampler: each phase runs down its timesteps, the next begins from what it recovered."""

from __future__ import annotations

import torch
from torch import Tensor

from motion_avatar_ros.diffusion.ddim import ddim_step, trailing_timesteps
from motion_avatar_ros.diffusion.noise_schedule import cosine_alpha_bars
from motion_avatar_ros.networks.mage import MageNetwork, MageOutput, MagePose
from motion_avatar_ros.networks.mage_denoiser import DenoiserState


class MageSampler:
    """
    Deterministic DDIM over consecutive frames of a batch of streams.

    Each timestep keeps the keys and values of its own past, so that a frame at a timestep sees
    the past frames as they were at that timestep: what comes out is what the whole clip at once
    would give. The noise is drawn once, by the seed: equal input gives equal output.
    """

    def __init__(
        self, network: MageNetwork, steps: int, seed: int, device: torch.device
    ) -> None:
        """
        Prepare.

        Args:
            network: on the device.
            steps: of each phase, 1 to `network.config.training_steps`.
            seed: of the noise.
            device: where features will be.
        """
        training_steps = network.config.training_steps
        self._network = network
        self.timesteps = trailing_timesteps(steps, training_steps)
        alpha_bars = cosine_alpha_bars(training_steps)
        self.alpha_bars = [alpha_bars[timestep].to(device) for timestep in self.timesteps]
        random = torch.Generator().manual_seed(seed)
        self.noises = [
            torch.randn(1, 1, network.noise_size(phase), generator=random).to(device)
            for phase in range(len(network.config.phases))]
        self._device = device

    def initial_states(self, streams: int) -> list[DenoiserState]:
        """Return the states of streams that have seen nothing yet."""
        return [
            self._network.initial_state(streams, phase)
            for phase in range(len(self.noises)) for _ in self.timesteps]

    def sample(
        self, features: Tensor, states: list[DenoiserState]
    ) -> tuple[MagePose, dict[int, Tensor], list[DenoiserState]]:
        """
        Sample the next T frames.

        Args:
            features: (S, T, trackers, 18), NaN where a tracker is absent.
            states: what the frames before left.

        Returns:
            The pose, the parts (S, T, parts, 9) of the stages before it, and the states for the
            frames to come.
        """
        before, after = iter(states), []
        recovered: dict[int, Tensor] = {}
        given: Tensor | None = None
        output: MageOutput
        for phase, noise in enumerate(self.noises):
            noisy = noise.expand(*features.shape[:2], -1)
            for number, timestep in enumerate(self.timesteps):
                times = torch.full((len(features),), timestep, device=self._device)
                output, state = self._network(
                    features, noisy, times, next(before), phase, given)
                after.append(state)
                if number + 1 < len(self.timesteps):
                    noisy = ddim_step(
                        noisy, output.x0, self.alpha_bars[number],
                        self.alpha_bars[number + 1])
            recovered.update(output.parts)
            given = output.parts.get(self._network.config.phases[phase][-1])
        if output.pose is None:
            raise AssertionError('the last phase gives a pose')
        return output.pose, recovered, after
