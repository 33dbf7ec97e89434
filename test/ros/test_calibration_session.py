# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A calibration session: it ends whatever happens, once, and with a reason."""

from __future__ import annotations

from dataclasses import replace
import threading
import time

import numpy as np
import pytest
from worn_devices import as_frames, device_poses

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.ros.calibration_report import (
    IDLE, CalibrationReport, offset_rows, size_line,
)
from motion_avatar_ros.ros.calibration_session import CalibrationSession
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, Calibration, CalibrationRefusedError, TrackerFit, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

RATE_HZ = 30.0
GOOD = Calibration(
    height_m=1.8, arm_scale=1.02, floor_m=-0.01, operator='anna', profile='quest',
    offsets={'head': TrackerOffset((0.01, 0.0, -0.08), (0.0, 0.0, 0.0, 1.0)),
             'left_hand': TrackerOffset((0.0, 0.05, 0.0), (0.5, -0.5, 0.5, -0.5))},
    height_std_m=0.01, fits={'head': TrackerFit(0.004, 0.02, 0.001, 0.002)}, verdict='good')


@pytest.fixture(scope='module')
def poses():
    return device_poses(builtin_motion('calibration', RATE_HZ))


def session(solve=lambda take: GOOD, **arguments):
    return CalibrationSession(CalibrationGuide(TRACKER_NAMES, RATE_HZ), solve, **arguments)


def show_all(session, poses):
    for frames in as_frames(*poses, rate_hz=RATE_HZ):
        session.on_frames(frames)


def wait_for_end(session, timeout_s=10.0):
    end_s = time.monotonic() + timeout_s
    while not session.status().has_ended:
        assert time.monotonic() < end_s, session.status()
        time.sleep(0.005)
    return session.status()


def test_frames_lead_to_the_solver_and_its_verdict(poses):
    takes, threads = [], []

    def solve(take):
        takes.append(take)
        threads.append(threading.current_thread())
        return GOOD

    run = session(solve)
    assert run.status().state == 'running'
    show_all(run, poses)
    status = wait_for_end(run)
    assert (status.state, status.message, status.calibration) == ('done', 'good', GOOD)
    assert len(takes) == 1 and tuple(takes[0].steps) == CALIBRATION_STEPS
    assert threads[0] is not threading.current_thread()


def test_slow_solver_does_not_hold_the_frames_up_and_says_that_it_works(poses):
    may_end = threading.Event()
    run = session(lambda take: (may_end.wait(10.0), GOOD)[1])
    start_s = time.monotonic()
    show_all(run, poses)
    assert time.monotonic() - start_s < 5.0
    status = run.status()
    assert status.state == 'solving' and 'calculating' in status.message
    may_end.set()
    assert wait_for_end(run).state == 'done'


def test_solver_that_refuses_gives_its_reason(poses):
    def solve(take):
        raise CalibrationRefusedError('the arms were\n bent')

    run = session(solve)
    show_all(run, poses)
    status = wait_for_end(run)
    assert (status.state, status.message, status.trace) == (
        'refused', r'the arms were\n bent', '')


def test_solver_that_fails_is_a_refusal_with_a_trace(poses):
    run = session(lambda take: 1 / 0)
    show_all(run, poses)
    status = wait_for_end(run)
    assert status.state == 'refused' and 'ZeroDivisionError' in status.message
    assert 'Traceback' in status.trace


def test_frames_that_break_the_guide_do_not_reach_whoever_gave_them(poses):
    run = session()
    first, *_, later = (frames for frames, _ in zip(as_frames(*poses), range(60)))
    run.on_frames(first)
    run.on_frames(replace(later, positions=np.zeros((1, 1, 3))))
    status = run.status()
    assert status.state == 'refused' and 'IndexError' in status.message
    assert 'Traceback' in status.trace


def test_no_frames_at_all_end_it_by_the_steady_clock_and_name_the_tracker():
    run = session(lost_trackers=lambda: ('right_hand',), silence_s=0.1)
    assert not run.status().has_ended
    time.sleep(0.15)
    status = run.status()
    assert status.state == 'refused' and status.calibration is None
    assert 'no frame of all trackers' in status.message
    assert 'the right hand tracker gave nothing' in status.message


def test_frames_keep_it_alive(poses):
    run = session(silence_s=0.2)
    for frames, _ in zip(as_frames(*poses), range(8)):
        run.on_frames(frames)
        time.sleep(0.05)
        assert not run.status().has_ended


def test_break_names_the_tracker_that_was_lost_meanwhile(poses):
    lost = []
    run = session(lost_trackers=lambda: tuple(lost))
    frames = list(as_frames(*poses, rate_hz=RATE_HZ))
    run.on_frames(frames[0])
    lost.append('left_hand')
    run.status()
    lost.clear()
    run.on_frames(replace(frames[36], is_restart=True))
    assert 'the trackers were lost for 1.2 s' in run.status().message
    assert '(the left hand tracker gave nothing)' in run.status().message


def test_cancelled_session_stays_so_whatever_the_solver_says(poses):
    may_end = threading.Event()
    run = session(lambda take: (may_end.wait(10.0), GOOD)[1])
    show_all(run, poses)
    run.cancel('deactivated')
    may_end.set()
    time.sleep(0.1)
    assert (run.status().state, run.status().message) == ('refused', 'deactivated')
    run.cancel('again')
    assert run.status().message == 'deactivated'
    show_all(run, poses)
    assert run.status().message == 'deactivated'


def test_report_comes_back_from_its_values():
    report = CalibrationReport('running', 'nod', GOOD, 'head', 0.25, 'farther')
    assert CalibrationReport.read('nod', report.values()) == report
    assert report.values()['step_number'] == '3 of 4'
    assert report.whole_progress == pytest.approx((2 + 0.25) / 4)
    idle = CalibrationReport(IDLE, 'not calibrated')
    assert CalibrationReport.read(idle.message, idle.values()) == idle
    assert (idle.step_number, idle.whole_progress, idle.is_running) == (0, 0.0, False)


@pytest.mark.parametrize('key', ['state', 'height_m', 'head.quaternion_xyzw', 'progress'])
def test_values_of_another_version_are_no_report(key):
    values = CalibrationReport('idle', '', GOOD).values()
    assert CalibrationReport.read('', {**values, key: 'what'}) is None or key == 'state'
    del values[key]
    assert CalibrationReport.read('', values) is None


def test_table_shows_centimetres_and_degrees():
    head, left = offset_rows(GOOD)
    assert head == ('head', '1.0 0.0 -8.0', '0 0 0', '0.4 cm, 1.1 deg')
    assert left[0] == 'left hand' and left[3] == '–'
    assert size_line(GOOD).startswith('anna: height 1.80 m ± 1.0 cm, arms 2 % longer')
