# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the training loop needs to know about the evaluator of generated motion."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ, WIDTH
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.networks.text_motion import TextMotionConfig, TextMotionNetwork
from motion_avatar_ros.training.captioned_clips import (
    LEAST_FRAMES, MOST_FRAMES, CaptionedClip, load_captioned_clips,
)
from motion_avatar_ros.training.configuration import (
    ConfigurationError, TrainingConfig, from_mapping,
)
from motion_avatar_ros.training.damaged_motion import by_chance
from motion_avatar_ros.training.losses import weighted_sum

_ALIKE = 0.8            # captions nearer than this are no strangers to each other
_LEAST_STD = 1e-3
_LEAST_DEVIATION = 1e-2     # of a feature over a motion, before the logarithm
_DAMAGED = 1024         # crops, made once
_DAMAGED_SHARE = 0.5    # beside a batch


@dataclass(frozen=True)
class TextMotionLossWeights:
    """The terms."""

    contrast: float = 1.0       # InfoNCE both ways (TMR, eq. 3), same captions being one.
    statistics: float = 0.3     # Means and deviations of the features and of their change.
    damaged: float = 0.5        # The same of motions with planted faults, which have no words.


@dataclass(frozen=True)
class CaptionedCrops:
    """
    Crops of clips and one caption of each.

    Attributes:
        features: (B, 196, 269), zero behind a crop.
        counts: (B,) frames.
        captions: (B,) numbers of captions.
        damaged, damaged_counts: (D, 196, 269) and (D,), motions with planted faults; D can be 0.
    """

    features: Tensor
    counts: Tensor
    captions: Tensor
    damaged: Tensor
    damaged_counts: Tensor


class TextMotionTraining:
    """The evaluator's network, loss and validation."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._network_config: TextMotionConfig = from_mapping(
            TextMotionConfig, config.network, 'network')
        self._weights = from_mapping(TextMotionLossWeights, config.loss, 'loss')

    def load_data(self, data: Path, _: Any) -> None:
        """Load captioned clips of the splits 'train' and 'val'."""
        weights = self._config.data.source_weights
        sets = None if weights is None else tuple(weights)
        self._clips = load_captioned_clips(data, 'train', sets, with_mirrored=True)
        self._validation = load_captioned_clips(data, 'val', sets)
        frames = np.array([
            len(clip.features) * (1.0 if weights is None else weights[clip.set])
            for clip in self._clips])
        if not frames.sum() > 0.0:
            raise ConfigurationError('data.source_weights leaves out every clip')
        self._probability = frames / frames.sum()
        captions = sorted({
            caption for clip in (*self._clips, *self._validation) for caption in clip.captions})
        self._number = {caption: number for number, caption in enumerate(captions)}
        encoder = text_encoder(self._network_config.text_encoder)
        self._sentences = torch.from_numpy(encoder.encode(captions).sentence)

    def build_network(self, device: torch.device) -> TextMotionNetwork:
        """Return a network with the training data's statistics in its buffers."""
        network = TextMotionNetwork(self._network_config).to(device)
        rng = np.random.default_rng(self._config.seed)
        drawn = rng.choice(len(self._clips), 256, p=self._probability)
        frames = np.concatenate([
            self._crop(self._clips[number], rng) for number in drawn])
        network.feature_mean.copy_(torch.from_numpy(frames.mean(axis=0)))
        network.feature_std.copy_(torch.from_numpy(np.maximum(frames.std(axis=0), _LEAST_STD)))
        self._on_device = self._sentences.to(device)
        self._damaged = [
            by_chance(self._crop(self._clips[number], rng), rng)
            for number in rng.choice(len(self._clips), _DAMAGED, p=self._probability)]
        return network

    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> CaptionedCrops:
        """Draw a training batch."""
        chosen = [self._clips[number] for number in rng.choice(
            len(self._clips), windows, p=self._probability)]
        damaged = rng.choice(_DAMAGED, int(_DAMAGED_SHARE * windows), replace=False)
        return self._batch([
            (self._crop(clip, rng), clip.captions[int(rng.integers(len(clip.captions)))])
            for clip in chosen], device, [self._damaged[number] for number in damaged])

    def loss(
        self, network: torch.nn.Module, batch: CaptionedCrops
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        sentences = self._on_device[batch.captions]
        counts = torch.cat((batch.counts, batch.damaged_counts))
        output = network(torch.cat((batch.features, batch.damaged)), counts, sentences)
        whole = len(batch.features)
        off = (output.told.float() - statistics(output.normalised, counts)).square()
        terms = {
            'contrast': contrast(
                output.motions[:whole].float(), output.sentences.float(), sentences,
                batch.captions, output.temperature),
            'statistics': off[:whole].mean(),
            # A mean of none would be no number.
            'damaged': off[whole:].sum() / max(1, off[whole:].numel()),
        }
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: TextMotionNetwork, device: torch.device) -> dict[str, float]:
        """
        Return figures of 'val'; the score is what retrieval and statistics are off by.

        Not the loss: with a dozen captions it tells how sure of itself the network is.
        """
        batch = self._batch(
            [(clip.features, clip.captions[0]) for clip in self._validation], device)
        loss, terms = self.loss(network, batch)
        numbers, place = batch.captions.unique(return_inverse=True)
        nearness = network.embed_motions(batch.features, batch.counts) @ (
            network.embed_sentences(self._on_device[numbers]).mT)
        ranks = (nearness > nearness.gather(1, place[:, None])).sum(dim=1)
        right = {f'val_top_{most}': float((ranks < most).float().mean()) for most in (1, 3)}
        return {
            'score': float(terms['statistics']) + sum(1.0 - share for share in right.values()),
            'val_loss': float(loss),
            **{f'val_{name}': float(term) for name, term in terms.items()},
            'val_captions': float(len(numbers)), **right}

    def model_config(self) -> dict:
        """Return what who evaluates must know, for the model folder's config.yaml."""
        return {'architecture': 'text_motion', 'rate_hz': FRAME_RATE_HZ,
                'network': asdict(self._network_config)}

    def _crop(self, clip: CaptionedClip, rng: np.random.Generator) -> np.ndarray:
        longest = min(len(clip.features), MOST_FRAMES)
        frames = int(rng.integers(LEAST_FRAMES, longest + 1))
        start = int(rng.integers(0, len(clip.features) - frames + 1))
        return clip.features[start:start + frames]

    def _batch(
        self, crops: list[tuple[np.ndarray, str]], device: torch.device,
        damaged: list[np.ndarray] | None = None,
    ) -> CaptionedCrops:
        numbers = torch.tensor([self._number[caption] for _, caption in crops])
        return CaptionedCrops(*(each.to(device) for each in (
            *padded([crop for crop, _ in crops]), numbers, *padded(damaged or []))))


