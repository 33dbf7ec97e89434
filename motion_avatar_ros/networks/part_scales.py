# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Maps of a motion's tokens, finer and finer in time and in the parts of the body.

ScaleMoGen's chain (arXiv 2605.11704): a map has a length in time and a grouping of the body's 7
parts, and every next one refines one of both, so that a cell of a map is made of whole cells of
the map behind it. Lengths are those of the longest clip, see `token_scales`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.skeleton_parts import (
    BODY_PARTS, EACH_PART, FIVE_GROUPS, TORSO_AND_LIMBS, TORSO_LEGS_ARMS, WHOLE_BODY,
)
from motion_avatar_ros.networks.token_scales import ScaleResampling

PARTS = len(BODY_PARTS)
#: Groupings of the chain by their number of groups.
GROUPINGS = {
    1: WHOLE_BODY, 2: TORSO_AND_LIMBS, 3: TORSO_LEGS_ARMS, 5: FIVE_GROUPS, 7: EACH_PART}
#: The paper's chain for 49 latents (196 frames): 864 tokens.
PAPER_LENGTHS = (1, 2, 2, 3, 7, 7, 12, 24, 24, 49, 49)
#: The same for 30 latents (120 frames): 537 tokens.
SHORT_LENGTHS = (1, 2, 2, 3, 4, 4, 8, 15, 15, 30, 30)
CHAIN_GROUPS = (1, 1, 2, 2, 2, 3, 3, 3, 5, 5, 7)


class PartScales(nn.Module):
    """
    Means of latents over the cells of a map, and cells brought back; nothing is learnt.

    Attributes:
        lengths: of each map, for the longest clip.
        groups: of each map.
        cells: lengths times groups.
    """

    def __init__(self, lengths: Sequence[int], groups: Sequence[int]) -> None:
        super().__init__()
        if len(lengths) != len(groups) or not lengths:
            raise ValueError(f'{len(lengths)} lengths, but {len(groups)} numbers of groups')
        unknown = sorted(set(groups) - set(GROUPINGS))
        if unknown:
            raise ValueError(
                f'no grouping of {unknown[0]} groups; allowed: '
                f'{", ".join(str(known) for known in GROUPINGS)}')
        if list(lengths) != sorted(lengths) or list(groups) != sorted(groups):
            raise ValueError(f'{tuple(lengths)} by {tuple(groups)} do not grow')
        if groups[-1] != PARTS:
            raise ValueError(f'the last map has {groups[-1]} groups, not {PARTS}')
        self.lengths = tuple(lengths)
        self.groups = tuple(groups)
        self.cells = tuple(
            length * count for length, count in zip(lengths, groups, strict=True))
        times = sorted(set(lengths))
        self.resampling = ScaleResampling(times)
        self._time = [times.index(length) for length in lengths]
        for count in sorted(set(groups)):
            members = torch.zeros(count, PARTS)
            for group, parts in enumerate(GROUPINGS[count]):
                members[group, list(parts)] = 1.0
            self.register_buffer(f'members_{count}', members, persistent=False)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def longest(self) -> int:
        """Latents of the longest clip."""
        return self.lengths[-1]

    def members(self, index: int) -> Tensor:
        """Return which parts are in a map's groups, (G, 7) of 0 and 1."""
        return self.get_buffer(f'members_{self.groups[index]}')

    def down(self, latents: Tensor, index: int, counts: Tensor) -> Tensor:
        """
        Average latents over the cells of a map.

        Args:
            latents: (B, N, 7 C), part after part; those from `counts` on do not matter.
            index: of the map.
            counts: (B,) latents of each clip.

        Returns:
            (B, S, G, C), zero beyond the clip's own length at that map.
        """
        members = self.members(index)
        means = members / members.sum(dim=1, keepdim=True)
        halved = self.resampling.down(latents, self._time[index], counts)
        return means @ halved.unflatten(-1, (PARTS, -1))

    def up(self, cells: Tensor, index: int, counts: Tensor, latents: int) -> Tensor:
        """Interpolate (B, S, G, C) in time and copy it to parts: (B, latents, 7 C)."""
        parts = self.members(index).T @ cells
        return self.resampling.up(parts.flatten(2), self._time[index], counts, latents)

    def cell_lengths(self, counts: Tensor) -> Tensor:
        """Return the lengths (B, maps) of clips of `counts` (B,) latents."""
        return self.resampling.lengths[counts][:, self._time]

    def is_cell(self, counts: Tensor) -> list[Tensor]:
        """Return of each map which places in time (B, S) clips have."""
        own = self.cell_lengths(counts)
        return [
            torch.arange(length, device=counts.device) < own[:, index, None]
            for index, length in enumerate(self.lengths)]

    def is_free(
        self, is_changed: Tensor, is_part_free: Tensor, index: int, counts: Tensor
    ) -> Tensor:
        """
        Return which cells (B, S, G) of a map may change.

        Args:
            is_changed: (B, N) bool, latents that may change; a cell that covers any may.
            is_part_free: (7,) bool, parts that may; a group whose parts all may, may.
            index: of the map.
            counts: (B,) latents of each clip.
        """
        is_touched = self.resampling.touches(is_changed, self._time[index], counts)
        is_held = (self.members(index) @ (~is_part_free).float()) > 0.0
        return is_touched[..., None] & ~is_held
