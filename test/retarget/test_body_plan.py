# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hips, knees and elbows are found by where they are, whatever they are called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.retarget.body_plan import BodyPlanError, find_body_plan

#: By robot: knee, elbow and end joints of the left side; forward; joints of trunk and of head.
KNOWN = {
    'g1': ('left_knee_joint', 'left_elbow_joint', 'left_ankle_roll_joint',
           'left_wrist_yaw_joint', (1, 0, 0), 3, 0),
    'talos': ('leg_left_4_joint', 'arm_left_4_joint', 'leg_left_6_joint', 'arm_left_7_joint',
              (1, 0, 0), 2, 2),
    'romeo': ('LKneePitch', 'LElbowYaw', 'LAnkleRoll', 'LWristPitch', (1, 0, 0), 1, 4),
    'icub': ('l_knee', 'l_elbow', 'l_ankle_roll', 'l_wrist_yaw', (-1, 0, 0), 3, 0),
}


@pytest.mark.parametrize('robot', KNOWN)
def test_known_robots_are_read_as_their_makers_named_them(robots, robot):
    found = robots(robot)
    joints, plan = found.robot.joints, found.plan
    knee, elbow, ankle, wrist, forward, trunk, head = KNOWN[robot]
    left_leg, left_arm = plan.limbs['left_leg'], plan.limbs['left_arm']
    assert joints[left_leg.middle].name == knee
    assert joints[left_arm.middle].name == elbow
    assert joints[left_leg.end].name == ankle
    assert joints[left_arm.end].name == wrist
    np.testing.assert_allclose(plan.axes[:, 0], forward, atol=1e-6)
    assert (len(plan.trunk), len(plan.head)) == (trunk, head)
    assert np.linalg.det(plan.axes) == pytest.approx(1.0)


def test_names_order_and_axes_of_links_play_no_part(robots):
    joints, expected = robots('g1').robot.joints, robots('g1').plan
    rng = np.random.default_rng(0)
    turn = Rotation.random(rng=rng).as_matrix()
    # Children may come in any order, after their parents; axes may point either way.
    order = sorted(range(len(joints)), key=lambda n: (depth(joints, n), rng.random()))
    place = {old: new for new, old in enumerate(order)}
    changed = []
    for old in order:
        joint, sign = joints[old], rng.choice([-1.0, 1.0])
        changed.append(replace(
            joint, name=f'x{rng.integers(10**9)}', parent=place.get(joint.parent, -1),
            position=turn @ joint.position, axis=sign * turn @ joint.axis,
            lower=joint.lower if sign > 0.0 else -joint.upper,
            upper=joint.upper if sign > 0.0 else -joint.lower,
            mass_center=turn @ joint.mass_center))
    found = find_body_plan(changed)
    assert [order[number] for number in found.trunk] == list(expected.trunk)
    for limb, one in expected.limbs.items():
        assert [order[number] for number in found.limbs[limb].joints] == list(one.joints)
        assert order[found.limbs[limb].middle] == one.middle
        assert order[found.limbs[limb].end] == one.end
    between = Rotation.from_matrix(found.axes @ (turn @ expected.axes).T)
    assert between.magnitude() < np.radians(5.0)


def depth(joints, number):
    steps = 0
    while joints[number].parent >= 0:
        number, steps = joints[number].parent, steps + 1
    return steps


def test_a_longer_arm_is_doubted(robots):
    joints = list(robots('g1').robot.joints)
    for number in robots('g1').plan.limbs['left_arm'].joints[4:]:
        joints[number] = replace(
            joints[number], position=joints[number].position + np.array([0.05, 0.0, 0.0]))
    with_doubts = find_body_plan(joints).doubts
    assert any('lower arm' in doubt for doubt in with_doubts)


def test_a_robot_with_legs_alone_is_refused_in_words(robots):
    joints = robots('g1').robot.joints[:12]
    with pytest.raises(BodyPlanError, match='1 pairs of limbs.*two legs and two arms'):
        find_body_plan(joints)
