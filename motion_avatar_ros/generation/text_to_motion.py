# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every generator of motion from words offers, and how one is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.compute_device import chosen_device
from motion_avatar_ros.estimation.model_folder import find_model, read_config
from motion_avatar_ros.generation.momask import Momask
from motion_avatar_ros.generation.mosa import Mosa
from motion_avatar_ros.generation.scalemogen import ScaleMoGen


class TextToMotion(Protocol):
    """
    Motion from words, as features at 20 Hz (`motion_features`).

    Attributes:
        name: such as 'mosa'.
        longest_frames: that it makes at once; longer motion is made in windows.
    """

    name: str
    longest_frames: int

    def generate(
        self, texts: Sequence[str], frames: Sequence[int], seed: int
    ) -> list[np.ndarray]:
        """Return a motion (frames, 269) to each text, '' being any; the same for the same seed."""

    def edit(
        self, source: np.ndarray, is_kept: np.ndarray, text: str, seed: int
    ) -> np.ndarray:
        """Return `source` (T, 269), frames remade to a text where `is_kept` (T,) is not."""


_ARCHITECTURES: dict[str, Callable[[Path, torch.device], TextToMotion]] = {
    'momask': Momask, 'mosa': Mosa, 'scalemogen': ScaleMoGen}


def load_generator(name_or_folder: str | Path, device: str = 'auto') -> TextToMotion:
    """
    Load a generator.

    Args:
        name_or_folder: of a shipped model, or a model folder.
        device: 'auto', 'cpu' or 'cuda'.

    Raises:
        ModelFolderError: there is none, it is not usable, or it makes no motion from words.
        DeviceError: no such device.
    """
    folder = find_model(name_or_folder)
    architecture = read_config(folder)['architecture']
    build = _ARCHITECTURES.get(architecture)
    if build is None:
        raise ModelFolderError(
            folder, f"architecture '{architecture}' makes no motion from words; "
            f'those that do: {", ".join(_ARCHITECTURES)}')
    return build(folder, chosen_device(device))
