# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot in MuJoCo: it follows, no harder than its motors can, and keeps the clock's pace."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

pytest.importorskip('mujoco', reason='MuJoCo is not installed')
pytest.importorskip('pinocchio', reason='pinocchio is not installed')

from motion_avatar_ros.retarget.joint_controller import JointController  # noqa: E402
from motion_avatar_ros.retarget.real_time_simulation import (  # noqa: E402
    MOST_CATCH_UP_S, RealTimeSimulation,
)
from motion_avatar_ros.retarget.robot_model import RobotModel  # noqa: E402
from motion_avatar_ros.retarget.simulated_robot import (  # noqa: E402
    STEP_S, SimulatedRobot, SimulationError, SimulationSettings,
)
from motion_avatar_ros.retarget.simulation_model import Base  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf, parse_urdf  # noqa: E402

SECOND = round(1.0 / STEP_S)
PENDULUM = (
    '<robot name="p"><link name="base"/><link name="rod">{inertial}</link>'
    '<joint name="hinge" type="revolute"><parent link="base"/><child link="rod"/>'
    '<axis xyz="0 1 0"/><limit lower="-2" upper="2" velocity="9" {effort}/></joint></robot>')
ROD = ('<inertial><origin xyz="0.5 0 0"/><mass value="2"/>'
       '<inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>')


@lru_cache
def model(name: str) -> RobotModel:
    try:
        find_urdf(name)
    except UrdfError as error:
        pytest.skip(str(error))
    return RobotModel.load(name)


def pendulum(inertial: str = ROD, effort: str = 'effort="50"') -> RobotModel:
    return RobotModel(parse_urdf(PENDULUM.format(inertial=inertial, effort=effort)))


def pose(robot: SimulatedRobot, **angles: float) -> np.ndarray:
    wanted = robot.start.copy()
    for name, angle in angles.items():
        wanted[robot.names.index(f'{name}_joint')] = angle
    return wanted


def recorded(robot: SimulatedRobot, steps: int) -> np.ndarray:
    rows = []
    for _ in range(steps):
        robot.step()
        rows.append(robot.measured().positions)
    return np.array(rows)


def test_arms_held_out_settle_near_the_target_without_swinging():
    robot = SimulatedRobot(model('g1'))
    wanted = pose(robot, left_shoulder_roll=1.5, right_shoulder_roll=-1.5, left_elbow=1.2)
    robot.set_targets(wanted)
    path = recorded(robot, 3 * SECOND)
    assert np.abs(path[-1] - wanted).max() < 0.02
    assert np.abs(path[-SECOND:] - path[-1]).max() < 1e-3
    moved = np.abs(wanted - robot.start) > 0.5
    over = (path - wanted)[:, moved] * np.sign(wanted - robot.start)[moved]
    assert over.max() < 0.05    # a step of 1.5 rad, all motors at their limits
    assert robot.collapses == 0


def test_a_sine_of_one_hertz_is_followed_within_a_tenth_of_a_second():
    robot = SimulatedRobot(model('g1'))
    times_s = np.arange(2 * SECOND) * STEP_S
    commanded = 0.4 * np.sin(2.0 * np.pi * times_s)
    moved = [robot.names.index(f'left_{name}_joint') for name in (
        'shoulder_pitch', 'shoulder_yaw', 'elbow', 'wrist_pitch')]
    path = []
    for angle in commanded:
        wanted = robot.start.copy()
        wanted[moved] = angle
        robot.set_targets(wanted)
        robot.step()
        path.append(robot.measured().positions[moved])
    wave = np.exp(-2j * np.pi * times_s[SECOND:])
    lags_s = (np.angle(commanded[SECOND:] @ wave)
              - np.angle(np.array(path[SECOND:]).T @ wave)) / (2.0 * np.pi)
    assert 0.0 < lags_s.min() and lags_s.max() < 0.06


@pytest.mark.parametrize(('name', 'base'), [
    ('g1', Base.FIXED), ('talos', Base.FIXED), ('romeo', Base.FIXED), ('icub', Base.FIXED),
    ('romeo', Base.FREE)])
