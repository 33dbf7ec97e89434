# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Feet that stay where they stand, and are let go smoothly."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.motion import Motion  # noqa: E402
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.body.procedural_motion import builtin_motion  # noqa: E402
from motion_avatar_ros.retarget.motion_quality import MotionJudge  # noqa: E402
from motion_avatar_ros.retarget.retargeter import Mode, Retargeter  # noqa: E402

RATE_HZ = 60.0


def moved(motion: Motion, way_m: np.ndarray) -> Motion:
    """Return a motion, its root moved by (F, 3) [m]."""
    poses = motion.poses
    return Motion(BodyPose(poses.local_rotations, poses.root_position + way_m), motion.rate_hz)


def standing(frames: int) -> Motion:
    pose = builtin_motion('squat', RATE_HZ).poses[0]
    return Motion(BodyPose(
        np.repeat(pose.local_rotations[None], frames, axis=0),
        np.repeat(pose.root_position[None], frames, axis=0)), RATE_HZ)


def judged(retargeter: Retargeter, motion: Motion):
    return MotionJudge(retargeter).errors(
        retargeter.follow(motion), retargeter.build_targets(motion))


@pytest.mark.parametrize('name', ['g1', 'talos', 'romeo', 'icub'])
def test_feet_of_who_squats_neither_slide_nor_float(robots, name):
    motion = builtin_motion('squat', RATE_HZ)
    errors = judged(robots(name), Motion(motion.poses[:240], RATE_HZ))
    assert errors.stands[30:].mean() > 0.9
    assert errors.slide_m_s[30:].max() < 0.015
    assert np.abs(errors.toe_m[30:]).max() < 0.01


def test_a_body_that_slides_slowly_over_the_floor_does_not_take_the_feet_along(robots):
    """Inferred bodies do that."""
    slide = np.zeros((180, 3))
    slide[60:, 0] = 0.04 * np.arange(120) / RATE_HZ     # 4 cm/s, 8 cm in all
    errors = judged(robots('g1'), moved(standing(180), slide))
    assert errors.slide_m_s[30:].max() < 0.01


def test_a_body_that_slides_far_takes_the_feet_along_without_a_jump(robots):
    slide = np.zeros((360, 3))
    slide[60:, 0] = 0.1 * np.arange(300) / RATE_HZ      # half a metre
    errors = judged(robots('g1'), moved(standing(360), slide))
    assert errors.ankles_m[-1].max() < 0.13     # the leash
    assert errors.slide_m_s.max() < 0.3


def test_feet_that_float_in_the_recording_are_put_on_the_floor(robots):
    lifted = np.tile([0.0, 0.0, 0.015], (120, 1))
    errors = judged(robots('g1'), moved(standing(120), lifted))
    assert np.abs(errors.toe_m[40:]).max() < 0.004


def test_a_foot_that_leaves_is_followed_again_and_never_jumps(robots):
    """Walking: stance and swing take turns."""
    g1 = robots('g1')
    motion = builtin_motion('walk', RATE_HZ)
    motion = Motion(motion.poses[:300], RATE_HZ)
    errors = judged(g1, motion)
    targets = g1.build_targets(motion)
    speed = np.linalg.norm(np.diff(targets.toe, axis=0), axis=-1).max() * RATE_HZ
    assert errors.stands.any() and not errors.stands.all()
    assert errors.slide_m_s[30:].max() < 1.5 * speed
    assert errors.ankles_m[30:].max() < 0.12


def test_feet_of_a_fixed_base_are_not_held(robots):
    hanging = Retargeter(robots('g1').robot, mode=Mode.FIXED_BASE)
    targets = hanging.build_targets(standing(60))
    result = hanging.follow(standing(60))
    points = MotionJudge(hanging).errors(result, targets)
    assert points.ankles_m[-1].max() < 0.02
