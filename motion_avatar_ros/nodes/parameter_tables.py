# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All nodes' parameters as one page: `python -m motion_avatar_ros.nodes.parameter_tables`."""

from __future__ import annotations

import sys

from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS
from motion_avatar_ros.nodes.mesh_parameters import MESH_PARAMETERS
from motion_avatar_ros.nodes.tracker_player_parameters import PLAYER_PARAMETERS
from motion_avatar_ros.nodes.viewer_node import VIEWER_PARAMETERS
from motion_avatar_ros.ros.parameters import parameter_table_markdown

_INTRODUCTION = """\
# Parameters

Generated from the nodes' own tables. Unknown names, wrong types and values outside what is
allowed are refused with a message that says what is allowed. Lifecycle nodes read them at
configure; they also have `auto_activate` (bool, true): configure and activate without being
asked.
"""
TABLES = {
    'avatar_node': AVATAR_PARAMETERS,
    'mesh_node': MESH_PARAMETERS,
    'tracker_player_node': PLAYER_PARAMETERS,
    'viewer_node': VIEWER_PARAMETERS,
}


def parameters_page() -> str:
    """Return the page, as Markdown."""
    sections = [
        f'\n## {name}\n\n{parameter_table_markdown(table)}' for name, table in TABLES.items()]
    return _INTRODUCTION + ''.join(sections)


if __name__ == '__main__':
    sys.stdout.write(parameters_page())
