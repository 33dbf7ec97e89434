# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
SAGE (Feng et al., CVPR 2024, arXiv 2405.20786): stratified generation of an avatar.

What inference needs: a latent denoiser of the upper body, one of the lower body that sees the
upper body's tokens, a full-body decoder and a recurrent refiner. Each is trained on what the
parts before it give (`training.sage_training`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.latent_denoiser import LatentDenoiser
from motion_avatar_ros.networks.part_tokenizer import PARTS, TokenizerConfig
from motion_avatar_ros.networks.sage_decoder import SageDecoder
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

PREDICTIONS = ('x0', 'noise')
_IDENTITY_6D = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_POSE_SIZE = 6 * JOINT_COUNT


@dataclass(frozen=True)
class SageConfig:
    """Sizes; the defaults are the paper's."""

    trackers: int = 3           # Tracked joints: head, left hand, right hand.
    window: int = 20            # Frames that a pose is inferred from, even.
    latent: int = 384           # Channels of a token of two frames.
    groups: int = 8             # Codebooks of a tokeniser.
    entries: int = 64           # Codes of each.
    tokenizer_width: int = 256
    tokenizer_layers: int = 4   # Of its encoder, and of its decoder.
    width: int = 512            # Of the latent denoisers.
    blocks: int = 12
    heads: int = 8
    decoder_width: int = 256
    decoder_layers: int = 6
    refiner_width: int = 512
    refiner_layers: int = 2
    dropout: float = 0.1
    prediction: str = 'x0'      # Of the latent denoisers: clean tokens, or the noise.
    is_stratified: bool = True  # The lower body sees the upper body's tokens.
    training_steps: int = 1000  # Of the forward process.

    def __post_init__(self) -> None:
        if self.prediction not in PREDICTIONS:
            raise ValueError(
                f"prediction '{self.prediction}' is unknown; known: {', '.join(PREDICTIONS)}")
        if self.window < 4 or self.window % 2:
            raise ValueError(f'window is {self.window}; allowed: even numbers from 4')
        if self.latent % self.groups:
            raise ValueError(f'latent is {self.latent}, no multiple of {self.groups} groups')
        for name, heads in (('width', self.heads), ('tokenizer_width', 4), ('decoder_width', 4)):
            if getattr(self, name) % (2 * heads):
                raise ValueError(
                    f'{name} is {getattr(self, name)}; allowed: multiples of {2 * heads}')

    @property
    def features(self) -> int:
        """Numbers of the observation of a frame."""
        return self.trackers * FEATURES_PER_TRACKER

    @property
    def tokenizer(self) -> TokenizerConfig:
        """Sizes of both tokenisers."""
        return TokenizerConfig(
            self.tokenizer_width, self.tokenizer_layers, 4, self.latent, self.groups,
            self.entries, self.dropout)


class SageNetwork(nn.Module):
    """The parts of inference; `forward` runs the one that is named."""

    feature_mean: Tensor
    feature_std: Tensor
    mean_pose_6d: Tensor

    def __init__(self, config: SageConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer('feature_mean', torch.zeros(config.features))
        self.register_buffer('feature_std', torch.ones(config.features))
        self.register_buffer('mean_pose_6d', torch.tensor(_IDENTITY_6D).repeat(JOINT_COUNT))
        self.denoisers = nn.ModuleDict({part: latent_denoiser(config, part) for part in PARTS})
        self.decoder = SageDecoder(
            config.features, config.latent, config.decoder_width, config.decoder_layers, 4,
            config.dropout)
        self.refiner = nn.GRU(
            _POSE_SIZE, config.refiner_width, config.refiner_layers, batch_first=True)
        self.to_residual = nn.Linear(config.refiner_width, _POSE_SIZE)
        nn.init.zeros_(self.to_residual.weight)
        nn.init.zeros_(self.to_residual.bias)

    def train(self, mode: bool = True) -> SageNetwork:
        """As `nn.Module.train`, but parts that are not trained stay without dropout."""
        super().train(mode)
        for part in (*self.denoisers.values(), self.decoder, self.refiner):
            if not any(parameter.requires_grad for parameter in part.parameters()):
                part.eval()
        return self

    def denoiser(self, part: str) -> LatentDenoiser:
        """Return the denoiser of a half of the body."""
        return cast(LatentDenoiser, self.denoisers[part])

    def scored(self, features: Tensor) -> Tensor:
        """Return z-scored (..., trackers x 18) of features (..., trackers, 18)."""
        return (features.flatten(-2) - self.feature_mean) / self.feature_std

    def initial_refiner_state(self, streams: int) -> Tensor:
        """Return the state of streams that have seen nothing yet."""
        config = self.config
        return self.feature_mean.new_zeros(config.refiner_layers, streams, config.refiner_width)

    def forward(self, part: str, *inputs: Any) -> Any:
        """
        Run a part, so that whatever wraps the network wraps each of them.

        Args:
            part: 'upper' or 'lower' (see `LatentDenoiser`), 'decoder' (see `SageDecoder`), or
                'refiner' (see `refined`).
            inputs: of that part.
        """
        if part == 'decoder':
            pose, log_error = self.decoder(*inputs)
            return self.mean_pose_6d + pose, log_error
        if part == 'refiner':
            return self.refined(*inputs)
        return self.denoisers[part](*inputs)

    def refined(self, pose_6d: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Smooth consecutive poses (B, F, 132); return them and the state for those to come."""
        with torch.autocast(pose_6d.device.type, enabled=False):
            hidden, state = self.refiner(pose_6d.float() - self.mean_pose_6d, state)
            return pose_6d + self.to_residual(hidden), state


def latent_denoiser(config: SageConfig, part: str) -> LatentDenoiser:
    """Build the denoiser of a half of the body."""
    given = config.latent if part == 'lower' and config.is_stratified else 0
    return LatentDenoiser(
        config.features, config.latent, given, config.width, config.blocks, config.heads,
        config.dropout)
