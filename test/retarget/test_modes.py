# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Robots that hang, are held, or stand on legs that do not move."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.motion import Motion  # noqa: E402
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.body.procedural_motion import builtin_motion  # noqa: E402
from motion_avatar_ros.body.rotations import matrix_from_axis_angle, rotation_about_z  # noqa: E402
from motion_avatar_ros.retarget.motion_quality import MotionJudge  # noqa: E402
from motion_avatar_ros.retarget.retargeter import Mode, Retargeter  # noqa: E402
from motion_avatar_ros.retarget.targets import LIMBS  # noqa: E402

WAVE = Motion(builtin_motion('wave', 60.0).poses[:120], 60.0)
WALK = Motion(builtin_motion('walk', 60.0).poses[:120], 60.0)


@pytest.fixture
def held(robots):
    @lru_cache
    def build(mode: Mode) -> Retargeter:
        return Retargeter(robots('g1').robot, mode=mode)
    return build


def turning(motion: Motion) -> Motion:
    """Return a motion of somebody who walks off and turns round meanwhile."""
    frames = len(motion)
    yaw = rotation_about_z(np.linspace(0.0, 2.0 * np.pi, frames))
    local = motion.poses.local_rotations.copy()
    local[:, 0] = yaw @ local[:, 0]
    root = motion.poses.root_position + np.linspace(0.0, 1.0, frames)[:, None] * [2.0, 1.0, 0.0]
    return Motion(BodyPose(local, root), motion.rate_hz)


@pytest.mark.parametrize('mode', [Mode.FIXED_BASE, Mode.UPPER_BODY])
def test_the_base_stands_upright_whatever_the_person_does(held, mode):
    retargeter = held(mode)
    result = retargeter.follow(turning(WALK))
    np.testing.assert_array_equal(result.base_rotation, np.tile(np.eye(3), (len(WALK), 1, 1)))
    assert np.ptp(result.base_position, axis=0).max() == 0.0
    assert 0.6 < result.base_position[0, 2] < 0.9


@pytest.mark.parametrize('mode', [Mode.FIXED_BASE, Mode.UPPER_BODY])
def test_where_the_person_is_and_faces_plays_no_part(held, mode):
    retargeter = held(mode)
    np.testing.assert_allclose(
        retargeter.follow(turning(WAVE)).joints, retargeter.follow(WAVE).joints, atol=1e-3)


def test_legs_of_an_upper_body_stay_at_rest_and_arms_follow(held):
    retargeter = held(Mode.UPPER_BODY)
    result = retargeter.follow(WALK)
    legs = [n for name in LIMBS[:2] for n in retargeter.plan.limbs[name].joints]
    assert (result.joints[:, legs] == result.joints[0, legs]).all()
    errors = MotionJudge(retargeter).errors(result, retargeter.build_targets(WALK))
    assert errors.wrists_m[30:].mean() < 0.01


def test_legs_of_a_fixed_base_follow(held):
    retargeter = held(Mode.FIXED_BASE)
    errors = MotionJudge(retargeter).errors(
        retargeter.follow(WALK), retargeter.build_targets(WALK))
    assert errors.ankles_m[30:].mean() < 0.03 and errors.wrists_m[30:].mean() < 0.01


def test_a_bow_that_a_held_robot_cannot_make_does_not_flip_its_arms(held):
    """Shoulders stay behind, hands get out of reach and come back."""
    retargeter = held(Mode.UPPER_BODY)
    frames = 240
    bow = 1.5 * np.sin(np.linspace(0.0, np.pi, frames))
    pose = WAVE.poses[0]
    local = np.repeat(pose.local_rotations[None], frames, axis=0)
    local[:, 0] = local[:, 0] @ matrix_from_axis_angle(bow[:, None] * [1.0, 0.0, 0.0])
    bowed = Motion(BodyPose(local, np.repeat(pose.root_position[None], frames, axis=0)), 60.0)
    result = retargeter.follow(bowed)
    judge = MotionJudge(retargeter)
    assert not any(judge.frames_beyond(result).values())
    errors = judge.errors(result, retargeter.build_targets(bowed))
    assert errors.wrists_m.max() < 0.05 and np.degrees(errors.hands_rad.max()) < 60.0
    np.testing.assert_allclose(result.joints[-1], result.joints[5], atol=0.15)
