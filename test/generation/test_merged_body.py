# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An operator's arms over generated legs."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.generation.merged_body import legs_scale, merged

WRISTS, ANKLES = [20, 21], [7, 8]
SPINE1 = JOINT_INDEX['spine1']


@pytest.fixture
def walker():
    return builtin_motion('walk', 20.0).poses[60]


@pytest.fixture
def operator():
    return builtin_motion('squat', 20.0).poses[40]    # bends far forward


def test_legs_are_the_walkers_and_the_trunk_leans_as_the_operators(walker, operator):
    body = merged(walker, operator)
    _, joints = body.global_joints()
    _, walking = walker.global_joints()
    np.testing.assert_allclose(joints[ANKLES], walking[ANKLES])
    rotations, _ = body.global_joints()
    own, _ = operator.global_joints()
    # The direction of the trunk against the vertical is the operator's.
    np.testing.assert_allclose(rotations[SPINE1][2], own[SPINE1][2], atol=1e-9)


def test_hands_are_where_the_operators_are_in_their_heading_wherever_they_face(walker, operator):
    def hands(pose):
        body = merged(walker, pose)
        _, joints = body.global_joints()
        return joints[WRISTS]

    turn = rotation_about_z(np.array(2.0))
    local = operator.local_rotations.copy()
    local[0] = turn @ local[0]
    turned = BodyPose(local, operator.root_position + [5.0, 3.0, 0.0])
    np.testing.assert_allclose(hands(turned), hands(operator), atol=1e-6)


def test_who_is_larger_takes_longer_steps(walker, operator):
    assert legs_scale(1.1 * REST_OFFSETS_M) == pytest.approx(1.1)
    body = merged(walker, operator, 1.1)
    np.testing.assert_allclose(body.root_position, 1.1 * walker.root_position)
