# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A file that a command is to write, and that must not be there yet."""

from __future__ import annotations

from pathlib import Path

from motion_avatar_ros.errors import MotionAvatarError


def require_new_file(out: Path, *suffixes: str, option: str = '--out') -> None:
    """Refuse an output of another suffix, in a folder that does not exist, or that exists."""
    if out.suffix not in suffixes or not out.absolute().parent.is_dir():
        raise MotionAvatarError(
            f"{option} '{out}': allowed is a new {' or '.join(suffixes)} in a folder that exists")
    if out.exists():
        raise MotionAvatarError(f"{option} '{out}' exists already")
