# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The whole way from a browser's headset to /tf: headless Chromium, the emulator iwer, the node.

Browser and node share this machine's clock, so the time of a pose can also be written into the
pose itself: the head's place on one axis is the time at which the emulator put it there.
"""

from __future__ import annotations

from collections.abc import Iterator
import math
import os
from pathlib import Path
import re
import subprocess
import sys
import threading
import time

from browser import Browser, BrowserUnavailableError, Page, iwer_bundle, wait_until
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.diagnostics import OK, WARN
from motion_avatar_ros.ros.qos import DIAGNOSTICS, TF
from motion_avatar_ros.trackers.pose_algebra import compose

ROOT = Path(__file__).resolve().parents[2]
DISPLAY_HZ = 72.0  # as a Quest's
CLOCK_S = 8.0  # after so long the clock that is written into a pose starts over
LEVEL = (0.0, 0.0, 0.0, 1.0)

# The emulator draws whenever the browser does, which without a screen is 60 Hz; here frames are
# due at the headset's own rate. It also calls every pose emulated, which headsets do not.
EMULATION = """(() => {
  const device = new IWER.XRDevice(IWER.metaQuest3);
  device.installRuntime({forceInstall: true});
  window.emulated = device;
  window.isGuessed = false;
  window.move = () => {};
  Object.defineProperty(XRPose.prototype, 'emulatedPosition', {get: () => window.isGuessed});
  const periodMs = 1000 / %g;
  let dueMs = 0;
  window.requestAnimationFrame = callback => {
    const nowMs = performance.now();
    dueMs = Math.max(dueMs + periodMs, nowMs - periodMs);
    return setTimeout(() => { window.move(); callback(performance.now()); }, dueMs - nowMs);
  };
  window.cancelAnimationFrame = clearTimeout;
  window.pose = (what, position, quaternion) => {
    what.position.set(...position);
    what.quaternion.set(...quaternion);
  };
  window.gripsOf = inputs => Object.fromEntries(Object.entries(inputs).map(([side, input]) => {
    const grip = input.inputSource.gripSpace;
    return [side, Array.from(grip[Object.getOwnPropertySymbols(grip)[0]].offsetMatrix)];
  }));
})();""" % DISPLAY_HZ
CLOCK_IN_POSE = """window.move = () => {
  emulated.position.x = (performance.timeOrigin + performance.now()) %% %g / 1000;
};""" % (1e3 * CLOCK_S)


class Reception:
    """What arrives on /tf and /diagnostics, and when."""

    def __init__(self) -> None:
        messages = pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not installed')
        rclpy.init()
        self._node = rclpy.create_node('observer')
        self._node.create_subscription(messages.TFMessage, '/tf', self._on_tf, TF)
        self._node.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, DIAGNOSTICS)
        self.arrivals: list[tuple[int, dict]] = []  # [ns], transforms by frame
        self.told: list[tuple[int, str, dict[str, str]]] = []
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def pose(self, frame: str) -> tuple[np.ndarray, tuple]:
        """Return the newest position and quaternion of a frame that was just sent."""
        count = len(self.arrivals)
        wait_until(lambda: any(
            frame in sent for _, sent in self.arrivals[count + 1:]), 5.0, frame)
        transform = [sent for _, sent in self.arrivals if frame in sent][-1][frame].transform
        t, q = transform.translation, transform.rotation
        return np.array([t.x, t.y, t.z]), (q.x, q.y, q.z, q.w)

    def wait_told(self, level: int, words: str, timeout_s: float = 8.0) -> dict[str, str]:
        def found() -> list:
            return [values for at, line, values in list(self.told)
                    if at == level and words in line]
        return wait_until(found, timeout_s, f'told {words!r}')[-1]

    def close(self) -> None:
        self._executor.shutdown(timeout_sec=5.0)
        self._node.destroy_node()
        rclpy.try_shutdown()
        self._thread.join(5.0)

    def _on_tf(self, message) -> None:
        now_ns = time.time_ns()
        self.arrivals.append((now_ns, {t.child_frame_id: t for t in message.transforms}))

    def _on_diagnostics(self, message) -> None:
        for status in message.status:
            self.told.append((status.level[0], status.message,
                              {pair.key: pair.value for pair in status.values}))

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass


class Rig:
    """The node in a process of its own, a browser, and ears."""

    def __init__(self, emulator: str, browser: Browser) -> None:
        self.browser = browser
        self._scripts = (emulator, EMULATION)
        self._node = subprocess.Popen(
            [sys.executable, '-m', 'motion_avatar_ros.nodes.webxr_tracker_node', '--ros-args',
             '-p', 'port:=0'],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(
                [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])])},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self._node.stdout.readline()
        found = re.search(r'page: (\S+)#token=(\S+)', line)
        assert found, line
        self.reception = Reception()
        self.page, self.token = found.groups()

    def open(self, token: str | None = None, has_headset: bool = True) -> Page:
        fragment = '' if token == '' else f'#token={self.token if token is None else token}'
        return self.browser.open(self.page + fragment, self._scripts if has_headset else ())

    def use(self) -> Page:
        """Open the page and press its button."""
        page = self.open()
        press_use(page)
        wait_until(lambda: self.reception.arrivals, 10.0, 'poses on /tf')
        return page

    def close(self) -> None:
        self._node.terminate()
        self._node.communicate(timeout=20)
        self.reception.close()


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    try:
        browser = Browser(width=320, height=240)
    except BrowserUnavailableError as error:
        pytest.skip(str(error))
    with browser:
        yield browser


@pytest.fixture
def rig(ros_domain, browser, tmp_path, monkeypatch) -> Iterator[Rig]:
    try:
        emulator = iwer_bundle()
    except BrowserUnavailableError as error:
        pytest.skip(str(error))
    monkeypatch.setenv('ROS_HOME', str(tmp_path))
    rig = Rig(emulator, browser)
    yield rig
    browser.close_pages()
    rig.close()
    assert browser.errors == []


def wait_state(page: Page, words: str, timeout_s: float = 15.0) -> None:
    page.wait_for(f"document.getElementById('state').textContent.includes('{words}')", timeout_s)


def press_use(page: Page) -> None:
    page.wait_for("document.getElementById('use') && !document.getElementById('use').disabled")
    page.evaluate("document.getElementById('use').click()")
    wait_state(page, 'sending')


def turned(quaternion: tuple, vector: tuple) -> tuple:
    return compose(((0.0, 0.0, 0.0), quaternion), (vector, LEVEL))[0]


def place(page: Page, what: str, position: tuple, quaternion: tuple = LEVEL) -> None:
    page.evaluate(f'pose({what}, {list(position)}, {list(quaternion)})')


def test_head_and_hands_follow_the_emulator_in_ros_axes(rig):
    page, tf = rig.use(), rig.reception
    place(page, 'emulated', (0.0, 1.6, 0.0))
    position, quaternion = tf.pose('head_tracker')
    np.testing.assert_allclose(position, (0.0, 0.0, 1.6), atol=1e-6)
    np.testing.assert_allclose(turned(quaternion, (1.0, 0.0, 0.0)), (1.0, 0.0, 0.0), atol=1e-6)

    # A step forward and to the right, looking to the left.
    place(page, 'emulated', (0.3, 1.5, -0.7), (0.0, math.sqrt(0.5), 0.0, math.sqrt(0.5)))
    position, quaternion = tf.pose('head_tracker')
    np.testing.assert_allclose(position, (0.7, -0.3, 1.5), atol=1e-6)
    np.testing.assert_allclose(turned(quaternion, (1.0, 0.0, 0.0)), (0.0, 1.0, 0.0), atol=1e-6)

    # The emulator places a controller by its ray; its grip is a fixed pose in that.
    offsets = page.evaluate('gripsOf(emulated.controllers)')
    for side, sign in (('left', 1.0), ('right', -1.0)):
        place(page, f"emulated.controllers['{side}']", (-0.4 * sign, 1.2, -0.5))
        position, quaternion = tf.pose(f'{side}_hand_tracker')
        grip = np.array(offsets[side]).reshape(4, 4).T  # column-major
        expected = np.array([0.5, 0.4 * sign, 1.2]) + grip[[2, 0, 1], 3] * (-1.0, -1.0, 1.0)
        np.testing.assert_allclose(position, expected, atol=1e-5)
        assert position[1] * sign > 0.3  # the left hand is on the left
        rod = -grip[:3, 2]  # WebXR's -z of the grip is x here
        np.testing.assert_allclose(
            turned(quaternion, (1.0, 0.0, 0.0)), (-rod[2], -rod[0], rod[1]), atol=1e-4)

    # Hands without controllers come out as the grip that the emulator knows for them.
    page.evaluate("emulated.primaryInputMode = 'hand'")
    page.wait_for("document.getElementById('left').textContent == 'tracked hand'")
    matrices = page.evaluate('gripsOf(emulated.hands)')
    for side in ('left', 'right'):
        place(page, f"emulated.hands['{side}']", (0.0, 1.0, 0.0))
        position, quaternion = tf.pose(f'{side}_hand_tracker')
        grip = np.array(matrices['left']).reshape(4, 4).T
        if side == 'right':  # the emulator has a grip for the left hand only
            mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
            grip = mirror @ grip @ mirror
        expected = np.array([0.0, 0.0, 1.0]) + grip[[2, 0, 1], 3] * (-1.0, -1.0, 1.0)
        np.testing.assert_allclose(position, expected, atol=0.01)
        for axis, column in (((1.0, 0.0, 0.0), -2), ((0.0, 1.0, 0.0), -0), ((0.0, 0.0, 1.0), 1)):
            sign = -1.0 if column <= 0 else 1.0
            x, y, z = sign * grip[:3, abs(column)]
            np.testing.assert_allclose(turned(quaternion, axis), (-z, -x, y), atol=0.02)

    # What is guessed is not published; what is recentred is told.
    page.evaluate('isGuessed = true')
    time.sleep(0.3)
    count = len(tf.arrivals)
    wait_state(page, 'not tracking')
    assert len(tf.arrivals) == count
    page.evaluate('isGuessed = false; emulated.recenter()')
    wait_state(page, 'sending')
    wait_until(lambda: tf.told[-1][2].get('reference_resets') == '1', 5.0, 'reset is told')


def latencies_ms(rig: Rig, seconds: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Return rate [Hz] and, per head pose, age by its stamp and by the time written in it."""
    start = len(rig.reception.arrivals)
    time.sleep(seconds)
    arrivals = rig.reception.arrivals[start:]
    by_stamp, by_pose = [], []
    for arrived_ns, sent in arrivals:
        head = sent['head_tracker']
        by_stamp.append((arrived_ns - stamp_ns(head.header.stamp)) * 1e-6)
        written_ns = -head.transform.translation.y * 1e9  # WebXR's x is -y here
        by_pose.append(((arrived_ns - written_ns) % (CLOCK_S * 1e9)) * 1e-6)
    span_s = (arrivals[-1][0] - arrivals[0][0]) * 1e-9
    return (len(arrivals) - 1) / span_s, np.array(by_stamp), np.array(by_pose)


