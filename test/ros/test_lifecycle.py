# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The managed node under failing transitions, and the main function under bad parameters."""

from __future__ import annotations

from collections.abc import Iterator
import signal

from lifecycle_msgs.srv import ChangeState
import pytest
import rclpy
from rclpy.node import Node
from std_msgs.msg import String

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.parameters import Parameter, declare_parameters

TABLE = (Parameter('rate_hz', 60.0, 'rate', 1.0, 100.0),)


class FailingNode(AvatarLifecycleNode):
    """Fails where a test tells it to, and notes what was called."""

    def __init__(self, failing: dict[str, Exception] | None = None) -> None:
        super().__init__('failing', TABLE)
        self.failing = failing or {}
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise self.failing[name]

    def configure(self, parameters: dict) -> None:
        self._call('configure')

    def activate(self) -> None:
        self._call('activate')

    def deactivate(self) -> None:
        self._call('deactivate')

    def cleanup(self) -> None:
        self._call('cleanup')


@pytest.fixture
def make_node(ros_domain) -> Iterator:
    rclpy.init()
    nodes: list[FailingNode] = []

    def make(**failing: Exception) -> FailingNode:
        nodes.append(FailingNode(failing))
        return nodes[-1]

    yield make
    for node in nodes:
        node.close()
    rclpy.try_shutdown()


@pytest.mark.parametrize('error', [MotionAvatarError('no model'), RuntimeError('a bug')])
def test_failed_configure_frees_what_was_made_and_can_be_repeated(make_node, error):
    node = make_node(configure=error)
    assert not node.start()
    assert node.state_label == 'unconfigured'
    assert 'cleanup' in node.calls
    assert str(error) in node.last_transition_error
    node.failing = {}
    assert node.start()
    assert node.state_label == 'active'
    assert node.last_transition_error is None


@pytest.mark.parametrize('error, state', [
    (MotionAvatarError('no input'), 'inactive'), (RuntimeError('a bug'), 'unconfigured')])
def test_failed_activate_is_undone(make_node, error, state):
    node = make_node(activate=error)
    assert not node.start()
    assert node.state_label == state
    assert node.calls[-1] in ('deactivate', 'cleanup')


def test_close_frees_everything_even_when_stopping_fails(make_node):
    node = make_node(deactivate=RuntimeError('a bug'))
    node.start()
    node.close()
    assert node.calls[-2:] == ['deactivate', 'cleanup']
    node.failing = {}


def test_shutdown_from_active_stops_and_frees(make_node):
    node = make_node()
    node.start()
    node.trigger_shutdown()
    assert node.state_label == 'finalized'
    assert node.calls[-2:] == ['deactivate', 'cleanup']


@pytest.mark.parametrize('number', [1, 2, 99])
def test_a_transition_that_the_state_does_not_have_is_refused_and_the_node_lives(
    make_node, number
):
    node = make_node()
    node.start()
    service = next(s for s in node.services if s.srv_type is ChangeState)
    request = ChangeState.Request()
    request.transition.id = number  # configure, cleanup and nonsense, while active
    assert not service.callback(request, ChangeState.Response()).success
    assert node.state_label == 'active'
    request.transition.id = 4
    assert service.callback(request, ChangeState.Response()).success
    assert node.state_label == 'inactive'


@pytest.mark.parametrize('arguments', [
    ['-p', 'use_sim_time:=abc'], ['-p', 'rate_hz:='], ['--params-file', 'none.yaml'],
    ['--nonsense']])
def test_ros_arguments_that_cannot_be_read_end_with_a_line_and_status_2(
    ros_domain, capfd, arguments
):
    handler = signal.getsignal(signal.SIGINT)
    status = run(lambda: Node('plain'), ['--ros-args', *arguments])
    signal.signal(signal.SIGINT, handler)
    assert status == 2
    error = capfd.readouterr().err
    assert 'Traceback' not in error
    assert error.strip().splitlines()[-1].startswith('error: ')


def test_a_topic_name_that_ros_refuses_is_one_line(make_node):
    node = make_node()
    node.activate = lambda: node.create_publisher(String, 'no topic', 1)
    assert not node.start()
    assert node.state_label == 'inactive'
    assert "'no topic'" in node.last_transition_error
    assert '\n' not in node.last_transition_error


def test_a_plain_node_with_a_bad_parameter_ends_with_one_line_and_status_2(ros_domain, capfd):
    class Plain(Node):
        def __init__(self) -> None:
            super().__init__('plain')
            declare_parameters(self, TABLE)

    handler = signal.getsignal(signal.SIGINT)
    status = run(Plain, ['--ros-args', '-p', 'rate_hz:=1000.0'])
    signal.signal(signal.SIGINT, handler)  # run() is a process's last act and ignores SIGINT
    assert status == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert 'rate_hz' in lines[0] and '1 .. 100' in lines[0]


class UsesRosAtStart(Node):
    """Shuts down as a signal does, or fails, before the executor waits."""

    def __init__(self, must_shut_down: bool) -> None:
        super().__init__('uses_ros')
        self._must_shut_down = must_shut_down

    def start(self) -> None:
        if self._must_shut_down:
            rclpy.shutdown()
            self.create_publisher(String, 'topic', 1)  # raises RCLError: the context is gone
        raise RuntimeError('a defect')


def test_a_signal_that_catches_rclpy_between_two_calls_is_a_clean_end(ros_domain, capfd):
    handler = signal.getsignal(signal.SIGINT)
    assert run(lambda: UsesRosAtStart(must_shut_down=True), []) == 0
    with pytest.raises(RuntimeError, match='a defect'):
        run(lambda: UsesRosAtStart(must_shut_down=False), [])
    signal.signal(signal.SIGINT, handler)
    assert 'Traceback' not in capfd.readouterr().err
