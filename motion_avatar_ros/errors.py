# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The package's errors: each carries the offending values and says what is allowed."""

from __future__ import annotations

from pathlib import Path


class MotionAvatarError(Exception):
    """Root of every error a user of this package can cause; its text is one clear line."""


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
