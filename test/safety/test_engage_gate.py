# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a robot is commanded, and when not."""

from __future__ import annotations

from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.safety.engage_gate import EngageGate, EngageState, GateSettings
from motion_avatar_ros.safety.measured_joints import EngageError
import numpy as np
import pytest

DT_S = 1.0 / 60.0
NAMES = ('shoulder', 'elbow')
LIMITS = JointLimits(
    np.full(2, -2.0), np.full(2, 2.0), np.full(2, 4.0), np.full(2, 40.0))
TARGET = np.array([1.0, -0.5])


class Robot:
    """A gate, and a robot that is where it was commanded to be, unless it is held."""

    def __init__(self, **settings) -> None:
        self.gate = EngageGate(NAMES, LIMITS, GateSettings(**settings))
        self.joints: np.ndarray = np.zeros(2)
        self.now_s = 100.0
        self.is_held = self.is_silent = False

    def run(self, target: np.ndarray | None, seconds: float) -> list[np.ndarray | None]:
        commands = []
        for _ in range(round(seconds / DT_S)):
            self.now_s += DT_S
            if not self.is_silent:
                self.gate.measured.take(self.joints, self.now_s)
            command = self.gate.command(target, DT_S, self.now_s)
            commands.append(command)
            if command is not None and not self.is_held:
                self.joints = command
        return commands

    def engaged(self) -> Robot:
        self.run(TARGET, 0.1)
        self.gate.engage(TARGET, self.now_s)
        self.run(TARGET, 4.0)
        assert self.gate.state is EngageState.ENGAGED
        return self


def test_nothing_is_commanded_before_somebody_engages() -> None:
    assert Robot().run(TARGET, 1.0) == [None] * 60


def test_engaging_begins_at_the_measured_joints_and_approaches_slowly() -> None:
    robot = Robot()
    robot.joints = np.array([-0.7, 0.9])
    robot.run(TARGET, 0.1)
    robot.gate.engage(TARGET, robot.now_s)
    commands = np.array([[-0.7, 0.9], *robot.run(TARGET, 2.0)])
    steps = np.abs(np.diff(commands, axis=0))
    assert steps.max() <= 0.5 * DT_S + 1e-12
    assert robot.gate.state is EngageState.ALIGNING
    robot.run(TARGET, 4.0)
    assert robot.gate.state is EngageState.ENGAGED
    np.testing.assert_allclose(robot.joints, TARGET, atol=1e-6)


def test_an_operator_who_keeps_moving_is_reached() -> None:
    robot = Robot()
    robot.run(TARGET, 0.1)
    robot.gate.engage(TARGET, robot.now_s)
    for frame in range(600):
        robot.run(np.array([1.2, -0.8]) * np.sin(2.5 * frame * DT_S), DT_S)
    assert robot.gate.state is EngageState.ENGAGED


def test_a_stop_is_latched_until_reset() -> None:
    robot = Robot().engaged()
    robot.gate.stop()
    assert robot.run(TARGET, 0.5) == [None] * 30
    with pytest.raises(EngageError, match='reset first'):
        robot.gate.engage(TARGET, robot.now_s)
    robot.gate.disengage()
    assert robot.gate.state is EngageState.STOPPED
    robot.gate.reset()
    robot.gate.engage(TARGET, robot.now_s)
    assert robot.gate.is_commanding


def test_dropout_then_return_does_not_jump() -> None:
    robot = Robot().engaged()
    before = robot.joints
    held = robot.run(None, 1.0)
    assert robot.gate.state is EngageState.HOLD
    np.testing.assert_allclose(np.array(held), np.tile(before, (60, 1)), atol=1e-9)
    back = robot.run(-TARGET, 2.0)
    steps = np.abs(np.diff([before, *back], axis=0)).max(axis=1)
    # Slowly at first, then faster, and there within two seconds.
    most = np.minimum(0.5 + 3.5 * np.arange(1, 121) * DT_S, 4.0) * DT_S
    assert (steps <= most + 1e-9).all() and steps[0] < steps[20]
    assert robot.gate.state is EngageState.ENGAGED


