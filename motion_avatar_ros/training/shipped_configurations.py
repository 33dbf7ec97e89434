# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The configurations in config/training: `MODEL.yaml` is the preset live, others add a name."""

from __future__ import annotations

from pathlib import Path

from motion_avatar_ros.estimation.shipped_models import model_folders
from motion_avatar_ros.training.configuration import ConfigurationError

LIVE = 'live'


def shipped_config(model: str, preset: str = LIVE) -> Path:
    """
    Find a shipped configuration.

    Args:
        model: such as 'mage'.
        preset: 'live', or another that config/training has for the model.

    Raises:
        ConfigurationError: there is none; the known ones are listed.
    """
    known: dict[str, Path] = {}
    for place in model_folders():
        folder = place.parent / 'config' / 'training'
        found = {path.stem.removeprefix(f'{model}_'): path for path in sorted(
            folder.glob(f'{model}_*.yaml'))}
        if (folder / f'{model}.yaml').is_file():
            found = {LIVE: folder / f'{model}.yaml', **found}
        known = {**found, **known}
    if preset not in known:
        raise ConfigurationError(
            f"no preset '{preset}' of '{model}'; known: {', '.join(known) or 'none'}")
    return known[preset]
