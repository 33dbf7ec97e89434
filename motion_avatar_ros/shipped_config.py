# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the files of config/ are: in the source tree, or in the installed share."""

from __future__ import annotations

from pathlib import Path

from motion_avatar_ros.shipped_folder import shipped_folders


def config_places() -> list[Path]:
    """Return the config/ folders there may be, the source tree's first."""
    return shipped_folders('config')


def config_file(name: str) -> Path | None:
    """Return a shipped file of config/; None where there is no such file."""
    for place in config_places():
        if (place / name).is_file():
            return place / name
    return None
