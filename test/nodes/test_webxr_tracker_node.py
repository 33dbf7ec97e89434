# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""webxr_tracker_node without a browser: what is published, when it falls silent, what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from headset_client import DEVICES, LEVEL, HeadsetClient
import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.webxr_parameters import (
    WEBXR_PARAMETERS, server_settings, tracker_targets,
)
from motion_avatar_ros.nodes.webxr_tracker_node import WebXrTrackerNode
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.diagnostics import OK, WARN
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.qos import DIAGNOSTICS, TF

ROOT = Path(__file__).resolve().parents[2]
TOKEN = 'a-token-1'
FRAMES = {'head_tracker', 'left_hand_tracker', 'right_hand_tracker'}
DEFAULTS = {parameter.name: parameter.default for parameter in WEBXR_PARAMETERS}


class Rig:
    """A running node and ears on what it sends."""

    def __init__(self, **parameters) -> None:
        rclpy.init()
        parameters = {
            'port': 0, 'https': False, 'token': TOKEN,
            **{name.replace('__', '.'): value for name, value in parameters.items()}}
        self.node = WebXrTrackerNode(parameter_overrides=[
            Parameter(name, value=value) for name, value in parameters.items()])
        self.observer = rclpy.create_node('observer')
        self.transforms: list[tuple] = []  # transform, ROS time of its arrival [ns]
        self.poses: list[PoseStamped] = []
        self.statuses: list = []
        if parameters.get('output') == 'pose':
            self.observer.create_subscription(
                PoseStamped, 'left_hand_tracker/pose', self.poses.append, TF)
        else:
            messages = pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not installed')
            self.observer.create_subscription(messages.TFMessage, '/tf', self._on_tf, TF)
        self.observer.create_subscription(
            DiagnosticArray, '/diagnostics', lambda m: self.statuses.extend(m.status),
            DIAGNOSTICS)
        self._executor = SingleThreadedExecutor()
        for node in (self.node, self.observer):
            self._executor.add_node(node)
        self.node.start()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    @property
    def page(self) -> str:
        return self.node._server.page

    def headset(self, **arguments) -> HeadsetClient:
        client = HeadsetClient(self.page, TOKEN, **arguments)
        self.wait_for(lambda: client.is_welcome and self.node._server.session.clock.is_known)
        return client

    def status(self) -> tuple[int, str, dict[str, str]]:
        newest = self.statuses[-1]
        return (newest.level[0], newest.message,
                {pair.key: pair.value for pair in newest.values})

    def wait_for(self, condition: Callable[[], object], timeout_s: float = 8.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline_s, f'timed out; status: {self.statuses[-1:]}'
            time.sleep(0.01)

    def wait_told(self, level: int, words: str, timeout_s: float = 8.0) -> dict[str, str]:
        self.wait_for(lambda: any(
            s.level[0] == level and words in s.message for s in self.statuses), timeout_s)
        told = [s for s in self.statuses if s.level[0] == level and words in s.message][-1]
        return {pair.key: pair.value for pair in told.values}

    def close(self) -> None:
        self._executor.shutdown(timeout_sec=5.0)
        self.node.close()
        self.observer.destroy_node()
        rclpy.try_shutdown()
        self._thread.join(5.0)

    def _on_tf(self, message) -> None:
        now_ns = self.observer.get_clock().now().nanoseconds
        self.transforms += [(transform, now_ns) for transform in message.transforms]

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass


@pytest.fixture
def make_rig(ros_domain, tmp_path, monkeypatch) -> Iterator[Callable[..., Rig]]:
    monkeypatch.setenv('ROS_HOME', str(tmp_path))
    rigs: list[Rig] = []

    def make(**parameters) -> Rig:
        rigs.append(Rig(**parameters))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


def test_headset_becomes_three_frames_stamped_with_the_time_they_were_taken(make_rig):
    rig = make_rig()
    with rig.headset() as headset:
        rig.wait_for(lambda: rig.node.count_subscribers('/tf') > 0)
        headset.send_frames(1.2)
        rig.wait_for(lambda: len(rig.transforms) > 60)
        values = rig.wait_told(OK, 'head at')
    by_name = {transform.child_frame_id: transform for transform, _ in rig.transforms}
    assert set(by_name) == FRAMES
    assert {transform.header.frame_id for transform in by_name.values()} == {'odom'}
    left = by_name['left_hand_tracker'].transform.translation
    assert (left.x, left.y, left.z) == pytest.approx((0.4, 0.3, 1.1))
    stamps = [stamp_ns(t.header.stamp) for t, _ in rig.transforms
              if t.child_frame_id == 'head_tracker']
    assert all(later > earlier for earlier, later in zip(stamps, stamps[1:]))
    assert all(stamp_ns(t.header.stamp) <= now_ns for t, now_ns in rig.transforms)
    assert values['state'] == 'connected' and values['client'] == '127.0.0.1'
    assert values['left_hand_source'] == 'controller'
    assert float(values['browser_to_publish_p99_ms']) < 500.0
    assert float(values['rtt_p50_ms']) >= 0.0 and float(values['clock_error_ms']) >= 0.0
    assert values['page'] == rig.page and TOKEN not in str(rig.statuses)


def test_while_nothing_comes_the_diagnostics_warn_and_say_what_to_do(make_rig):
    rig = make_rig()
    assert rig.wait_told(WARN, 'no headset yet')['state'] == 'waiting'
    with rig.headset() as headset:
        assert rig.wait_told(WARN, 'use this headset')['state'] == 'connected'
        headset.send_json({'type': 'session', 'state': 'hidden'})
        rig.wait_told(WARN, 'taken off')
        headset.send_json({'type': 'session', 'state': 'visible'})
        rig.wait_told(WARN, 'is it tracking')
    assert rig.wait_told(WARN, 'the headset is gone', 2.0)['state'] == 'lost'
    assert rig.transforms == []


def test_silence_is_told_and_no_pose_is_repeated(make_rig):
    rig = make_rig()
    with rig.headset() as headset:
        headset.send_frames(0.5)
        rig.wait_told(OK, 'head at')
        headset.cut()
        time.sleep(0.2)
        count = len(rig.transforms)
        assert rig.wait_told(WARN, 'fallen silent')['state'] == 'lost'
        assert len(rig.transforms) == count > 0
        headset.answers = True
        headset.send_frames(0.5)
        rig.wait_for(lambda: rig.status()[0] == OK)


def test_tracker_that_is_guessed_is_left_out_and_the_others_go_on(make_rig):
    rig = make_rig()
    with rig.headset() as headset:
        rig.wait_for(lambda: rig.node.count_subscribers('/tf') > 0)
        guessed = {**DEVICES, 'left_hand': ('controller', True, ((0.0, 1.0, 0.0), LEVEL))}
        headset.send_frames(1.2, devices=guessed)
        rig.wait_for(lambda: len(rig.transforms) > 20)
        rig.wait_told(WARN, 'not the left hand')
    assert {t.child_frame_id for t, _ in rig.transforms} == FRAMES - {'left_hand_tracker'}


def test_recentring_is_counted(make_rig):
    rig = make_rig()
    with rig.headset() as headset:
        headset.send_json({'type': 'reset'})
        rig.wait_for(lambda: rig.statuses and rig.status()[2].get('reference_resets') == '1')


def test_poses_go_to_topics_when_asked(make_rig):
    rig = make_rig(output='pose', fixed_frame='room')
    with rig.headset() as headset:
        rig.wait_for(lambda: rig.node.count_subscribers('left_hand_tracker/pose') > 0)
        headset.send_frames(0.5)
        rig.wait_for(lambda: rig.poses)
    assert rig.poses[0].header.frame_id == 'room'
    assert rig.poses[0].pose.position.y == pytest.approx(0.3)


def test_deactivated_node_serves_nothing_and_comes_back_on_the_same_topics(make_rig):
    rig = make_rig()
    headset = rig.headset()
    port = rig.node._server.port
    publishers = len([*rig.node.publishers])
    assert rig.node.trigger_deactivate().name == 'SUCCESS'
    assert headset.wait_closed() == 1001
    with pytest.raises(OSError):
        socket.create_connection(('127.0.0.1', port), timeout=1.0)
    assert rig.node.trigger_cleanup().name == 'SUCCESS'
    assert len([*rig.node.publishers]) == publishers - 1
    assert rig.node.start()
    assert len([*rig.node.publishers]) == publishers
    with rig.headset() as headset:
        rig.wait_for(lambda: rig.node.count_subscribers('/tf') > 0)
        headset.send_frames(0.5)
        rig.wait_for(lambda: len(rig.transforms) > 20)


@pytest.mark.parametrize('changes, words', [
    ({'https': False, 'host': '0.0.0.0'}, "'https'.*127.0.0.1"),
    ({'https': False, 'host': 'robot.local'}, "'https'"),
    ({'token': 'short'}, "'token'"), ({'token': 'with space'}, "'token'"),
])
def test_settings_that_make_no_sense_together_are_refused(changes, words):
    with pytest.raises(MotionAvatarError, match=words):
        server_settings({**DEFAULTS, **changes})


def test_token_is_a_new_one_at_each_start_and_never_repeated_in_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_HOME', str(tmp_path))
    tokens = {server_settings(DEFAULTS).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch('[0-9]{8}', token) for token in tokens)
    with pytest.raises(MotionAvatarError) as refused:
        server_settings({**DEFAULTS, 'token': 'se cret'})
    assert 'se cret' not in str(refused.value)


def test_two_trackers_of_one_name_are_refused():
    with pytest.raises(ParameterError, match='head_tracker'):
        tracker_targets({**DEFAULTS, 'trackers.left_hand': 'head_tracker'})


def start_node(*parameters: str) -> subprocess.Popen:
    arguments = [word for parameter in parameters for word in ('-p', parameter)]
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(
        [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])])}
    return subprocess.Popen(
        [sys.executable, '-m', 'motion_avatar_ros.nodes.webxr_tracker_node', '--ros-args',
         *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize('stop_signal', [signal.SIGINT, signal.SIGTERM])
def test_process_prints_page_and_token_and_ends_clean(
        ros_domain, tmp_path, monkeypatch, stop_signal):
    monkeypatch.setenv('ROS_HOME', str(tmp_path))
    node = start_node('port:=0')
    line = node.stdout.readline()
    page = re.search(r'page: (https://localhost:\d+/)#token=(\d{8})$', line)
    assert page, line
    key_file = tmp_path / 'motion_avatar_ros' / 'webxr_certificate_and_key.pem'
    assert key_file.stat().st_mode & 0o777 == 0o600
    with HeadsetClient(page[1], page[2]) as headset:
        deadline_s = time.monotonic() + 5.0
        while not headset.got_status() and time.monotonic() < deadline_s:
            time.sleep(0.02)
        headset.send_frames(0.3)
        node.send_signal(stop_signal)
        assert headset.wait_closed(10.0) == 1001
    output, _ = node.communicate(timeout=20)
    assert node.returncode == 0
    assert 'Traceback' not in output


def test_taken_port_is_one_line_and_the_node_stays_to_be_mended(make_rig):
    with socket.create_server(('127.0.0.1', 0)) as other:
        rig = make_rig(port=other.getsockname()[1])
        assert rig.node.state_label == 'inactive'
        assert 'is taken' in rig.node.last_transition_error
    assert rig.node.trigger_activate().name == 'SUCCESS'
