# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a recording is cut into windows for offline use."""

from __future__ import annotations

from dataclasses import dataclass

from motion_avatar_ros.errors import MotionAvatarError


class WindowError(MotionAvatarError):
    """Windows that cannot be used."""


@dataclass(frozen=True)
class WindowOverlap:
    """
    How a recording is cut.

    Attributes:
        frames: of a window.
        overlap: frames that a window shares with the one before it, at most half of it.
    """

    frames: int = 120
    overlap: int = 60

    def __post_init__(self) -> None:
        if not 2 <= self.overlap <= self.frames // 2:
            raise WindowError(
                f'windows of {self.frames} frames that overlap by {self.overlap}; allowed: an '
                'overlap of at least 2 frames and at most half a window')

    def starts(self, frames: int) -> list[int]:
        """Return where the windows of so many frames start; the last one ends with them."""
        last = max(0, frames - self.frames)
        return [*range(0, last, self.frames - self.overlap), last]
