# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parts of a robot that must not go through each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.motion import Motion  # noqa: E402
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.body.skeleton import JOINT_INDEX  # noqa: E402
from motion_avatar_ros.retarget.capsules import Capsule, fit_capsules  # noqa: E402
from motion_avatar_ros.retarget.motion_quality import MotionJudge  # noqa: E402
from motion_avatar_ros.retarget.retargeter import MARGIN_M, Retargeter  # noqa: E402
from motion_avatar_ros.retarget.robot_model import RobotModel  # noqa: E402
from motion_avatar_ros.retarget.self_collision import SelfCollision  # noqa: E402
from motion_avatar_ros.retarget.urdf import find_urdf, parse_urdf  # noqa: E402


def hands_into_the_belly():
    """Return somebody who folds both arms so that forearms would be inside the trunk."""
    frames = 90
    share = np.linspace(0.0, 1.0, frames) ** 2 * (3.0 - 2.0 * np.linspace(0.0, 1.0, frames))
    rotations = np.tile(np.eye(3), (frames, 22, 1, 1))
    rotations[:, 0] = Rotation.from_euler('x', 90, degrees=True).as_matrix()
    for side, sign in (('left', 1.0), ('right', -1.0)):
        for joint, vector in (
                ('shoulder', [0.0, 0.0, -1.3 * sign]), ('elbow', [0.0, 0.0, -1.7 * sign])):
            rotations[:, JOINT_INDEX[f'{side}_{joint}']] = Rotation.from_rotvec(
                share[:, None] * np.array(vector)).as_matrix()
    return Motion(BodyPose(rotations, np.tile([0.0, 0.0, 0.93], (frames, 1))), 60.0)


def rooms_m(retargeter, judge, motion):
    """Return how much room beyond the margin is left in each frame, by the parts of `judge`."""
    errors = MotionJudge(judge).errors(
        retargeter.follow(motion), retargeter.build_targets(motion))
    return errors.apart_m


@pytest.mark.parametrize('name', ['g1', 'talos', 'romeo'])
def test_forearms_do_not_go_through_the_trunk(robots, name):
    kept = robots(name)
    motion = hands_into_the_belly()
    free = Retargeter(kept.robot, margin_m=None)
    assert rooms_m(free, kept, motion).min() < -2.0 * MARGIN_M  # else nothing is tested
    # Both hands press into belly and each other: the margin may go, and a little more.
    assert rooms_m(kept, kept, motion).min() > -1.7 * MARGIN_M


def test_a_part_that_is_kept_from_another_may_leave_it_as_fast_as_it_likes(robots):
    """What keeps parts apart pushes, and never holds."""
    kept, motion = robots('g1'), hands_into_the_belly()
    there_and_back = Motion(BodyPose(
        np.concatenate((motion.poses.local_rotations, motion.poses.local_rotations[::-1])),
        np.concatenate((motion.poses.root_position, motion.poses.root_position))), 60.0)
    free = Retargeter(kept.robot, margin_m=None)
    targets = kept.build_targets(there_and_back)
    off_m, free_off_m = (
        MotionJudge(kept).errors(each.follow(there_and_back), targets).wrists_m
        for each in (kept, free))
    leaves = rooms_m(free, kept, there_and_back) > 2.0 * MARGIN_M
    leaves[:len(motion)] = False
    assert leaves.sum() > 30
    assert off_m[leaves].mean() < free_off_m[leaves].mean() + 0.002


def test_distances_are_those_of_a_search(robots):
    rng = np.random.default_rng(3)
    ends = rng.normal(0.0, 0.3, (40, 2, 3))
    ends[:5, 1] = ends[:5, 0]  # balls
    capsules = [Capsule(f'left_arm {k}' if k % 2 else f'right_leg {k}', 0, each, 0.01)
                for k, each in enumerate(ends)]
    collision = SelfCollision(capsules, -1.0)
    nearness = collision.nearness(ends)
    shares = np.linspace(0.0, 1.0, 201)[:, None]
    for (a, b), room, points, least in zip(
            collision.pairs, nearness.room_m, nearness.points, collision.least_m):
        lines = [ends[k][0] + shares * (ends[k][1] - ends[k][0]) for k in (a, b)]
        searched = np.linalg.norm(lines[0][:, None] - lines[1][None], axis=-1).min()
        assert room + least == pytest.approx(searched, abs=5e-3)
        assert np.linalg.norm(points[0] - points[1]) == pytest.approx(room + least)


def test_parts_that_are_close_in_the_neutral_pose_may_stay_so(robots):
    talos = robots('talos')
    collision = talos.solver.collision
    ends = np.stack([capsule.ends for capsule in collision.capsules])
    assert collision.nearness(ends).room_m.min() > -1e-9


def test_a_robot_without_meshes_gets_capsules_of_its_segments():
    bare = RobotModel(parse_urdf(find_urdf('g1').read_text()))  # its meshes are in no folder
    retargeter = Retargeter(bare)
    by_name = {capsule.name: capsule for capsule in fit_capsules(
        bare.joints, retargeter.plan, {})}
    arm = retargeter.plan.limbs['left_arm']
    np.testing.assert_allclose(by_name['left_arm lower'].ends, [arm.middle_m, arm.end_m])
    assert 0.02 < by_name['left_arm lower'].radius_m < 0.1
    assert 0.05 < by_name['chest'].radius_m < 0.2