def test_poses_arrive_at_60_hz_or_more_within_40_ms(rig, record_property):
    page = rig.use()
    page.evaluate(CLOCK_IN_POSE)
    time.sleep(1.0)  # the clock's first exchanges, and the node's first frames
    for _ in range(4):  # a machine that others use may pause for longer than that
        rate_hz, by_stamp, by_pose = latencies_ms(rig, 4.0)
        p99_stamp, p99_pose = np.percentile(by_stamp, 99), np.percentile(by_pose, 99)
        figures = (f'{rate_hz:.2f} Hz; by stamp p50 {np.median(by_stamp):.2f} p99 {p99_stamp:.2f} '
                   f'ms; by pose p50 {np.median(by_pose):.2f} p99 {p99_pose:.2f} ms')
        if rate_hz >= 60.0 and max(p99_stamp, p99_pose) < 40.0:
            break
    record_property('webxr', figures)
    sys.stdout.write(f'{figures}\n')
    assert rate_hz >= 60.0, figures
    assert max(p99_stamp, p99_pose) < 40.0, figures
    assert by_stamp.min() >= 0.0  # no stamp is ahead of the present
    # Two ways to the same time: the mapped clock is right.
    assert np.median(np.abs(by_stamp - by_pose)) < 5.0, figures
    values = rig.reception.wait_told(OK, 'head at')
    assert float(values['browser_to_publish_p50_ms']) < 40.0


