# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: clicks reach the robot's node, a reload keeps working."""

from __future__ import annotations

import time

from browser import Browser, BrowserUnavailableError
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool, Trigger

from motion_avatar_ros.nodes.viewer_node import ViewerNode

BUTTONS = '[...document.querySelectorAll("button")]'


class Rig:
    """A page, and the robot's node that its buttons ask."""

    def __init__(self) -> None:
        self.viewer = ViewerNode(parameter_overrides=[Parameter('port', value=0)])
        self.robot = rclpy.create_node('retarget_node')
        self.asked: list[object] = []
        self.robot.create_service(SetBool, 'retarget_node/engage', self.on_engage)
        self.robot.create_service(Trigger, 'retarget_node/stop', self.on_stop)
        self.diagnostics = self.robot.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self.robot.create_timer(0.2, self.tell)
        self.state = 'disengaged'
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.viewer)
        self.executor.add_node(self.robot)

    def tell(self) -> None:
        self.diagnostics.publish(DiagnosticArray(status=[DiagnosticStatus(
            name='retarget_node', hardware_id='/retarget_node', values=[
                KeyValue(key='engage_state', value=self.state),
                KeyValue(key='engage_reason', value='as asked')])]))

    def on_engage(self, request, response):
        self.asked.append(request.data)
        self.state = 'approaching' if request.data else 'disengaged'
        response.success = True
        return response

    def on_stop(self, _, response):
        self.asked.append('stop')
        self.state = 'stopped'
        response.success = True
        return response

    def until(self, condition, timeout_s: float = 20.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.05)
        return bool(condition())

    def close(self) -> None:
        self.viewer.close()
        self.robot.destroy_node()
        self.executor.shutdown()


@pytest.fixture
def rig(ros_domain):
    rclpy.init()
    built = Rig()
    yield built
    built.close()
    rclpy.try_shutdown()


def test_clicks_engage_and_stop_the_robot_before_and_after_a_reload(rig):
    try:
        browser = Browser(900, 900)
    except BrowserUnavailableError as error:
        pytest.skip(str(error))
    with browser:
        page = browser.open(rig.viewer.page)

        def has(label: str) -> bool:
            return bool(page.evaluate(f'{BUTTONS}.some(x => x.innerText == {label!r})'))

        def click(label: str) -> None:
            assert rig.until(lambda: has(label)), label
            page.evaluate(f'{BUTTONS}.find(x => x.innerText == {label!r}).click()')

        click('engage robot')
        assert rig.until(lambda: rig.asked == [True])
        click('STOP robot')
        assert rig.until(lambda: rig.asked == [True, 'stop'])
        page.reload()
        click('release stop')
        assert rig.until(lambda: rig.asked == [True, 'stop', False])
        assert rig.until(lambda: has('engage robot'))
