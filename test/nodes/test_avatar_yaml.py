# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""config/avatar.yaml says what the code's parameter tables say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS
from motion_avatar_ros.nodes.composed_nodes import NODE_CLASSES
from motion_avatar_ros.nodes.mesh_parameters import MESH_PARAMETERS
from motion_avatar_ros.nodes.tracker_player_parameters import PLAYER_PARAMETERS
from motion_avatar_ros.nodes.viewer_node import VIEWER_PARAMETERS
from motion_avatar_ros.ros.lifecycle import AUTO_ACTIVATE

FILE = Path(__file__).resolve().parents[2] / 'config' / 'avatar.yaml'
TABLES = {
    'avatar_node': (*AVATAR_PARAMETERS, AUTO_ACTIVATE),
    'mesh_node': (*MESH_PARAMETERS, AUTO_ACTIVATE),
    'viewer_node': VIEWER_PARAMETERS,
    'tracker_player_node': PLAYER_PARAMETERS,
}


@pytest.mark.parametrize('node', TABLES)
def test_file_holds_every_parameter_with_its_default_and_no_other(node):
    values = yaml.safe_load(FILE.read_text())[f'/**/{node}']['ros__parameters']
    defaults = {parameter.name: parameter.default for parameter in TABLES[node]}
    assert values == defaults
    assert {name: type(value) for name, value in values.items()} == {
        name: type(value) for name, value in defaults.items()}


@pytest.mark.parametrize('node', TABLES)
def test_every_parameter_has_a_description(node):
    assert all(len(parameter.description) > 5 for parameter in TABLES[node])


def test_every_node_that_can_be_composed_has_a_section():
    assert set(NODE_CLASSES) == set(TABLES)
    assert set(yaml.safe_load(FILE.read_text())) == {f'/**/{node}' for node in TABLES}
