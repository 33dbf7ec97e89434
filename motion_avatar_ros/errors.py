# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The package's errors: each carries the offending values and says what is allowed."""

from __future__ import annotations

from pathlib import Path

_MOST_CHARACTERS = 3000


class MotionAvatarError(Exception):
    """
    Root of every error a user of this package can cause; its text is one clear line.

    It may quote what a file of a stranger says: what would break the line, move a terminal's
    cursor or cannot be encoded is written as an escape, and the middle of a long text is left
    out.
    """

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) > _MOST_CHARACTERS:
            half = _MOST_CHARACTERS // 2
            text = f'{text[:half]} ... {text[-half:]}'
        return ''.join(
            letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class MotionFileError(MotionAvatarError):
    """A motion file that is not a readable AMASS-style npz."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(
            f"motion file '{path}': {problem}; expected an AMASS-style .npz with poses (T, >=66), "
            'trans (T, 3) and mocap_framerate'
        )


class ModelFolderError(MotionAvatarError):
    """A model folder that is missing, incomplete or corrupted."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(
            f"model folder '{path}': {problem}; expected config.yaml and weights.safetensors "
            'written by "train"'
        )
