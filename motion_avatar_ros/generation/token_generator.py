# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Generators of tokens: a model folder in, motion features out.

What MoSa and MoMask share: they differ in networks and in the order tokens are drawn in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.model_folder import WEIGHTS_FILE, read_config, read_weights
from motion_avatar_ros.estimation.model_limits import Network, built_network
from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ
from motion_avatar_ros.generation.motion_windows import edited_in_windows
from motion_avatar_ros.generation.prompt_text import checked_prompt
from motion_avatar_ros.generation.request_checks import check_source, check_texts
from motion_avatar_ros.generation.spoken_words import said, words_with_sentence
from motion_avatar_ros.generation.text_encoder import TextEncoder
from motion_avatar_ros.generation.token_sampling import KeptLatents, TokenSampler
from motion_avatar_ros.networks.frame_tokenizer import ClipSizes, FrameTokenizer

_SHORTEST_FRAMES = 40   # of the clips it has learnt from; less is the beginning of that
_OVERLAP_S = 1.0
_SEED_STRIDE = 1_000_003
_MOST_SEED = 2 ** 63


#: From features (T, 269), the mask (T,) of those that stay, the count (1,) of latents and what
#: decides to latents.
Draw = Callable[[np.ndarray, np.ndarray, Tensor, torch.Generator], Tensor]


