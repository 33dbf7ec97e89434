# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Who follows whom in the demo: everybody the one body that is shown."""

from __future__ import annotations

import pytest

from motion_avatar_ros.commands.demo_nodes import (
    AVATAR, GENERATOR, MESH, PLAYER, RETARGET, SIM_ROBOT, VIEWER, DemoNodes,
)
from motion_avatar_ros.nodes.parameter_tables import TABLES


def demo(**more) -> DemoNodes:
    return DemoNodes(**{
        'model': 'm', 'device': 'cpu', 'clip': None, 'bag': None, 'motion': 'mix',
        'rate_hz': 90.0, 'port': 0, 'robot': 'g1', 'is_simulated': True, **more})


@pytest.mark.parametrize(('more', 'source', 'there'), [
    ({}, AVATAR, {PLAYER, AVATAR}), ({'prompt': 'walk'}, GENERATOR, {GENERATOR}),
    ({'prompt': '', 'is_legs': True}, GENERATOR, {PLAYER, AVATAR, GENERATOR})])
def test_mesh_robot_and_page_follow_one_body(more, source, there):
    nodes = demo(**more)
    parameters = nodes._parameters()
    assert set(nodes.names) == set(parameters) == there | {MESH, RETARGET, SIM_ROBOT, VIEWER}
    for follower in (MESH, RETARGET, VIEWER):
        assert parameters[follower]['body_topic'] == f'/{source}/joint_states'
        assert parameters[follower]['description_topic'] == f'/{source}/robot_description'
    for node, values in parameters.items():
        assert set(values) <= {each.name for each in TABLES[node]}, node


def test_the_page_looks_after_the_node_that_has_an_operator_or_else_the_generator():
    assert demo(prompt='')._parameters()[VIEWER]['avatar_node'] == GENERATOR
    legs = demo(prompt='', is_legs=True)._parameters()
    assert 'avatar_node' not in legs[VIEWER] and legs[GENERATOR]['mode'] == 'legs'
    # Links of one name are on /tf once at most.
    assert legs[AVATAR]['publish_tf'] is False


def test_legs_are_commanded_of_a_robot_in_simulation_that_words_move_and_of_no_other():
    assert demo(prompt='')._parameters()[RETARGET]['command.joints'] == 'whole_body'
    for more in ({}, {'prompt': '', 'is_simulated': False}):
        assert 'command.joints' not in demo(**more)._parameters()[RETARGET]


def test_a_generated_body_comes_as_often_as_asked_and_with_an_operator_as_often_as_theirs():
    assert demo(prompt='').generated_hz == 90.0
    assert demo(prompt='', is_legs=True).generated_hz == 60.0
