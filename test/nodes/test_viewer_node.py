# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""viewer_node: what reaches the page, what is held back, how the process ends."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from node_spinning import spin_until
import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.nodes.viewer_node import ViewerNode
from motion_avatar_ros.ros.body_messages import joint_state_message, stamp_ns
from motion_avatar_ros.ros.calibration_report import CalibrationReport
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED

ROOT = Path(__file__).resolve().parents[2]
TOPIC = 'avatar_node/joint_states'
QUARTER_TURN = (0.0, 0.0, 0.5 ** 0.5, 0.5 ** 0.5)


@pytest.fixture
def ros(ros_domain):
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def viewer(ros, monkeypatch):
    node = ViewerNode(parameter_overrides=[
        Parameter('port', value=0), Parameter('mesh', value='coarse')])
    monkeypatch.setattr(node._view.server, 'get_clients', lambda: {0: None})  # somebody looks
    yield node
    node.close()


@pytest.fixture
def sender(ros):
    node = rclpy.create_node('sender')
    yield node
    node.destroy_node()


def body_message(root_m):
    pose = BodyPose(np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)), np.array(root_m))
    return joint_state_message(pose, time.time_ns(), 'odom', JointStateEncoder())


def shown_root(viewer):
    return np.array(viewer._body.figure._mesh.bones[0].position)


def test_received_pose_reaches_the_page(viewer, sender):
    publisher = sender.create_publisher(JointState, TOPIC, JOINT_STATES)
    spin_until(viewer, lambda: publisher.get_subscription_count() > 0)
    publisher.publish(body_message([1.0, 2.0, 0.9]))
    spin_until(viewer, lambda: viewer._body.figure._mesh.visible)
    np.testing.assert_allclose(shown_root(viewer), [1.0, 2.0, 0.9], atol=1e-6)


def test_two_publishers_hold_the_body_and_the_panel_says_so(viewer, sender):
    publishers = [sender.create_publisher(JointState, TOPIC, JOINT_STATES) for _ in range(2)]
    spin_until(viewer, lambda: viewer._body._publishers == 2)
    publishers[0].publish(body_message([1.0, 2.0, 0.9]))
    spin_until(viewer, lambda: viewer._body.age_s() is not None)
    viewer._draw()
    viewer._report()
    assert not viewer._body.figure._mesh.visible
    assert '2 publishers' in viewer._view._report.content
    level, line, values = viewer._diagnose()
    assert level == 1 and '2 publishers' in line and values['body_publishers'] == 2


def test_message_that_is_no_pose_is_told_and_nothing_moves(viewer, sender):
    publisher = sender.create_publisher(JointState, TOPIC, JOINT_STATES)
    spin_until(viewer, lambda: publisher.get_subscription_count() > 0)
    message = body_message([1.0, 2.0, 0.9])
    message.position[7] = float('nan')
    publisher.publish(message)
    spin_until(viewer, lambda: viewer._body._problem is not None)
    assert 'not finite' in viewer._body._problem
    assert not viewer._body.figure._mesh.visible


def test_tracker_sample_that_is_not_finite_stays_off_the_page(viewer):
    head = viewer._trackers.figures['head']
    viewer._trackers.take('head', 0, (0.0, float('nan'), 1.6), QUARTER_TURN)
    viewer._draw()
    assert not head._frame.visible
    viewer._trackers.take('head', 0, (0.0, 0.5, 1.6), QUARTER_TURN)
    viewer._draw()
    assert head._frame.visible


def test_trackers_are_drawn_as_of_the_stamp_of_the_body(viewer):
    message = body_message([0.0, 0.0, 0.9])
    stamp = stamp_ns(message.header.stamp)
    for step in range(-3, 4):
        viewer._trackers.take(
            'head', stamp + step * 16_000_000, (0.1 * step, 0.0, 1.6), QUARTER_TURN)
    viewer._body.take(message)
    viewer._draw()
    np.testing.assert_allclose(viewer._trackers.figures['head']._frame.position, [0.0, 0.0, 1.6])


def test_panel_shows_the_status_of_its_own_avatar_only(viewer):
    def status(node, state):
        return DiagnosticStatus(
            name='avatar_node', hardware_id=node, values=[KeyValue(key='state', value=state)])

    viewer._statuses.take(DiagnosticArray(status=[
        status('/avatar_node', 'tracking'), status('/other/avatar_node', 'hold')]))
    viewer._report()
    assert 'tracking' in viewer._view._report.content


def test_wrong_parameters_are_refused_and_the_port_is_free_again(ros):
    with pytest.raises(ParameterError, match='rate_hz'):
        ViewerNode(parameter_overrides=[Parameter('rate_hz', value=500.0)])
    with pytest.raises(ParameterError, match='unknown parameter'):
        ViewerNode(parameter_overrides=[Parameter('prot', value=8080)])


def start_viewer(tmp_path, *parameters):
    arguments = [word for parameter in parameters for word in ('-p', parameter)]
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(
        [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])])}
    return subprocess.Popen(
        [sys.executable, '-m', 'motion_avatar_ros.nodes.viewer_node', '--ros-args', *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize('stop_signal', [signal.SIGINT, signal.SIGTERM])
def test_process_serves_the_page_and_ends_clean_and_silent(ros_domain, tmp_path, stop_signal):
    viewer = start_viewer(tmp_path, 'port:=0')
    line = viewer.stdout.readline()
    assert 'page: http://' in line
    with urlopen(line.split('page: ')[1].strip(), timeout=10) as page:
        assert page.status == 200
    viewer.send_signal(stop_signal)
    output, _ = viewer.communicate(timeout=20)
    assert (viewer.returncode, output) == (0, '')


def test_taken_port_is_one_line_and_status_2(ros_domain, tmp_path):
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        viewer = start_viewer(tmp_path, f'port:={port}')
        output, _ = viewer.communicate(timeout=30)
    assert viewer.returncode == 2
    assert output.startswith(f'error: port {port} is taken')
    assert len(output.splitlines()) == 1


def test_button_calls_the_avatar_and_its_answer_reaches_the_page(viewer, sender):
    calls = []

    def calibrate(request, response):
        calls.append(request)
        response.success, response.message = False, 'the arms were bent'
        return response

    sender.create_service(Trigger, 'avatar_node/calibrate', calibrate)
    spin_until(viewer, lambda: viewer._calibration.client.is_available)
    viewer._calibration._page._asked.set()
    banner = viewer._calibration._page._banner
    while not banner.visible:
        rclpy.spin_once(viewer, timeout_sec=0.05)
        rclpy.spin_once(sender, timeout_sec=0.05)
    assert len(calls) == 1
    assert 'the arms were bent' in banner.content


def test_button_without_an_avatar_says_what_is_missing(viewer):
    viewer._calibration._page._asked.set()
    spin_until(viewer, lambda: viewer._calibration._page._banner.visible)
    assert 'no service /avatar_node/calibrate' in viewer._calibration._page._banner.content


def test_prompt_of_the_avatar_reaches_the_page(viewer, sender):
    report = CalibrationReport('running', 'Nod slowly', step='head', progress=0.5)
    publisher = sender.create_publisher(DiagnosticStatus, 'avatar_node/calibration', LATCHED)
    publisher.publish(DiagnosticStatus(message=report.message, values=[
        KeyValue(key=key, value=value) for key, value in report.values().items()]))
    spin_until(viewer, lambda: viewer._calibration._page._banner.visible)
    assert 'Nod slowly' in viewer._calibration._page._banner.content
