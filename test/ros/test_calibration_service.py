# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The service ~/calibrate over DDS: who gets which answer when, and what the topic says."""

from __future__ import annotations

from dataclasses import replace
import threading
import time

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_srvs.srv import Trigger
from worn_devices import as_frames, device_poses

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.calibration_report import CalibrationReport
from motion_avatar_ros.ros.calibration_service import CalibrationService
from motion_avatar_ros.ros.calibration_session import CalibrationSession
from motion_avatar_ros.ros.qos import LATCHED
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, Calibration, CalibrationRefusedError, TrackerFit, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_file import load_calibration
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

RATE_HZ = 30.0
FOUND = Calibration(
    height_m=1.8, offsets={name: TrackerOffset((0.0, 0.0, 0.05)) for name in TRACKER_NAMES},
    fits={'head': TrackerFit(0.004, 0.02, 0.001, 0.002)}, verdict='good')


class Rig:
    """A node with the service, the frames it watches, and callers."""

    def __init__(self, folder, operator):
        self.node = rclpy.create_node('avatar_node')
        self.caller = rclpy.create_node('caller')
        self.executor = SingleThreadedExecutor()
        for node in (self.node, self.caller):
            self.executor.add_node(node)
        self.on_frames = None
        self.refusal = None
        self.is_usable = True
        self.silence_s = 3.0
        self.used, self.reports = [], []
        self.may_end = threading.Event()
        self.may_end.set()
        self.service = CalibrationService(
            self.node, self._make_session, self._watch, self._use, operator, folder)
        self.client = self.caller.create_client(Trigger, 'avatar_node/calibrate')
        self.caller.create_subscription(
            DiagnosticStatus, 'avatar_node/calibration', self._on_status, LATCHED)
        assert self.client.wait_for_service(10.0)

    def _make_session(self):
        if self.refusal is not None:
            raise MotionAvatarError(self.refusal)
        return CalibrationSession(
            CalibrationGuide(TRACKER_NAMES, RATE_HZ), self._solve, silence_s=self.silence_s)

    def _solve(self, take):
        self.may_end.wait(10.0)
        if not self.is_usable:
            raise CalibrationRefusedError('the arms were bent')
        return FOUND

    def _watch(self, on_frames):
        self.on_frames = on_frames

    def _use(self, calibration):
        self.used.append(calibration)

    def _on_status(self, message):
        self.reports.append(CalibrationReport.read(
            message.message, {pair.key: pair.value for pair in message.values}))
        assert self.reports[-1] is not None

    @property
    def state(self):
        return self.reports[-1].state if self.reports else None

    def call(self):
        return self.client.call_async(Trigger.Request())

    def spin(self, condition, timeout_s=10.0):
        end_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end_s, ('timed out', self.reports[-1:])
            self.executor.spin_once(timeout_sec=0.02)

    def spin_for(self, duration_s):
        end_s = time.monotonic() + duration_s
        while time.monotonic() < end_s:
            self.executor.spin_once(timeout_sec=0.02)

    def answer(self, future, timeout_s=10.0):
        self.spin(future.done, timeout_s)
        return future.result()

    def operate(self, spin_s=0.0):
        """Do all steps, spinning now and then if asked."""
        frames = as_frames(*device_poses(builtin_motion('calibration', RATE_HZ)), RATE_HZ)
        for number, part in enumerate(frames):
            if self.on_frames is not None:
                self.on_frames(part)
            if spin_s > 0.0 and number % 15 == 0:
                self.spin_for(spin_s)

    def begin(self):
        future = self.call()
        self.spin(lambda: self.on_frames is not None)
        return future

    def close(self):
        self.may_end.set()
        self.executor.shutdown()
        self.node.destroy_node()
        self.caller.destroy_node()


@pytest.fixture
def make_rig(ros_domain, tmp_path):
    rclpy.init()
    rigs = []

    def make(operator='anna'):
        rigs.append(Rig(tmp_path / 'operators', operator))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()
    rclpy.try_shutdown()


@pytest.fixture
def rig(make_rig):
    return make_rig()


def test_answer_comes_when_it_is_done_and_the_calibration_is_used_and_saved(rig, tmp_path):
    future = rig.begin()
    rig.spin_for(0.5)
    assert not future.done()
    rig.operate()
    answer = rig.answer(future)
    assert answer.success and 'good; anna: height 1.80 m' in answer.message
    assert str(tmp_path / 'operators' / 'anna.yaml') in answer.message
    assert rig.used == [replace(FOUND, operator='anna')]
    assert rig.service.in_force == rig.used[0] == load_calibration(
        tmp_path / 'operators', 'anna')
    assert rig.on_frames is None
    rig.spin(lambda: rig.state == 'done')
    assert rig.reports[-1].calibration.height_m == 1.8