def test_refresh_recovers_and_what_ends_the_session_ends_the_poses_at_once(rig):
    page, tf = rig.use(), rig.reception
    page.reload()
    time.sleep(0.4)
    count = len(tf.arrivals)
    time.sleep(0.3)
    assert len(tf.arrivals) == count  # nothing is repeated while nobody sends
    press_use(page)
    wait_until(lambda: len(tf.arrivals) > count + 20, 5.0, 'poses after a refresh')

    page.evaluate("emulated.updateVisibilityState('hidden')")
    tf.wait_told(WARN, 'taken off')
    page.evaluate("emulated.updateVisibilityState('visible')")
    wait_state(page, 'sending')
    page.evaluate("document.getElementById('use').click()")  # it says 'stop' now
    wait_state(page, 'connected')
    tf.told.clear()
    tf.wait_told(WARN, 'use this headset')
    count = len(tf.arrivals)
    time.sleep(0.3)
    assert len(tf.arrivals) == count

    press_use(page)
    tf.told.clear()
    tf.wait_told(OK, 'head at')
    tf.told.clear()
    closed_ns = time.time_ns()
    page.close()
    tf.wait_told(WARN, 'the headset is gone', 2.0)
    time.sleep(0.6)
    assert tf.arrivals[-1][0] - closed_ns < 0.5e9
    assert tf.told[-1][2]['state'] == 'lost'


def test_whoever_may_not_send_is_told_why_on_the_page(rig):
    desktop = rig.open(has_headset=False)
    wait_state(desktop, 'no headset')
    wait_state(rig.open(token=''), 'token needed')
    rig.reception.wait_told(WARN, 'no headset yet')  # neither of them has taken the place

    first = rig.open(token='00000000' if rig.token != '00000000' else '11111111')
    wait_state(first, 'wrong token')
    # Typed rightly it lets the headset in.
    first.evaluate(f"document.getElementById('token').value = '{rig.token}'; "
                   "document.getElementById('token-form').requestSubmit()")
    press_use(first)

    second = rig.open()
    wait_state(second, 'another headset is in use')
    assert second.evaluate("document.getElementById('use').disabled")
    wait_state(first, 'sending')
    second.evaluate("document.getElementById('take-over').click()")
    press_use(second)
    wait_state(first, 'taken over')
    rig.reception.wait_told(OK, 'head at')
    wait_until(lambda: rig.reception.told[-1][2].get('takeovers') == '1', 5.0, 'told')
    values = rig.reception.told[-1][2]
    assert (values['refused_tokens'], values['refused_clients']) == ('1', '1')
