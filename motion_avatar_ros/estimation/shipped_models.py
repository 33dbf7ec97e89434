# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which models come with the package, by name. Needs no torch."""

from __future__ import annotations

from pathlib import Path

import yaml

from motion_avatar_ros.shipped_folder import shipped_folders

CONFIG_FILE = 'config.yaml'


def model_folders() -> list[Path]:
    """Return where models are looked for by name: the source tree, then the installed share."""
    return [place for place in shipped_folders('models') if place.is_dir()]


def shipped_models() -> list[str]:
    """Return their names."""
    return sorted({
        path.parent.name for place in model_folders() for path in place.glob(f'*/{CONFIG_FILE}')})


def shipped_estimators() -> list[str]:
    """Return the names of those that infer a body from trackers."""
    return sorted({
        path.parent.name for place in model_folders() for path in place.glob(f'*/{CONFIG_FILE}')
        if 'trackers' in (yaml.safe_load(path.read_text()) or {})})


def shipped_generators() -> list[str]:
    """Return the names of those that make motion from words."""
    return sorted(set(shipped_models()) - set(shipped_estimators()))