class TokenGenerator:
    """
    Generates and edits; see `text_to_motion.TextToMotion`.

    Attributes:
        config: sizes of the network.
        network: all stages, the tokeniser as `tokenizer`.
        sampler: draws latents.
        tokenizer: makes motion of latents, and latents of motion.
        weights_sha256: of the file.
    """

    config: ClipSizes
    network: nn.Module
    sampler: TokenSampler

    def __init__(
        self, folder: Path, device: torch.device, encoder: Callable[[str], TextEncoder]
    ) -> None:
        """
        Load a model folder.

        Args:
            folder: of the model.
            device: of its networks.
            encoder: from a name to what encodes texts.

        Raises:
            ModelFolderError: it is not usable.
        """
        config = read_config(folder)
        try:
            self._build({
                name: tuple(value) if isinstance(value, list) else value
                for name, value in config['network'].items()}, config['sampler'], folder, device)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(folder, f'config.yaml: {error}') from None
        self.name = folder.name
        self.longest_frames = self.config.longest_frames
        self.weights_sha256 = read_weights(folder, self.network)
        self.tokenizer = cast(FrameTokenizer, self.network.get_submodule('tokenizer'))
        self._device = device
        self._encoder = encoder(self.config.text_encoder)

    def _build(
        self, sizes: dict[str, Any], sampling: dict[str, Any], folder: Path, device: torch.device
    ) -> None:
        """Set `config`, `network` and `sampler` by config.yaml."""
        raise NotImplementedError

    def _at_rest(
        self, folder: Path, build: Callable[[], Network], device: torch.device
    ) -> Network:
        """Build a network that is no larger than the folder's weights."""
        network = built_network(folder, folder / WEIGHTS_FILE, build)
        return network.requires_grad_(False).to(device).eval()

    def generate(
        self, texts: Sequence[str], frames: Sequence[int], seed: int
    ) -> list[np.ndarray]:
        """
        Return motions (frames, 269) to texts; '' is any motion.

        A motion depends on its text, its length, its place among the others and the seed.

        Raises:
            GenerationError: fewer than 4 frames, or more than 6000.
        """
        texts = [checked_prompt(text) for text in texts]
        check_texts(texts, frames)
        whole = [max(_SHORTEST_FRAMES, each) for each in frames]
        native = [row for row, each in enumerate(whole) if each <= self.longest_frames]
        motions: dict[int, np.ndarray] = {}
        if native:
            words, silence = self._words([texts[row] for row in native])
            counts = self._counts([whole[row] for row in native])
            with torch.inference_mode():
                latents = self.sampler.draw(
                    words, silence, counts, [_generator(seed, row) for row in native])
                made = self.tokenizer.frames(latents, counts).cpu().numpy()
            motions = {row: made[place] for place, row in enumerate(native)}
        for row, each in enumerate(whole):
            if row not in motions:
                nothing = np.zeros((each, self.config.features), dtype=np.float32)
                motions[row] = self._edited(
                    nothing, np.zeros(each, dtype=bool), texts[row], seed, row)
        return [motions[row][:each] for row, each in enumerate(frames)]

    def edit(
        self, source: np.ndarray, is_kept: np.ndarray, text: str, seed: int
    ) -> np.ndarray:
        """
        Return a motion (T, 269) that keeps some frames and remakes the others to a text.

        Frames that are kept come as the tokeniser renders them, see
        `motion_windows.with_kept_frames`; what the source holds in the others does not matter.

        Args:
            source: (T, 269) features.
            is_kept: (T,) bool.
            text: '' for anything that fits.
            seed: decides what is drawn.
        """
        text = checked_prompt(text)
        check_source(source, is_kept, self.config.features)
        return self._edited(source, is_kept, text, seed, 0)

    def _edited(
        self, source: np.ndarray, is_kept: np.ndarray, text: str, seed: int, row: int
    ) -> np.ndarray:
        words, silence = self._words([text])

        def draw(
            part: np.ndarray, is_part_kept: np.ndarray, counts: Tensor,
            generator: torch.Generator,
        ) -> Tensor:
            kept = self._kept(part, is_part_kept, counts)
            return self.sampler.draw(words, silence, counts, [generator], kept)

        return self._in_windows(draw, source, is_kept, seed, row)

    def _in_windows(
        self, draw: Draw, source: np.ndarray, is_kept: np.ndarray, seed: int, row: int
    ) -> np.ndarray:
        overlap = round(_OVERLAP_S * FRAME_RATE_HZ)

        @torch.inference_mode()
        def edit(part: np.ndarray, is_part_kept: np.ndarray, window: int) -> np.ndarray:
            counts = self._counts([len(part)])
            generator = _generator(seed + _SEED_STRIDE * window, row)
            latents = draw(part, is_part_kept, counts, generator)
            return self.tokenizer.frames(latents, counts)[0, :len(part)].cpu().numpy()

        return edited_in_windows(edit, source, is_kept, self.longest_frames, overlap)

    @torch.inference_mode()
    def _kept(self, source: np.ndarray, is_kept: np.ndarray, counts: Tensor) -> KeptLatents | None:
        if not is_kept.any():
            return None
        per_latent, longest = self.config.frames_per_latent, self.longest_frames
        whole = int(counts[0]) * per_latent
        # The last frame goes on to the end of its latent; beyond that nothing is real.
        source = np.pad(source, ((0, whole - len(source)), (0, 0)), mode='edge')
        is_kept = np.pad(is_kept, (0, whole - len(is_kept)), mode='edge')
        is_latent_kept = np.zeros(longest // per_latent, dtype=bool)
        is_latent_kept[:int(counts[0])] = is_kept.reshape(-1, per_latent).all(axis=1)
        is_frame_kept = np.repeat(is_latent_kept, per_latent)
        frames = np.zeros((longest, source.shape[1]), dtype=np.float32)
        frames[is_frame_kept] = source[is_frame_kept[:whole]]
        latents = self.tokenizer.latents(
            torch.from_numpy(frames)[None].to(self._device),
            torch.from_numpy(is_frame_kept)[None].to(self._device))
        return KeptLatents(latents, torch.from_numpy(is_latent_kept)[None].to(self._device))

    def _words(
        self, texts: Sequence[str]
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Return the words of texts, and as much silence."""
        words, is_word = (
            each.to(self._device) for each in words_with_sentence(self._encoder.encode(texts)))
        is_said = torch.tensor([bool(text) for text in texts], device=self._device)
        return said(words, is_word, is_said), said(words, is_word, torch.zeros_like(is_said))

    def _counts(self, frames: Sequence[int]) -> Tensor:
        per_latent = self.config.frames_per_latent
        return torch.tensor([-(-each // per_latent) for each in frames], device=self._device)


def folder_config(architecture: str, config: Any, sampling: Any) -> dict[str, Any]:
    """Return the config.yaml of a model folder, of dataclasses of sizes and of sampling."""
    return {
        'architecture': architecture,
        'rate_hz': FRAME_RATE_HZ,
        'sampler': asdict(sampling),
        'network': {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(config).items()},
    }


def _generator(seed: int, row: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * _SEED_STRIDE + row) % _MOST_SEED)
