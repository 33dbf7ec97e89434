# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which device a model runs on."""

from __future__ import annotations

import torch

from motion_avatar_ros.errors import MotionAvatarError


class DeviceError(MotionAvatarError):
    """A device that is not there."""

    def __init__(self, device: str):
        super().__init__(f"device '{device}' is not available; allowed: auto, cpu, cuda")


def chosen_device(device: str) -> torch.device:
    """Return 'cpu', 'cuda' or, for 'auto', CUDA where there is one; DeviceError for all else."""
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    if device not in ('cpu', 'cuda') or device == 'cuda' and not torch.cuda.is_available():
        raise DeviceError(device)
    return torch.device(device)
