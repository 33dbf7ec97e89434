# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses from which step by step no better one is reached."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.axes import ROS_FROM_SMPL  # noqa: E402
from motion_avatar_ros.body.motion import Motion  # noqa: E402
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.body.rotations import matrix_from_axis_angle  # noqa: E402
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX  # noqa: E402
from motion_avatar_ros.retarget.motion_quality import MotionJudge  # noqa: E402
from motion_avatar_ros.retarget.retargeter import Retargeter, RobotMotion  # noqa: E402
from motion_avatar_ros.retarget.robot_drawing import example_pose  # noqa: E402
from motion_avatar_ros.retarget.solver import SolverWeights  # noqa: E402

RATE_HZ = 30.0


def holding(frames: int, speed_m_s: float = 0.0) -> Motion:
    """Be on one leg, one arm forward, the other out with its hand up; drawn forward."""
    pose = example_pose()
    return Motion(BodyPose(
        np.repeat(pose.local_rotations[None], frames, axis=0),
        pose.root_position + np.outer(np.arange(frames) * speed_m_s / RATE_HZ, [1.0, 0.0, 0.0])),
        RATE_HZ)


def limbs_deg(retargeter: Retargeter, motion: Motion) -> np.ndarray:
    errors = MotionJudge(retargeter).errors(
        retargeter.follow(motion), retargeter.build_targets(motion))
    return np.degrees(errors.limbs_rad)


def forearms_let_down() -> Motion:
    """Hold the arms out, palms down, then let the forearms hang."""
    frames = 240
    bent = 1.3 * np.clip(np.arange(frames) / 60.0 - 1.0, 0.0, 1.0)
    vectors = np.zeros((frames, JOINT_COUNT, 3))
    vectors[:, JOINT_INDEX['left_elbow'], 2] = -bent
    vectors[:, JOINT_INDEX['right_elbow'], 2] = bent
    local = matrix_from_axis_angle(vectors)
    local[:, 0] = ROS_FROM_SMPL
    return Motion(BodyPose(local, np.tile([0.0, 0.0, 0.94], (frames, 1))), 60.0)


def test_an_elbow_at_its_straight_limit_turns_the_way_in_which_it_can_bend(robots):
    """Neither elbow nor hand of a straight arm tells how the upper arm must be turned."""
    robot = robots('talos')
    without = Retargeter(robot.robot, SolverWeights(bend=0.0))
    motion = forearms_let_down()
    assert limbs_deg(without, motion)[-1, 4:].max() > 20.0  # else nothing is tested
    assert limbs_deg(robot, motion)[-1, 4:].max() < 5.0


@pytest.mark.parametrize('speed_m_s', [0.0, 1.0])
def test_a_robot_that_is_stuck_goes_another_way_and_keeps_every_limit(robots, speed_m_s):
    """Of the sixteen corners of an arm's range some are traps: every step makes it worse."""
    g1 = Retargeter(robots('g1').robot)
    motion = holding(240, speed_m_s)
    solver, limits, targets = g1.solver, g1.limits, g1.build_targets(motion)
    judge = MotionJudge(g1)
    arm = [n for n, joint in enumerate(g1.robot.joints) if 'right' in joint.name
           and ('shoulder' in joint.name or 'elbow' in joint.name)]
    for corner in range(16):
        solver.reset()
        solver.solve_all(targets.rows[:1], 1.0 / RATE_HZ)
        solver._state_joints[arm] = np.where(
            [corner >> bit & 1 for bit in range(4)], limits.upper[arm], limits.lower[arm])
        solver._speed[:] = 0.0
        start = solver._state_joints.copy()
        result = RobotMotion(
            tuple(joint.name for joint in g1.robot.joints),
            *solver.solve_all(targets.rows, 1.0 / RATE_HZ), RATE_HZ)
        assert judge.errors(result, targets).wrists_m[-1, 1] < 0.02
        assert not any(judge.frames_beyond(result).values())
        assert (np.abs(result.joints[0] - start) <= limits.velocity / RATE_HZ + 1e-9).all()
    assert solver.seeds >= 3
