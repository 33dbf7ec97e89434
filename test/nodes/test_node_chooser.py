# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A choice on the page, carried out on a managed node over real services."""

from __future__ import annotations

import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.node_chooser import NodeChooser
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode
from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.ros.web_chooser import WebChooser
from motion_avatar_ros.ros.web_view import WebView, WebViewSettings


class Estimator(AvatarLifecycleNode):
    """Knows two models."""

    def __init__(self) -> None:
        super().__init__('estimator', [Parameter('model', 'good', 'which one')])
        self.used: list[str] = []

    def configure(self, parameters) -> None:
        if parameters['model'] not in ('good', 'better'):
            raise MotionAvatarError('there is no such model')
        self.used.append(parameters['model'])


class Rig:
    """A page, a node that chooses by it, and the node that is chosen for."""

    def __init__(self) -> None:
        self.view = WebView(WebViewSettings(port=0))
        self.page = WebChooser(self.view, 'model', ('good', 'better', 'missing'))
        self.node = rclpy.create_node('viewer')
        self.refusal = ''
        self.chooser = NodeChooser(
            self.node, 'estimator', 'model', self.page, lambda: self.refusal)
        self.estimator = Estimator()
        self.estimator.start()
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.estimator)
        assert self.until(lambda: self.chooser._switch._set.service_is_ready())
        self.chooser.update('good')

    def choose(self, name: str) -> None:
        with self.page._lock:
            self.page._asked = name

    def until(self, condition, timeout_s: float = 10.0) -> bool:
        end_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < end_s:
            self.executor.spin_once(timeout_sec=0.02)
        return bool(condition())

    def carried_out(self, name: str) -> None:
        self.choose(name)
        self.chooser.update(self.estimator.used[-1])
        assert self.until(lambda: not self.chooser._switch.is_busy)
        self.chooser.update(self.estimator.used[-1])

    def close(self) -> None:
        self.view.close()
        self.executor.shutdown()
        self.node.destroy_node()
        self.estimator.close()


@pytest.fixture
def rig(ros_domain):
    rclpy.init()
    built = Rig()
    yield built
    built.close()
    rclpy.try_shutdown()


def test_a_choice_runs_and_is_shown(rig):
    assert rig.page._dropdown.visible and rig.page._dropdown.value == 'good'
    rig.carried_out('better')
    assert rig.estimator.used == ['good', 'better']
    assert rig.estimator.state_label == 'active'
    assert rig.page._dropdown.value == 'better' and not rig.page._answer.visible


def test_a_choice_that_cannot_be_used_is_undone_and_told(rig):
    rig.carried_out('missing')
    assert rig.estimator.used == ['good', 'good']
    assert rig.estimator.state_label == 'active'
    assert rig.page._dropdown.value == 'good'
    assert "'missing' cannot be used" in rig.page._answer.content


def test_nothing_is_touched_while_it_may_not_be_changed(rig):
    rig.refusal = 'the robot is engaged'
    rig.carried_out('better')
    assert rig.estimator.used == ['good'] and rig.estimator.state_label == 'active'
    assert 'the robot is engaged' in rig.page._answer.content


def test_a_node_that_dies_meanwhile_does_not_lock_the_choice_for_ever(rig, monkeypatch):
    rig.choose('better')
    rig.chooser.update('good')      # nobody spins the estimator: no answer comes
    assert rig.chooser._switch.is_busy
    monkeypatch.setattr('motion_avatar_ros.ros.parameter_switch._DEADLINE_S', 0.0)
    rig.chooser.update(None)
    assert not rig.chooser._switch.is_busy
    assert 'does not answer any more' in rig.chooser._answer
