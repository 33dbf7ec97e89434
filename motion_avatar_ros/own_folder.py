# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where this package keeps what it makes for its user: calibrations, certificates, bags."""

from __future__ import annotations

import os
from pathlib import Path


def own_folder() -> Path:
    """Return motion_avatar_ros under $ROS_HOME, or under ~/.ros without one."""
    home = os.environ.get('ROS_HOME')
    return (Path(home) if home else Path.home() / '.ros') / 'motion_avatar_ros'
