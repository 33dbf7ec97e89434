# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What others have written, as Markdown that shows it and does nothing else."""

from __future__ import annotations


def plain_markdown(text: str) -> str:
    """Return text whose marks are none of Markdown's."""
    return ''.join(f'\\{mark}' if mark in '\\`*_[]<>|#' else mark for mark in text)
