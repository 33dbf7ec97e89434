# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The trained evaluator at rest: motions and sentences as vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.model_folder import find_model, read_config, read_weights
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.networks.text_motion import TextMotionConfig, TextMotionNetwork
from motion_avatar_ros.training.text_motion_training import padded

#: Three seeds, so that what one of them thinks is seen to be just that.
SHIPPED_EVALUATORS = ('text_motion_1', 'text_motion_2', 'text_motion_3')
_AT_ONCE = 64


class TextMotionEvaluator:
    """
    Embeds, on the CPU.

    Attributes:
        name: of its folder.
        weights_sha256: of the file.
    """

    def __init__(self, name_or_folder: str | Path) -> None:
        """Load one; ModelFolderError where there is none, or it is of another kind."""
        folder = find_model(name_or_folder)
        config = read_config(folder)
        if config['architecture'] != 'text_motion':
            raise ModelFolderError(
                folder, f"architecture '{config['architecture']}' is no evaluator of generated "
                "motion; 'train text_motion' makes one")
        try:
            self.config = TextMotionConfig(**config['network'])
            self._network = TextMotionNetwork(self.config).requires_grad_(False).eval()
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelFolderError(folder, f'config.yaml: {error}') from None
        self.name = folder.name if folder.name != 'model' else folder.resolve().parent.name
        self.weights_sha256 = read_weights(folder, self._network)
        self._encoder = text_encoder(self.config.text_encoder)

    @torch.inference_mode()
    def motions(self, features: Sequence[np.ndarray]) -> np.ndarray:
        """Return vectors (N, embedding), float64, of motions (T <= 196, 269)."""
        return np.concatenate([
            self._network.embed_motions(*padded(list(features[first:first + _AT_ONCE]))).numpy()
            for first in range(0, len(features), _AT_ONCE)]).astype(float)

    @torch.inference_mode()
    def sentences(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors (N, embedding), float64, of texts."""
        encoded = torch.from_numpy(self._encoder.encode(texts).sentence)
        return self._network.embed_sentences(encoded).numpy().astype(float)
