# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the files of config/ are: in the source tree, or in the installed share."""

from __future__ import annotations

from importlib import resources
import os
from pathlib import Path


def config_places() -> list[Path]:
    """Return the config/ folders there may be, the source tree's first."""
    package = Path(str(resources.files('motion_avatar_ros')))
    places = [package.parent / 'config']
    places += [
        Path(prefix) / 'share' / 'motion_avatar_ros' / 'config'
        for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if prefix
    ]
    return places


def config_file(name: str) -> Path | None:
    """Return a shipped file of config/; None where there is no such file."""
    for place in config_places():
        if (place / name).is_file():
            return place / name
    return None
