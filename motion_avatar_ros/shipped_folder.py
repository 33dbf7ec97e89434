# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where what ships beside the code is: in the source tree, or in the installed share."""

from __future__ import annotations

from importlib import resources
import os
from pathlib import Path


def shipped_folders(name: str) -> list[Path]:
    """Return the folders of a name there may be, such as config/, the source tree's first."""
    package = Path(str(resources.files('motion_avatar_ros')))
    places = [package.parent / name]
    places += [
        Path(prefix) / 'share' / 'motion_avatar_ros' / name
        for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if prefix
    ]
    return places