def test_topic_tells_every_step_not_too_often_and_late_comers_too(rig, capfd):
    future = rig.begin()
    start_s, before = time.monotonic(), len(rig.reports)
    rig.operate(spin_s=0.06)
    rig.answer(future)
    elapsed_s = time.monotonic() - start_s
    rig.spin(lambda: rig.state == 'done')
    assert len(rig.reports) - before <= 5.0 * elapsed_s + 3
    assert {report.step for report in rig.reports} >= set(CALIBRATION_STEPS)
    late = []
    rig.caller.create_subscription(
        DiagnosticStatus, 'avatar_node/calibration', late.append, LATCHED)
    rig.spin(lambda: late)
    assert late[0].level == b'\0' and late[0].hardware_id == '/avatar_node'
    log = capfd.readouterr().err
    assert log.count('Stretch both arms') == 1 and log.count('Nod slowly') == 1


def test_topic_says_before_anything_that_nothing_was_calibrated(rig):
    rig.spin(lambda: rig.reports)
    assert (rig.reports[0].state, rig.reports[0].message) == ('idle', 'not calibrated')


def test_second_caller_is_refused_at_once_and_the_first_is_not_disturbed(rig):
    first = rig.begin()
    second = rig.answer(rig.call(), timeout_s=2.0)
    assert not second.success
    assert second.message.startswith('a calibration is running: Stretch both arms')
    assert not first.done()
    rig.operate()
    assert rig.answer(first).success


def test_refused_take_answers_with_the_reason_and_nothing_is_changed(rig, tmp_path):
    rig.is_usable = False
    future = rig.begin()
    rig.operate()
    answer = rig.answer(future)
    assert not answer.success and answer.message == 'the arms were bent'
    assert rig.used == [] and not (tmp_path / 'operators').exists()
    rig.spin(lambda: rig.state == 'refused')
    assert rig.reports[-1].calibration == Calibration()


def test_after_a_refusal_another_call_begins_anew(rig):
    rig.is_usable = False
    future = rig.begin()
    rig.operate()
    assert not rig.answer(future).success
    rig.is_usable = True
    future = rig.begin()
    rig.operate()
    assert rig.answer(future).success


def test_trackers_that_never_come_end_it_with_an_answer(rig):
    rig.silence_s = 0.3
    answer = rig.answer(rig.call(), timeout_s=3.0)
    assert not answer.success and 'no frame of all trackers' in answer.message


def test_node_that_is_deactivated_answers_whoever_waits(rig):
    future = rig.begin()
    rig.service.end('avatar_node was deactivated')
    assert rig.on_frames is None
    answer = rig.answer(future, timeout_s=2.0)
    assert (answer.success, answer.message) == (False, 'avatar_node was deactivated')
    rig.service.end('again')  # with nothing running


def test_deactivated_while_it_calculates_the_late_result_is_not_used(rig):
    rig.may_end.clear()
    future = rig.begin()
    rig.operate()
    rig.spin(lambda: rig.state == 'solving')
    rig.service.end('avatar_node was deactivated')
    rig.may_end.set()
    assert not rig.answer(future).success
    rig.spin_for(0.5)
    assert rig.used == []


def test_node_that_cannot_calibrate_now_says_why_at_once(rig):
    rig.refusal = 'avatar_node is inactive'
    answer = rig.answer(rig.call(), timeout_s=2.0)
    assert (answer.success, answer.message) == (False, 'avatar_node is inactive')
    rig.refusal = None
    assert rig.begin() is not None


def test_destroyed_service_leaves_nothing_and_can_be_made_again(rig, tmp_path):
    rig.begin()
    rig.service.destroy()
    rig.spin_for(0.3)
    assert rig.on_frames is None
    assert 'avatar_node/calibrate' not in str(rig.node.get_service_names_and_types_by_node(
        'avatar_node', '/'))
    rig.service = CalibrationService(
        rig.node, rig._make_session, rig._watch, rig._use, 'anna', tmp_path)
    rig.client.wait_for_service(5.0)
    future = rig.begin()
    rig.operate()
    assert rig.answer(future).success


def test_calibration_of_nobody_is_used_and_not_saved(make_rig, tmp_path):
    rig = make_rig(operator='')
    future = rig.begin()
    rig.operate()
    answer = rig.answer(future)
    assert answer.success and "not saved: the parameter 'operator'" in answer.message
    assert len(rig.used) == 1 and not (tmp_path / 'operators').exists()


def test_full_disk_does_not_take_the_calibration_away(make_rig, tmp_path):
    rig = make_rig()
    (tmp_path / 'operators' / 'anna.yaml').mkdir(parents=True)
    future = rig.begin()
    rig.operate()
    answer = rig.answer(future)
    assert answer.success and 'not saved: calibration file' in answer.message
    assert len(rig.used) == 1


def test_caller_that_goes_away_does_not_stop_the_node(rig):
    other = rclpy.create_node('impatient')
    client = other.create_client(Trigger, 'avatar_node/calibrate')
    assert client.wait_for_service(5.0)
    client.call_async(Trigger.Request())
    rig.spin(lambda: rig.on_frames is not None)
    other.destroy_node()
    rig.operate()
    rig.spin(lambda: rig.used)
    rig.spin_for(0.3)
    future = rig.begin()
    rig.operate()
    assert rig.answer(future).success
