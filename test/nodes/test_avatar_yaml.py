# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""config/avatar.yaml says what the code's parameter tables say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from motion_avatar_ros.nodes.composed_nodes import NODE_CLASSES
from motion_avatar_ros.nodes.parameter_tables import (
    LIFECYCLE_NODES, TABLES as WITHOUT_AUTO_ACTIVATE, parameter_file,
)
from motion_avatar_ros.ros.lifecycle import AUTO_ACTIVATE

FILE = Path(__file__).resolve().parents[2] / 'config' / 'avatar.yaml'
TABLES = {
    name: (*table, AUTO_ACTIVATE) if name in LIFECYCLE_NODES else table
    for name, table in WITHOUT_AUTO_ACTIVATE.items()}


def test_the_file_is_up_to_date():
    assert FILE.read_text(encoding='utf-8') == parameter_file(), (
        'run: python -m motion_avatar_ros.nodes.parameter_tables')


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
