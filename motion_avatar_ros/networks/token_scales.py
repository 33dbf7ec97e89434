# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The temporal scales of a motion's tokens, and the resampling of latents between them.

MoSa's multi-scale token preservation (arXiv 2511.01200, section 3): layer q of the quantiser works
at a length of its own. The lengths given are those of the longest clip; a shorter clip has as
many fewer tokens, so that a token of a scale always stands for the same stretch of time.
Resampling is by a matrix per clip over its own latents: what pads a batch is never mixed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

#: MoSa's scales: 236 tokens for 49 latents (196 frames).
MOSA_SCALES = (3, 6, 10, 15, 20, 25, 30, 36, 42, 49)


def scale_lengths(scales: Sequence[int], latents: int) -> tuple[int, ...]:
    """Return the scales' lengths for a clip of so many latents; the last one is all of them."""
    longest = scales[-1]
    return tuple(max(1, (2 * scale * latents + longest) // (2 * longest)) for scale in scales)


class ScaleResampling(nn.Module):
    """
    Resampling for clips of 1 to `scales[-1]` latents, with nothing to learn.

    Attributes:
        scales: lengths for the longest clip.
    """

    lengths: Tensor

    def __init__(self, scales: Sequence[int]) -> None:
        super().__init__()
        if not scales or scales[0] < 1 or any(
                a >= b for a, b in zip(scales, scales[1:], strict=False)):
            raise ValueError(f'scales {tuple(scales)} do not grow from 1 or more')
        self.scales = tuple(scales)
        lengths, downs, ups = _tables(self.scales)
        self.register_buffer('lengths', torch.from_numpy(lengths), persistent=False)
        for scale, (down, up) in enumerate(zip(downs, ups, strict=True)):
            self.register_buffer(f'down_{scale}', torch.from_numpy(down), persistent=False)
            self.register_buffer(f'up_{scale}', torch.from_numpy(up), persistent=False)

    def down(self, latents: Tensor, scale: int, counts: Tensor) -> Tensor:
        """
        Average latents to a scale's length.

        Args:
            latents: (B, N, C), N at most the longest; those from `counts` on do not matter.
            scale: index of the scale.
            counts: (B,) latents of each clip.

        Returns:
            (B, scales[scale], C), zero beyond the clip's own length at that scale.
        """
        return self._rows(f'down_{scale}', counts)[..., :latents.shape[1]] @ latents

    def up(self, tokens: Tensor, scale: int, counts: Tensor, latents: int) -> Tensor:
        """Interpolate tokens (B, S, C) linearly to (B, latents, C), zero beyond each clip."""
        return self._rows(f'up_{scale}', counts)[:, :latents] @ tokens

    def touches(self, is_marked: Tensor, scale: int, counts: Tensor) -> Tensor:
        """Return which tokens (B, S) of a scale cover any marked latent of (B, N)."""
        marked = is_marked.float()[..., None]
        return self.down(marked, scale, counts)[..., 0] > 0.0

    def is_token(self, counts: Tensor) -> Tensor:
        """Return which of the tokens (B, sum of scales), scale after scale, clips have."""
        return torch.cat([
            torch.arange(scale, device=counts.device) < self.lengths[counts, index, None]
            for index, scale in enumerate(self.scales)], dim=-1)

    def _rows(self, name: str, counts: Tensor) -> Tensor:
        return self.get_buffer(name)[counts]


@lru_cache
def _tables(scales: tuple[int, ...]) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Return lengths (N + 1, Q), and of each scale matrices (N + 1, S, N) and (N + 1, N, S)."""
    longest = scales[-1]
    # Row 0 is for a clip of no latents, which has no tokens.
    lengths = np.zeros((longest + 1, len(scales)), dtype=np.int64)
    downs = [np.zeros((longest + 1, scale, longest), dtype=np.float32) for scale in scales]
    ups = [np.zeros((longest + 1, longest, scale), dtype=np.float32) for scale in scales]
    for latents in range(1, longest + 1):
        for scale, length in enumerate(scale_lengths(scales, latents)):
            lengths[latents, scale] = length
            downs[scale][latents, :length, :latents] = _area(latents, length)
            ups[scale][latents, :latents, :length] = _linear(length, latents)
    return lengths, downs, ups


def _area(source: int, target: int) -> np.ndarray:
    """Return the matrix (target, source) of averages over equal shares of the source."""
    rows, columns = np.arange(target)[:, None], np.arange(source)
    first, last = rows * source // target, -(-(rows + 1) * source // target)
    return ((columns >= first) & (columns < last)) / (last - first)


def _linear(source: int, target: int) -> np.ndarray:
    """Return the matrix (target, source) of linear interpolation between cell centres."""
    places = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0.0, source - 1.0)
    return np.maximum(1.0 - np.abs(places[:, None] - np.arange(source)), 0.0)
