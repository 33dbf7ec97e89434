# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The command `calibrate` against a node that offers the service: output and exit status."""

from __future__ import annotations

import io
import json
import threading
import time

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from worn_devices import as_frames, device_poses

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.commands import calibrate
from motion_avatar_ros.commands.calibrate import Prompts
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.ros.calibration_report import CalibrationReport
from motion_avatar_ros.ros.calibration_service import CalibrationService
from motion_avatar_ros.ros.calibration_session import CalibrationSession
from motion_avatar_ros.trackers.calibration import (
    Calibration, CalibrationRefusedError, TrackerFit, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

RATE_HZ = 30.0
FOUND = Calibration(
    height_m=1.8, offsets={name: TrackerOffset((0.0, 0.0, -0.05)) for name in TRACKER_NAMES},
    fits={'head': TrackerFit(0.004, 0.02, 0.001, 0.002)}, verdict='good')


class CalibratingNode:
    """A node with the service, in a thread and a context of its own, and its operator."""

    def __init__(self, folder):
        self.is_usable, self.has_operator = True, True
        self._context = Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node('avatar_node', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._service = CalibrationService(
            self._node, self._make_session, self._watch, lambda calibration: None, 'anna', folder)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def close(self):
        self._executor.shutdown()
        rclpy.try_shutdown(context=self._context)
        self._thread.join(5.0)

    def _spin(self):
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def _make_session(self):
        return CalibrationSession(CalibrationGuide(TRACKER_NAMES, RATE_HZ), self._solve)

    def _solve(self, take):
        if not self.is_usable:
            raise CalibrationRefusedError('the arms were bent')
        return FOUND

    def _watch(self, on_frames):
        if on_frames is not None and self.has_operator:
            threading.Thread(target=self._operate, args=(on_frames,), daemon=True).start()

    @staticmethod
    def _operate(on_frames):
        poses = device_poses(builtin_motion('calibration', RATE_HZ))
        for frames in as_frames(*poses, rate_hz=RATE_HZ):
            on_frames(frames)
            time.sleep(0.1 / RATE_HZ)


@pytest.fixture
def node(ros_domain, tmp_path):
    running = CalibratingNode(tmp_path / 'operators')
    yield running
    running.close()


def test_prompts_verdict_and_table_come_on_the_terminal(node, tmp_path, capsys):
    assert main(['calibrate']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('1/4  Stretch both arms')
    assert any(line.startswith('3/4  Nod') for line in lines)
    verdict = next(line for line in lines if line.startswith('calibrated: good; anna: height'))
    assert str(tmp_path / 'operators' / 'anna.yaml') in verdict
    assert lines[-3].split() == ['head', '0.0', '0.0', '-5.0', '0', '0', '0', '0.4', 'cm,',
                                 '1.1', 'deg']
    assert lines[-1].startswith('right hand  0.0 0.0 -5.0')


def test_json_is_the_only_thing_on_standard_output(node, capsys):
    assert main(['calibrate', '--json']) == 0
    written = capsys.readouterr()
    report = json.loads(written.out)
    assert report['success'] and report['calibration']['height_m'] == 1.8
    assert report['calibration']['operator'] == 'anna'
    head = report['calibration']['offsets']['head']
    assert head['position_m'] == [0.0, 0.0, -0.05] and head['residual_m'] == 0.004
    assert '1/4  Stretch both arms' in written.err


def test_refused_take_is_status_1_with_the_reason(node, capsys):
    node.is_usable = False
    assert main(['calibrate', '--json']) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report['success'], report['calibration']) == (False, None)
    assert report['message'] == 'the arms were bent'


def test_no_answer_in_time_is_status_1(node, capsys):
    node.has_operator = False
    assert main(['calibrate', '--timeout', '0.5']) == 1
    assert 'no answer within 0.5 s' in capsys.readouterr().out


def test_node_that_goes_away_ends_the_waiting(node, monkeypatch, capsys):
    node.has_operator = False
    monkeypatch.setattr(calibrate, '_GONE_AFTER_S', 0.5)
    threading.Timer(1.0, node.close).start()
    assert main(['calibrate']) == 1
    # Its last words come in time, or they do not.
    assert 'refused: avatar_node is gone' in capsys.readouterr().out


def test_node_that_is_not_there_is_one_line_and_status_2(ros_domain, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, '_SERVICE_WITHIN_S', 0.5)
    assert main(['calibrate', '--node', 'somebody']) == 2
    error = capsys.readouterr().err
    assert error.startswith('motion_avatar calibrate: there is no service /somebody/calibrate')
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize('name', ['a b', '1st', 'a//b', ''])
def test_name_that_no_node_can_have_is_status_2(ros_domain, monkeypatch, capsys, name):
    monkeypatch.setattr(calibrate, '_SERVICE_WITHIN_S', 0.2)
    assert main(['calibrate', '--node', name]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1 and 'Traceback' not in error


def test_terminal_gets_a_bar_that_leaves_no_trace():
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    prompts = Prompts(terminal)
    prompts.show(CalibrationReport('idle', 'not calibrated'))
    assert terminal.getvalue() == ''
    for progress in (0.0, 0.5):
        prompts.show(CalibrationReport(
            'running', 'Nod', step='head', progress=progress, hint='nod'))
    prompts.show(CalibrationReport('running', 'Swing', step='arm_circles'))
    prompts.conclude(False, 'too late', None)
    text = terminal.getvalue()
    assert text.count('3/4  Nod\n') == 1
    assert '████████████░░░░░░░░░░░░  nod' in text
    assert text.endswith('\r\x1b[Krefused: too late\n')
