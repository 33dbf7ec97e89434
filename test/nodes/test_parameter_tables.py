# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/parameters.md is what the nodes' tables say."""

from pathlib import Path

from motion_avatar_ros.nodes.parameter_tables import TABLES, parameters_page

PAGE = Path(__file__).parents[2] / 'docs' / 'parameters.md'


def test_the_page_in_docs_is_up_to_date():
    assert PAGE.read_text(encoding='utf-8') == parameters_page(), (
        'run: python -m motion_avatar_ros.nodes.parameter_tables')


def test_every_parameter_is_described():
    for table in TABLES.values():
        for parameter in table:
            assert len(parameter.description) > 10, parameter.name