def test_a_body_that_stays_away_ends_it() -> None:
    robot = Robot(hold_s=2.0).engaged()
    commands = robot.run(None, 3.0)
    assert commands[-1] is None
    assert robot.gate.state is EngageState.DISENGAGED and 'no body' in robot.gate.reason


def test_without_joint_states_it_cannot_be_engaged() -> None:
    robot = Robot()
    with pytest.raises(EngageError, match='joint states do not come'):
        robot.gate.engage(TARGET, robot.now_s)
    robot.gate.measured.take(np.array([0.0, np.nan]), robot.now_s)
    with pytest.raises(EngageError, match='lack elbow'):
        robot.gate.engage(TARGET, robot.now_s)
    robot.gate.measured.take(np.array([0.0, 2.5]), robot.now_s)
    with pytest.raises(EngageError, match="'elbow' is measured at 2.50 rad"):
        robot.gate.engage(TARGET, robot.now_s)


def test_joint_states_that_are_late_hold_and_their_return_does_not_jump() -> None:
    robot = Robot().engaged()
    robot.is_silent = True
    held = robot.run(np.array([-1.0, 1.0]), 0.3)
    assert robot.gate.state is EngageState.HOLD and 'joint states are 0.' in robot.gate.reason
    assert np.abs(np.diff(np.array(held[-3:]), axis=0)).max() == 0.0
    robot.is_silent = False
    back = np.array([held[-1], *robot.run(TARGET, 2.5)])
    assert robot.gate.state is EngageState.ENGAGED
    assert np.abs(np.diff(back, axis=0)).max() <= 4.0 * DT_S + 1e-12


def test_joint_states_that_stop_end_it() -> None:
    robot = Robot().engaged()
    robot.is_silent = True
    assert robot.run(TARGET, 1.0)[-1] is None
    assert 'stopped' in robot.gate.reason


def test_a_robot_that_does_not_follow_is_not_caught_up_with() -> None:
    robot = Robot().engaged()
    robot.is_held = True
    commands = robot.run(-TARGET, 3.0)
    assert commands[-1] is None
    assert 'does not follow' in robot.gate.reason


def test_a_robot_that_lags_is_still_commanded() -> None:
    robot = Robot(max_deviation_rad=0.3).engaged()
    robot.is_held = True  # for less than deviation_s, then it is there
    robot.run(-TARGET, 0.25)
    robot.is_held = False
    robot.run(-TARGET, 0.5)
    assert robot.gate.is_commanding


def test_a_robot_in_another_pose_is_refused_limb_by_limb_where_that_is_asked_for() -> None:
    robot = Robot(match_rad=0.3)
    robot.gate = EngageGate(
        NAMES, LIMITS, GateSettings(match_rad=0.3), {'left arm': [0], 'right arm': [1]})
    robot.run(TARGET, 0.1)
    assert robot.gate.mismatch(TARGET, robot.now_s) == pytest.approx(
        {'left arm': 1.0, 'right arm': 0.5})
    with pytest.raises(EngageError, match='left arm 1.00 rad, right arm 0.50 rad'):
        robot.gate.engage(TARGET, robot.now_s)
    assert not robot.gate.is_commanding
    near = np.array([0.2, -0.2])
    robot.gate.engage(near, robot.now_s)
    assert robot.gate.is_commanding


def test_without_a_body_it_cannot_be_engaged_and_nothing_is_near() -> None:
    robot = Robot()
    robot.run(None, 0.1)
    assert robot.gate.mismatch(None, robot.now_s) == {}
    with pytest.raises(EngageError, match='no body'):
        robot.gate.engage(None, robot.now_s)


def test_an_engagement_that_ended_by_itself_stays_ended_when_the_body_returns() -> None:
    robot = Robot(hold_s=1.0).engaged()
    robot.run(None, 2.0)
    assert robot.run(TARGET, 1.0) == [None] * 60
    robot.gate.engage(TARGET, robot.now_s)
    robot.run(TARGET, 4.0)
    assert robot.gate.state is EngageState.ENGAGED