def padded(motions: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Return motions (frames, 269) as one tensor (B, 196, 269) with zeros, and their frames."""
    features = torch.zeros(len(motions), MOST_FRAMES, WIDTH)
    for row, motion in enumerate(motions):
        features[row, :len(motion)] = torch.from_numpy(np.asarray(motion, dtype=np.float32))
    return features, torch.tensor([len(motion) for motion in motions])


def contrast(
    motions: Tensor, said: Tensor, sentences: Tensor, captions: Tensor, temperature: Tensor
) -> Tensor:
    """
    Return InfoNCE both ways; the same caption is the same, one that is alike is left out.

    Args:
        motions, said: (B, embedding) vectors of length sqrt(embedding).
        sentences: (B, text) of length one, by which captions are alike.
        captions: (B,) numbers.
        temperature: of the softmax of cosines.
    """
    logits = motions @ said.mT / motions.shape[-1] / temperature
    is_same = captions[:, None] == captions
    logits = logits.masked_fill((sentences @ sentences.mT > _ALIKE) & ~is_same, -1e4)
    target = is_same / is_same.sum(dim=1, keepdim=True)
    return 0.5 * (functional.cross_entropy(logits, target)
                  + functional.cross_entropy(logits.mT, target))


def statistics(normalised: Tensor, counts: Tensor) -> Tensor:
    """
    Return what is told of a motion's normalised features (B, T, features), (B, 3 * features).

    Their mean, the logarithm of their deviation, and that of their change from frame to frame:
    the same frames in another order are another motion.
    """
    frames = torch.arange(normalised.shape[1], device=normalised.device)
    is_real = (frames < counts[:, None])[..., None]
    count = counts[:, None]
    mean = (normalised * is_real).sum(dim=1) / count
    off = (normalised - mean[:, None]) * is_real
    steps = normalised.diff(dim=1) * is_real[:, 1:]
    return torch.cat(
        (mean, _log_deviation(off, count), _log_deviation(steps, count - 1)), dim=-1)


def _log_deviation(off: Tensor, count: Tensor) -> Tensor:
    # The root of exactly nothing has no slope.
    return ((off.square().sum(dim=1) / count + 1e-12).sqrt() + _LEAST_DEVIATION).log()
