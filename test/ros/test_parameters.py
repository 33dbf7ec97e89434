# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters a user gets wrong: type, range, choice, name, and the moment."""

from __future__ import annotations

from collections.abc import Iterator
import math

import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS
from motion_avatar_ros.ros.parameters import (
    NodeParameters, Parameter, ParameterError, declare_parameters, parameter_table_markdown,
)

TABLE = (
    Parameter('rate_hz', 60.0, 'frames per second', 1.0, 200.0),
    Parameter('filter.cutoff_hz', 1.5, 'cutoff', minimum=0.0),
    Parameter('threads', 1, 'threads', 1, 8),
    Parameter('device', 'auto', 'where', choices=('auto', 'cpu')),
    Parameter('is_on', True, 'on or off'),
    Parameter('frames', ['head'], 'names'),
)


@pytest.fixture
def make_node(ros_domain) -> Iterator:
    nodes = []

    def make(*arguments: str) -> Node:
        rclpy.init(args=['--ros-args', *arguments])
        nodes.append(Node('parameters_test'))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


def test_defaults_and_overrides_arrive_with_their_types(make_node):
    node = make_node('-p', 'rate_hz:=30', '-p', 'filter.cutoff_hz:=0', '-p', 'is_on:=false',
                     '-p', 'frames:=[a, b]')
    values = declare_parameters(node, TABLE)
    assert values == {
        'rate_hz': 30.0, 'filter.cutoff_hz': 0.0, 'threads': 1, 'device': 'auto',
        'is_on': False, 'frames': ['a', 'b']}
    assert type(values['rate_hz']) is float  # a whole number serves where a float is expected


@pytest.mark.parametrize('override, name, allowed', [
    ('rate_hz:=fast', 'rate_hz', 'float in 1 .. 200'),
    ('rate_hz:=0', 'rate_hz', 'float in 1 .. 200'),
    ('rate_hz:=201.0', 'rate_hz', 'float in 1 .. 200'),
    ('rate_hz:=.nan', 'rate_hz', 'float in 1 .. 200'),
    ('rate_hz:=.inf', 'rate_hz', 'float in 1 .. 200'),
    ('rate_hz:=true', 'rate_hz', 'float'),
    ('filter.cutoff_hz:=-1', 'filter.cutoff_hz', 'float >= 0'),
    ('filter.cutoff_hz:=.inf', 'filter.cutoff_hz', 'float >= 0'),
    ('threads:=1.5', 'threads', 'int in 1 .. 8'),
    ('threads:=0', 'threads', 'int in 1 .. 8'),
    ('device:=gpu', 'device', "one of 'auto', 'cpu'"),
    ('device:=1', 'device', "one of 'auto', 'cpu'"),
    ('is_on:=1', 'is_on', 'bool'),
    ('frames:=[1, 2]', 'frames', 'list[str]'),
])
def test_a_wrong_value_is_refused_and_the_message_says_what_is_allowed(
        make_node, override, name, allowed):
    with pytest.raises(ParameterError) as caught:
        declare_parameters(make_node('-p', override), TABLE)
    assert f"'{name}'" in str(caught.value)
    assert allowed in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_misspelled_name_is_refused_and_the_known_ones_are_listed(make_node):
    with pytest.raises(ParameterError, match="unknown parameter 'rate_hx'") as caught:
        declare_parameters(make_node('-p', 'rate_hx:=30.0'), TABLE)
    assert all(parameter.name in str(caught.value) for parameter in TABLE)


def test_names_that_ros_itself_knows_are_not_unknown(make_node):
    node = make_node('-p', 'use_sim_time:=true', '-p', 'qos_overrides./a.publisher.depth:=3')
    assert declare_parameters(node, TABLE)['threads'] == 1


def test_read_only_parameters_refuse_a_change(make_node):
    node = make_node()
    declare_parameters(node, TABLE)
    [result] = node.set_parameters([RosParameter('rate_hz', value=30.0)])
    assert not result.successful


def test_a_refused_start_value_can_be_mended_and_the_reason_is_given_until_then(make_node):
    parameters = NodeParameters(make_node('-p', 'threads:=99'), TABLE, lambda: None)
    for _ in range(2):
        with pytest.raises(ParameterError, match='threads'):
            parameters.values()
    node = parameters._node
    [result] = node.set_parameters([RosParameter('threads', value=9)])
    assert not result.successful
    [result] = node.set_parameters([RosParameter('threads', value=2)])
    assert result.successful
    assert parameters.values()['threads'] == 2


def test_a_change_at_the_wrong_moment_is_refused_with_the_reason(make_node):
    node = make_node()
    NodeParameters(node, TABLE, lambda: 'not while active')
    [result] = node.set_parameters([RosParameter('threads', value=2)])
    assert not result.successful
    assert 'not while active' in result.reason
    assert node.get_parameter('threads').value == 1


def test_a_change_beyond_choices_is_refused_at_run_time(make_node):
    node = make_node()
    NodeParameters(node, TABLE, lambda: None)
    [result] = node.set_parameters([RosParameter('device', value='gpu')])
    assert not result.successful
    assert "'auto', 'cpu'" in result.reason


def test_every_parameter_is_described_to_ros(make_node):
    node = make_node()
    declare_parameters(node, TABLE)
    for parameter in TABLE:
        descriptor = node.describe_parameter(parameter.name)
        assert descriptor.description == parameter.description
        assert descriptor.read_only
    bounds = node.describe_parameter('filter.cutoff_hz').floating_point_range[0]
    assert (bounds.from_value, bounds.to_value) == (0.0, math.inf)


@pytest.mark.parametrize('default', [[], None, 3 + 2j, [1]])
def test_a_row_whose_type_ros_cannot_hold_is_refused_at_import(default):
    with pytest.raises(ParameterError):
        Parameter('x', default, 'bad')


def test_a_default_outside_its_own_range_is_refused_at_import():
    with pytest.raises(ParameterError):
        Parameter('x', 3.0, 'bad', maximum=2.0)


def test_markdown_has_a_row_for_each_parameter_of_the_avatar_node():
    text = parameter_table_markdown(AVATAR_PARAMETERS)
    assert len(text.splitlines()) == len(AVATAR_PARAMETERS) + 2
    for parameter in AVATAR_PARAMETERS:
        assert f'`{parameter.name}`' in text
        assert parameter.description
