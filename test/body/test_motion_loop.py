# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of clips played in a loop."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.euler import rotation_about
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.motion_loop import is_seamless, loop_motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import MOTION_NAMES, builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle

RATE_HZ = 60.0


def _walk_away(frames: int = 120) -> Motion:
    """Return a clip that ends 3 m and a quarter turn from where it began."""
    part = np.linspace(0.0, 1.0, frames)
    rotations = np.tile(np.eye(3), (frames, 22, 1, 1))
    rotations[:, 0] = rotation_about('z', 0.5 * np.pi * part)
    root = part[:, None] * np.array([3.0, 0.0, 0.0]) + [0.0, 0.0, 0.9]
    return Motion(BodyPose(rotations, root), RATE_HZ)


def test_glide_has_no_teleport_at_the_seam_nor_on_the_way_back():
    looped = loop_motion(_walk_away(), 'glide')
    poses = looped.motion.poses
    step_m = np.linalg.norm(poses.root_position - np.roll(poses.root_position, 1, axis=0), axis=-1)
    step_rad = geodesic_angle(
        poses.local_rotations, np.roll(poses.local_rotations, 1, axis=0)).max(axis=-1)
    assert step_m.max() * RATE_HZ < 2.0
    assert step_rad.max() * RATE_HZ < 3.0
    assert looped.clip_frames == 120 < len(looped.motion)


def test_jump_leaves_the_clip_alone():
    clip = _walk_away()
    assert loop_motion(clip, 'jump').motion is clip


@pytest.mark.parametrize('name', MOTION_NAMES)
def test_builtin_motion_needs_no_way_back(name):
    motion = builtin_motion(name)
    assert is_seamless(motion)
    assert loop_motion(motion).clip_frames == len(motion) == len(loop_motion(motion).motion)


def test_clip_of_two_frames_can_loop():
    clip = _walk_away(2)
    assert len(loop_motion(clip).motion) > 2
