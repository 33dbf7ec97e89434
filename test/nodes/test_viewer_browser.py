# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, of real nodes: what moves, where clicks arrive, what is old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import signal
import threading
import time

from browser import Browser, BrowserUnavailableError, Page
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.commands.node_processes import NodeProcesses  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402
from motion_avatar_ros.ros.qos import JOINT_STATES  # noqa: E402

BODY = '/tracker_player_node/ground_truth'
PLAYER, ROBOT, VIEWER = 'tracker_player_node', 'retarget_node', 'viewer_node'
WIDTH, HEIGHT = 640, 420    # drawn by the processor
#: Parts of the picture, as shares of its width.
ROBOT_PART, PERSON_PART = (0.08, 0.32), (0.38, 0.62)
OLD = 'what is shown is old'
# Notes in the page's own time when a text appears, and how long the page was busy drawing.
WATCH = """window.oldSince = window.longestMs = 0; let lastMs = Date.now(); setInterval(() => {
  window.longestMs = Math.max(window.longestMs, Date.now() - lastMs);
  lastMs = Date.now();
  if (!window.oldSince && document.body.innerText.includes(%r)) window.oldSince = lastMs;
}, 10)""" % OLD


class Rig:
    """A player, a robot that follows it and the page as processes; here, who is called."""

    def __init__(self, folder: Path) -> None:
        self.processes = NodeProcesses(os.environ, folder)
        self.start(PLAYER, motion='mix')
        self.start(ROBOT, robot='g1', body_topic=BODY)
        self.start(VIEWER, port=0, body_topic=BODY, follow='heading', rate_hz=10.0)
        self.node = rclpy.create_node('operator')
        self.calibrations = 0
        self.joints: list[str] = []
        self.node.create_service(Trigger, 'avatar_node/calibrate', self.on_calibrate)
        self.node.create_subscription(
            JointState, 'retarget_node/joint_states', self.on_robot, JOINT_STATES)
        self.measured = self.node.create_publisher(JointState, 'joint_states', JOINT_STATES)
        self.node.create_timer(0.1, self.measure)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def start(self, node: str, **parameters: object) -> None:
        overrides = [word for name, value in parameters.items() for word in (
            '-p', f'{name}:={value}')]
        self.processes.start(node, f'motion_avatar_ros.nodes.{node}', ['--ros-args', *overrides])

    @property
    def address(self) -> str | None:
        _, found, rest = self.processes.log(VIEWER).partition('page: ')
        return rest.split()[0] if found else None

    def on_calibrate(self, _, response):
        self.calibrations += 1
        response.success, response.message = False, 'the arms were bent'
        return response

    def on_robot(self, message: JointState) -> None:
        self.joints = list(message.name)

    def measure(self) -> None:
        """Be a robot that stands still."""
        self.measured.publish(JointState(name=self.joints, position=[0.0] * len(self.joints)))

    def until(self, condition: Callable[[], object], timeout_s: float = 60.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not (value := condition()) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        return bool(value)

    def shows(self, page: Page, text: str) -> bool:
        return self.until(lambda: page.evaluate(
            f'!!document.body && document.body.innerText.includes({text!r})'))

    def press(self, page: Page, label: str, comes: str) -> None:
        """Press a button until what must come of it is shown; other news may move it away."""
        def is_done() -> bool:
            page.press(label)
            deadline_s = time.monotonic() + 5.0
            while time.monotonic() < deadline_s:
                if comes in (page.evaluate('document.body.innerText') or ''):
                    return True
                time.sleep(0.1)
            return False

        assert self.until(is_done), (label, comes)

    def moves(self, page: Page, part: tuple[float, float]) -> bool:
        """Say whether what is seen in a part of the page changes soon."""
        left, right = (round(share * WIDTH) for share in part)
        before = np.asarray(page.picture())[:, left:right].astype(int)
        return self.until(lambda: (np.abs(
            np.asarray(page.picture())[:, left:right] - before).max(axis=2) > 40).sum() > 150)

    def close(self) -> None:
        self.processes.stop()
        self.executor.shutdown()
        self.thread.join(5.0)
        self.node.destroy_node()


@pytest.fixture
def rig(ros_domain, tmp_path) -> Iterator[Rig]:
    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))
    rclpy.init()
    built = Rig(tmp_path)
    yield built
    built.close()
    rclpy.try_shutdown()


@pytest.fixture
def browser() -> Iterator[Browser]:
    try:
        opened = Browser(WIDTH, HEIGHT)
    except BrowserUnavailableError as error:
        pytest.skip(str(error))
    with opened:
        yield opened


def test_body_and_robot_move_clicks_arrive_and_a_killed_node_is_seen_to_be_old(browser, rig):
    assert rig.until(lambda: rig.address)
    page = browser.open(rig.address)
    assert rig.shows(page, 'engage robot')
    assert rig.moves(page, PERSON_PART)
    assert rig.moves(page, ROBOT_PART)

    rig.press(page, 'calibrate', comes='the arms were bent')
    assert rig.calibrations >= 1
    rig.press(page, 'engage robot', comes='disengage robot')
    rig.press(page, 'STOP robot', comes='release stop')

    page.reload()
    assert rig.shows(page, 'release stop') and rig.moves(page, PERSON_PART)
    second = browser.open(rig.address)
    assert rig.shows(second, 'release stop')
    rig.press(second, 'release stop', comes='engage robot')
    assert rig.shows(page, 'engage robot')
    assert rig.moves(second, ROBOT_PART)
    second.close()

    page.evaluate(WATCH)
    killed_s = time.time()
    os.kill(rig.processes.pids[PLAYER], signal.SIGKILL)
    assert rig.shows(page, OLD)
    since_s, busy_s = (1e-3 * page.evaluate(f'window.{name}') for name in (
        'oldSince', 'longestMs'))
    assert since_s - killed_s < 1.0 + 2.0 * busy_s
    assert browser.errors == []