def test_each_example_stays_as_it_starts(name, base):
    robot = SimulatedRobot(model(name), SimulationSettings(base=base))
    robot.step(SECOND)
    position, rotation = robot.base_pose
    if base is Base.FIXED:
        assert not position.any() and (rotation == np.eye(3)).all()
    assert np.abs(position).max() < 0.1 and rotation[2, 2] > 0.99
    assert np.abs(robot.measured().positions - robot.start).max() < 0.1
    assert robot.collapses == 0


def test_a_motor_gives_no_more_than_its_limit():
    robot = SimulatedRobot(model('g1'))
    robot.set_targets(robot.upper)
    most = np.zeros(len(robot.names))
    for _ in range(SECOND // 2):
        robot.step()
        most = np.maximum(most, np.abs(robot.measured().efforts))
    assert (most <= robot.simulation.effort + 1e-9).all()
    assert (most > 0.99 * robot.simulation.effort).sum() > 10


def test_a_weight_that_is_too_heavy_for_the_motor_sinks():
    # 2 kg at 0.5 m pull with 9.81 N m.
    weak, strong = (
        SimulatedRobot(pendulum(effort=f'effort="{effort}"')) for effort in (5.0, 20.0))
    for robot in (weak, strong):
        robot.step(SECOND)
    assert weak.measured().positions[0] > 0.5
    assert abs(strong.measured().positions[0]) < 0.1
    assert strong.measured().efforts[0] == pytest.approx(-9.81, abs=0.1)


@pytest.mark.parametrize('inertial', [
    '', '<inertial><mass value="0"/></inertial>',
    '<inertial><mass value="1"/><inertia ixx="0" iyy="0" izz="0" ixy="0" ixz="0" iyz="0"/>'
    '</inertial>',
    '<inertial><mass value="1"/><inertia ixx="-1" iyy="1" izz="9" ixy="0" ixz="0" iyz="0"/>'
    '</inertial>'])
def test_inertias_that_no_body_has_are_mended(inertial):
    robot = SimulatedRobot(pendulum(inertial, effort=''))
    robot.set_targets(np.array([1.0]))
    robot.step(SECOND)
    assert robot.measured().positions[0] == pytest.approx(1.0, abs=0.01)
    assert any('no effort limit' in note for note in robot.simulation.notes)


def test_joints_stop_at_their_limits():
    robot = SimulatedRobot(pendulum())
    robot.set_targets(np.array([9.0]))
    assert recorded(robot, SECOND).max() < 2.03


def test_targets_that_are_not_finite_and_poses_of_other_robots_are_refused():
    robot = SimulatedRobot(pendulum(), start_pose={'hinge': 0.5})
    assert robot.measured().positions == [0.5]
    for wrong in (np.array([np.nan]), np.zeros(2)):
        with pytest.raises(SimulationError, match='finite'):
            robot.set_targets(wrong)
    robot.step(10)
    assert np.isfinite(robot.measured().positions).all()
    with pytest.raises(SimulationError, match='elbow'):
        SimulatedRobot(pendulum(), start_pose={'elbow': 0.5})
    with pytest.raises(SimulationError, match='-2 .. 2'):
        SimulatedRobot(pendulum(), start_pose={'hinge': 3.0})


def test_time_that_cannot_be_caught_up_with_is_left_out_and_counted():
    robot = SimulatedRobot(pendulum())
    controller = JointController(robot.names, robot.lower, robot.upper, robot.start)
    simulation = RealTimeSimulation(robot, controller, 10.0, late_s=0.02)
    simulation.advance(10.0101)
    assert (simulation.steps, simulation.late_steps, simulation.lost_steps) == (5, 0, 0)
    simulation.advance(10.0601)
    assert simulation.steps == 30 and simulation.lost_steps == 0
    assert 10 <= simulation.late_steps <= 20
    simulation.advance(15.0601)
    most = round(MOST_CATCH_UP_S / STEP_S)
    assert simulation.steps == 30 + most and simulation.lost_steps == 2500 - most
    assert simulation.time_s == pytest.approx(15.06, abs=STEP_S)
    simulation.advance(15.0)    # a clock that stands
    assert simulation.steps == 30 + most
