# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Limbs that reach: exactly where they can, smoothly where they cannot, bending the right way."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.limb_ik import LIMBS, reach, shortest_arc
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import transpose

NAMES = tuple(LIMBS)
ENDS = [LIMBS[name][-1] for name in NAMES]
ROOTS = [LIMBS[name][1] for name in NAMES]


@pytest.fixture(scope='module')
def poses():
    return builtin_motion('mix', 60.0).poses[::7]


def reached(poses: BodyPose, targets: np.ndarray) -> np.ndarray:
    """Return positions (T, 22, 3) of the body whose limbs were turned."""
    rotations, positions = poses.global_joints()
    upper, lower = reach(NAMES, rotations, positions, targets)
    local = poses.local_rotations.copy()
    for limb, name in enumerate(NAMES):
        base, root, middle, _ = LIMBS[name]
        local[:, root] = transpose(rotations[:, base]) @ upper[:, limb]
        local[:, middle] = transpose(upper[:, limb]) @ lower[:, limb]
    return BodyPose(local, poses.root_position).global_joints()[1]


def test_ends_are_where_they_shall_be(poses):
    positions = poses.global_joints()[1]
    nearer = 0.9 * positions[:, ENDS] + 0.1 * positions[:, ROOTS]
    moved = nearer + np.array([0.02, -0.03, 0.04])
    assert np.abs(reached(poses, moved)[:, ENDS] - moved).max() < 1e-3


def test_a_limb_that_is_there_already_stays(poses):
    rotations, positions = poses.global_joints()
    bent = np.linalg.norm(positions[:, ENDS] - positions[:, ROOTS], axis=-1) < 0.45
    upper, lower = reach(NAMES, rotations, positions, positions[:, ENDS])
    assert bent.any()
    np.testing.assert_allclose(upper[bent], rotations[:, ROOTS][bent], atol=1e-6)


def test_out_of_reach_a_limb_points_there_and_is_never_quite_straight(poses):
    positions = poses.global_joints()[1]
    directions = positions[:, ENDS] - positions[:, ROOTS]
    targets = positions[:, ROOTS] + 3.0 * directions
    ends = reached(poses, targets)
    pointing = ends[:, ENDS] - ends[:, ROOTS]
    cos = (pointing * directions).sum(-1) / (
        np.linalg.norm(pointing, axis=-1) * np.linalg.norm(directions, axis=-1))
    assert cos.min() > 1.0 - 1e-9
    assert np.isfinite(ends).all()


def test_a_place_that_moves_out_of_reach_and_back_moves_the_elbow_smoothly():
    """At the singularity of the plain solution the elbow would leap by centimetres a step."""
    pose = BodyPose(np.tile(np.eye(3), (200, 22, 1, 1)), np.zeros((200, 3)))
    positions = pose.global_joints()[1]
    span = positions[:, ENDS] - positions[:, ROOTS]
    share = (1.0 + 0.05 * np.sin(np.linspace(0.0, 2.0 * np.pi, 200)))[:, None, None]
    middles = [LIMBS[name][2] for name in NAMES]
    elbows = reached(pose, positions[:, ROOTS] + share * span)[:, middles]
    step_m = np.linalg.norm(np.diff(elbows, axis=0), axis=-1)
    assert step_m.max() < 0.01


@pytest.mark.parametrize('name', NAMES)
def test_a_straight_limb_bends_the_way_people_do(name):
    """Elbows go back where hands come nearer (SMPL z is forward), knees go forward."""
    pose = BodyPose(np.eye(3)[None, None].repeat(22, 1), np.zeros((1, 3)))
    rotations, positions = pose.global_joints()
    _, root, middle, end = LIMBS[name]
    target = positions[:, root] + 0.8 * (positions[:, end] - positions[:, root])
    upper, _ = reach([name], rotations, positions, target[:, None])
    elbow = positions[0, root] + upper[0, 0] @ (positions[0, middle] - positions[0, root])
    is_hand = name.endswith('hand')
    assert (elbow[2] < -0.05) if is_hand else (elbow[2] > 0.05)


def test_shortest_arc_turns_one_direction_into_the_other():
    random = np.random.default_rng(0)
    start, end = random.standard_normal((2, 50, 3))
    turned = (shortest_arc(start, end) @ start[..., None])[..., 0]
    cos = (turned * end).sum(-1) / np.linalg.norm(turned, axis=-1) / np.linalg.norm(end, axis=-1)
    assert cos.min() > 1.0 - 1e-9
