# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which models come with the package, by name. Needs no torch."""

from __future__ import annotations

from importlib import resources
import os
from pathlib import Path

CONFIG_FILE = 'config.yaml'


def model_folders() -> list[Path]:
    """Return where models are looked for by name: the source tree, then the installed share."""
    package = Path(str(resources.files('motion_avatar_ros')))
    places = [package.parent / 'models']
    places += [
        Path(prefix) / 'share' / 'motion_avatar_ros' / 'models'
        for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if prefix
    ]
    return [place for place in places if place.is_dir()]


def shipped_models() -> list[str]:
    """Return their names."""
    return sorted({
        path.parent.name for place in model_folders() for path in place.glob(f'*/{CONFIG_FILE}')})
