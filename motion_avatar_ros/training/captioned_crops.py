# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Crops of captioned clips, as all stages of a generator of tokens see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.generation.feature_scale import FeatureScale
from motion_avatar_ros.generation.spoken_words import words_with_sentence
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.networks.frame_tokenizer import ClipSizes
from motion_avatar_ros.training.captioned_clips import load_captioned_clips
from motion_avatar_ros.training.configuration import ConfigurationError, TrainingConfig
from motion_avatar_ros.training.kept_text import KeptText

_ENCODED_AT_ONCE = 64


@dataclass(frozen=True)
class ClipBatch:
    """
    Crops of clips.

    Attributes:
        frames: (B, T, features), T that of the longest clip a network takes; zero beyond a crop.
        counts: (B,) latents of each crop.
        captions: (B,) index of each crop's caption, see `CaptionedCrops.words`.
    """

    frames: Tensor
    counts: Tensor
    captions: Tensor


class CaptionedCrops:
    """The clips of 'train', mirrored ones among them, and those that judge."""

    def __init__(
        self, data: Path, config: TrainingConfig, network: ClipSizes,
        judges: str = 'val',
    ) -> None:
        """
        Load.

        Args:
            data: folder of the clips.
            config: weights of the sets.
            network: how long crops are.
            judges: the split that judges.

        Raises:
            ConfigurationError: a split is without a clip that is long enough, or none is drawn.
        """
        self._judges = judges
        self._network = network
        weights = config.data.source_weights
        sets = None if weights is None else tuple(weights)
        self._clips = {
            split: [
                clip for clip in load_captioned_clips(data, split, sets, split == 'train')
                if len(clip.features) >= network.frames_per_latent]
            for split in ('train', judges)}
        if not all(self._clips.values()):
            raise ConfigurationError(f'no clip of train, or of {judges}, is long enough')
        frames = np.array([len(clip.features) for clip in self._clips['train']], dtype=float)
        shares = np.array([
            1.0 if weights is None else weights[clip.set] for clip in self._clips['train']])
        if not (frames * shares).sum() > 0.0:
            raise ConfigurationError('data.source_weights leaves out every clip')
        self._probability = frames * shares / (frames * shares).sum()
        self._captions = sorted({
            caption for clips in self._clips.values() for clip in clips
            for caption in clip.captions})
        self._number = {caption: number for number, caption in enumerate(self._captions)}

    def statistics(self) -> FeatureScale:
        """Return mean and deviation of the training frames, as they are drawn."""
        clips = self._clips['train']
        weight = np.concatenate([
            np.full(len(clip.features), probability / len(clip.features))
            for clip, probability in zip(clips, self._probability, strict=True)])
        frames = np.concatenate([clip.features for clip in clips]).astype(float)
        mean = weight @ frames / weight.sum()
        deviation = np.sqrt(weight @ np.square(frames - mean) / weight.sum())
        return FeatureScale.of_deviation(mean, deviation)

    def draw(
        self, clips: int, rng: np.random.Generator, device: torch.device,
        short_share: float, shortest_frames: int,
    ) -> ClipBatch:
        """
        Draw training crops.

        Args:
            clips: how many.
            rng: decides.
            device: of the result.
            short_share: of the crops that get a random length instead of the longest.
            shortest_frames: of those.
        """
        chosen = rng.choice(len(self._probability), clips, p=self._probability)
        crops = []
        for clip in (self._clips['train'][number] for number in chosen):
            frames = min(len(clip.features), self._network.longest_frames)
            if rng.random() < short_share and frames > shortest_frames:
                frames = int(rng.integers(shortest_frames, frames + 1))
            start = int(rng.integers(0, len(clip.features) - frames + 1))
            caption = clip.captions[int(rng.integers(len(clip.captions)))]
            crops.append((clip.features[start:start + frames], caption))
        return self._batch(crops, device)

    def validation(self, at_once: int, device: torch.device) -> list[ClipBatch]:
        """Return all clips that judge, from their beginning and with their first caption."""
        crops = [
            (clip.features[:self._network.longest_frames], clip.captions[0])
            for clip in self._clips[self._judges]]
        return [
            self._batch(crops[first:first + at_once], device)
            for first in range(0, len(crops), at_once)]

    def words(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """
        Encode every caption once.

        Returns:
            Words (captions, L, text) with the sentence's vector in front, and which are there
            (captions, L).
        """
        encoder = KeptText(text_encoder(self._network.text_encoder))
        if encoder.width != self._network.text:
            raise ConfigurationError(
                f"network.text is {self._network.text}, but a word of '{encoder.name}' has "
                f'{encoder.width} numbers')
        parts = [
            words_with_sentence(encoder.encode(self._captions[first:first + _ENCODED_AT_ONCE]))
            for first in range(0, len(self._captions), _ENCODED_AT_ONCE)]
        longest = max(is_word.shape[1] for _, is_word in parts)
        return (
            torch.cat([
                functional.pad(words, (0, 0, 0, longest - words.shape[1]))
                for words, _ in parts]).to(device),
            torch.cat([
                functional.pad(is_word, (0, longest - is_word.shape[1]))
                for _, is_word in parts]).to(device))

    def _batch(
        self, crops: Sequence[tuple[np.ndarray, str]], device: torch.device
    ) -> ClipBatch:
        per_latent = self._network.frames_per_latent
        frames = torch.zeros(len(crops), self._network.longest_frames, self._network.features)
        counts = torch.zeros(len(crops), dtype=torch.long)
        for row, (features, _) in enumerate(crops):
            counts[row] = len(features) // per_latent
            kept = int(counts[row]) * per_latent
            frames[row, :kept] = torch.from_numpy(features[:kept])
        captions = torch.tensor([self._number[caption] for _, caption in crops])
        return ClipBatch(frames.to(device), counts.to(device), captions.to(device))
