# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen as a generator: a model folder in, motion features out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.generation.prompt_text import checked_prompt
from motion_avatar_ros.generation.request_checks import GenerationError, check_source
from motion_avatar_ros.generation.scalemogen_sampler import BitSampler, BitSamplerConfig
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.generation.token_generator import TokenGenerator, folder_config
from motion_avatar_ros.generation.token_sampling import KeptLatents
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig, ScaleMoGenNetwork
from motion_avatar_ros.networks.skeleton_parts import BODY_PART_NAMES


class ScaleMoGen(TokenGenerator):
    """Generates in eleven steps, and edits by time, by part of the body and by words."""

    config: ScaleMoGenConfig
    network: ScaleMoGenNetwork
    sampler: BitSampler

    def __init__(self, folder: Path, device: torch.device) -> None:
        """Load a model folder; ModelFolderError where it is not usable."""
        super().__init__(folder, device, text_encoder)

    def _build(
        self, sizes: dict[str, Any], sampling: dict[str, Any], folder: Path, device: torch.device
    ) -> None:
        self.config, drawing = ScaleMoGenConfig(**sizes), BitSamplerConfig(**sampling)
        self.network = self._at_rest(folder, lambda: ScaleMoGenNetwork(self.config), device)
        self.sampler = BitSampler(
            self.network.tokenizer.quantizer, self.network.transformer, drawing)

    def edit_parts(
        self, source: np.ndarray, is_kept: np.ndarray, parts: Sequence[str], text: str,
        seed: int,
    ) -> np.ndarray:
        """
        Return a motion (T, 269) in which parts of the body are made anew to a text.

        Args:
            source: (T, 269) features.
            is_kept: (T,) bool, frames that stay; the other parts keep their bits in all.
            parts: of `BODY_PART_NAMES`, one at least.
            text: '' for anything that fits.
            seed: decides what is drawn.

        Raises:
            GenerationError: there is no such part, or the source is no motion.
        """
        text = checked_prompt(text)
        check_source(source, is_kept, self.config.features)
        is_free = self._parts(parts)
        words, silence = self._words([text])

        def draw(
            part: np.ndarray, is_part_kept: np.ndarray, counts: Tensor,
            generator: torch.Generator,
        ) -> Tensor:
            return self.sampler.draw(
                words, silence, counts, [generator],
                self._seen(part, is_part_kept, counts), is_free)

        return self._in_windows(draw, source, is_kept, seed, 0)

    def reword(
        self, source: np.ndarray, is_kept: np.ndarray, parts: Sequence[str], old_text: str,
        text: str, seed: int,
    ) -> np.ndarray:
        """
        Return a motion (T, 269) told in other words, as near to the source as these let it be.

        Args:
            source: (T, 269) features.
            is_kept: (T,) bool, frames that stay.
            parts: of `BODY_PART_NAMES`, those that may change.
            old_text: what tells the source.
            text: what is to be told instead.
            seed: decides what is drawn.

        Raises:
            GenerationError: there is no such part, or the source is no motion.
        """
        old_text, text = checked_prompt(old_text), checked_prompt(text)
        check_source(source, is_kept, self.config.features)
        is_free = self._parts(parts)
        words, silence = self._words([text])
        old_words, _ = self._words([old_text])

        def draw(
            part: np.ndarray, is_part_kept: np.ndarray, counts: Tensor,
            generator: torch.Generator,
        ) -> Tensor:
            return self.sampler.reword(
                words, old_words, silence, counts, [generator],
                self._seen(part, is_part_kept, counts), is_free)

        return self._in_windows(draw, source, is_kept, seed, 0)

    def _seen(self, source: np.ndarray, is_kept: np.ndarray, counts: Tensor) -> KeptLatents:
        """Return all latents of a source; those with a frame that does not stay do not."""
        per_latent, longest = self.config.frames_per_latent, self.longest_frames
        kept = self._kept(source, np.ones_like(is_kept), counts)
        assert kept is not None
        whole = np.pad(is_kept, (0, int(counts[0]) * per_latent - len(is_kept)), mode='edge')
        is_latent_kept = np.ones(longest // per_latent, dtype=bool)
        is_latent_kept[:int(counts[0])] = whole.reshape(-1, per_latent).all(axis=1)
        return KeptLatents(
            kept.latents, torch.from_numpy(is_latent_kept)[None].to(self._device))

    def _parts(self, names: Sequence[str]) -> Tensor:
        unknown = sorted(set(names) - set(BODY_PART_NAMES))
        if unknown or not names:
            raise GenerationError(
                f"no part '{unknown[0] if unknown else ''}' of the body; known: "
                f'{", ".join(BODY_PART_NAMES)}')
        return torch.tensor(
            [name in names for name in BODY_PART_NAMES], device=self._device)


def scalemogen_folder_config(
    config: ScaleMoGenConfig, sampler: BitSamplerConfig
) -> dict[str, Any]:
    """Return the config.yaml of a model folder."""
    return folder_config('scalemogen', config, sampler)
