# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
All nodes' parameters as a page and as a parameter file, both from the nodes' own tables.

`python -m motion_avatar_ros.nodes.parameter_tables` rewrites docs/parameters.md and
config/avatar.yaml of a source tree.
"""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
import textwrap
from typing import Any

from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS
from motion_avatar_ros.nodes.generator_parameters import GENERATOR_PARAMETERS
from motion_avatar_ros.nodes.mesh_parameters import MESH_PARAMETERS
from motion_avatar_ros.nodes.retarget_parameters import RETARGET_PARAMETERS
from motion_avatar_ros.nodes.sim_robot_parameters import SIM_ROBOT_PARAMETERS
from motion_avatar_ros.nodes.tracker_player_parameters import PLAYER_PARAMETERS
from motion_avatar_ros.nodes.viewer_parameters import VIEWER_PARAMETERS
from motion_avatar_ros.nodes.webxr_parameters import WEBXR_PARAMETERS
from motion_avatar_ros.ros.lifecycle import AUTO_ACTIVATE
from motion_avatar_ros.ros.parameters import Parameter, parameter_table_markdown

_INTRODUCTION = """\
# Parameters

Generated from the nodes' own tables. Unknown names, wrong types and values outside what is
allowed are refused with a message that says what is allowed. Lifecycle nodes read them at
configure; they also have `auto_activate` (bool, true): configure and activate without being
asked.
"""
_YAML_INTRODUCTION = """\
# Every parameter of every node with its default; made from the tables in the code, and a test
# keeps it equal to them. Copy it, keep the rows to change, and pass it as params_file:=FILE.
# The keys /**/NODE hold in any namespace.
"""
_COLUMNS = 99
#: Nodes that have `auto_activate` beside their table.
LIFECYCLE_NODES = (
    'avatar_node', 'generator_node', 'mesh_node', 'retarget_node', 'sim_robot_node',
    'webxr_tracker_node')
TABLES = {
    'avatar_node': AVATAR_PARAMETERS,
    'generator_node': GENERATOR_PARAMETERS,
    'mesh_node': MESH_PARAMETERS,
    'retarget_node': RETARGET_PARAMETERS,
    'sim_robot_node': SIM_ROBOT_PARAMETERS,
    'tracker_player_node': PLAYER_PARAMETERS,
    'viewer_node': VIEWER_PARAMETERS,
    'webxr_tracker_node': WEBXR_PARAMETERS,
}


def parameters_page() -> str:
    """Return the page, as Markdown."""
    sections = [
        f'\n## {name}\n\n{parameter_table_markdown(table)}' for name, table in TABLES.items()]
    return _INTRODUCTION + ''.join(sections)


def parameter_file() -> str:
    """Return the parameter file, as YAML."""
    return _YAML_INTRODUCTION + ''.join(
        f'\n/**/{name}:\n  ros__parameters:\n' + ''.join(_yaml_rows(
            (*table, AUTO_ACTIVATE) if name in LIFECYCLE_NODES else table))
        for name, table in TABLES.items())


def _yaml_rows(table: Sequence[Parameter]) -> list[str]:
    rows = []
    for parameter in table:
        bounds = (parameter.minimum, parameter.maximum, parameter.choices)
        allowed = '' if bounds == (None, None, None) else f' ({parameter.allowed})'
        comment = textwrap.fill(
            parameter.description + allowed, _COLUMNS, initial_indent='    # ',
            subsequent_indent='    # ', break_on_hyphens=False)
        rows.append(f'{comment}\n    {parameter.name}: {_yaml_value(parameter.default)}\n')
    return rows


def _yaml_value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml_value, value))}]"
    return repr(value) if isinstance(value, str) else json.dumps(value)


def _write() -> None:
    root = Path(__file__).parents[2]
    (root / 'docs' / 'parameters.md').write_text(parameters_page(), encoding='utf-8')
    (root / 'config' / 'avatar.yaml').write_text(parameter_file(), encoding='utf-8')


if __name__ == '__main__':
    _write()
