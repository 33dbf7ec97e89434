# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot that follows: close, within every limit, from any start, and on its own side."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pinocchio = pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.motion import Motion  # noqa: E402
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.body.procedural_motion import builtin_motion  # noqa: E402
from motion_avatar_ros.body.rotations import matrix_from_axis_angle, rotation_about_z  # noqa: E402
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M  # noqa: E402
from motion_avatar_ros.errors import MotionAvatarError  # noqa: E402
from motion_avatar_ros.retarget import solver  # noqa: E402
from motion_avatar_ros.retarget.motion_quality import MotionJudge  # noqa: E402
from motion_avatar_ros.retarget.retargeter import Retargeter  # noqa: E402
from motion_avatar_ros.retarget.robot_drawing import example_pose  # noqa: E402
from motion_avatar_ros.retarget.robot_shapes import neutral_vertices  # noqa: E402
from motion_avatar_ros.retarget.solver import RobotPose  # noqa: E402
from motion_avatar_ros.retarget.targets import sole_depth_m  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError  # noqa: E402

FRAMES = 240


def place(retargeter, pose):
    """Return pinocchio's places of all joints, in the world."""
    model, data = retargeter.robot.model, retargeter.robot.data
    quaternion = pinocchio.Quaternion(pose.base_rotation).coeffs()
    pinocchio.forwardKinematics(
        model, data, np.concatenate((pose.base_position, quaternion, pose.joints)))
    return [each.copy() for each in data.oMi]


def placed(retargeter, result):
    """Return where the result puts middles and ends of limbs and the base, (F, 9, 3) [m]."""
    tasks = retargeter.solver.tasks
    points = []
    for frame in range(len(result.joints)):
        places = place(retargeter, RobotPose(
            result.base_rotation[frame], result.base_position[frame], result.joints[frame]))
        points.append([
            places[joint].act(point)
            for joint, point in zip(tasks.point_joints, tasks.points, strict=True)])
    return np.array(points)


def errors_cm(retargeter, motion, result):
    targets = retargeter.build_targets(motion)
    return 100.0 * np.linalg.norm(placed(retargeter, result)[:, 4:8] - targets.end, axis=-1)


def check_limits(retargeter, result, dt_s=1.0 / 60.0):
    limits = retargeter.limits
    assert (result.joints >= limits.lower - 1e-9).all()
    assert (result.joints <= limits.upper + 1e-9).all()
    speeds = np.diff(result.joints, axis=0) / dt_s
    assert (np.abs(speeds) <= limits.velocity + 1e-6).all()
    assert (np.abs(np.diff(speeds, axis=0)) <= limits.acceleration * dt_s + 1e-6).all()


def turned(motion, yaw_rad):
    turn = rotation_about_z(np.array(yaw_rad))
    local = motion.poses.local_rotations.copy()
    local[:, 0] = turn @ local[:, 0]
    return Motion(BodyPose(local, motion.poses.root_position @ turn.T), motion.rate_hz)


def arm_swing(angles_rad):
    """Stand with the left arm raised sideways from hanging by angles (F,)."""
    vectors = np.zeros((len(angles_rad), 22, 3))
    vectors[:, JOINT_INDEX['left_shoulder'], 2] = -np.pi / 2 + angles_rad
    vectors[:, JOINT_INDEX['right_shoulder'], 2] = np.pi / 2
    local = matrix_from_axis_angle(vectors)
    local[:, 0] = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return Motion(BodyPose(local, np.tile([0.0, 0.0, 0.95], (len(angles_rad), 1))), 60.0)


@pytest.mark.parametrize('robot', ['g1', 'talos', 'romeo', 'icub'])
def test_hands_and_feet_are_where_they_are_asked_to_be_and_no_limit_is_broken(robots, robot):
    retargeter = robots(robot)
    motion = builtin_motion('walk', 60.0)
    motion = Motion(motion.poses[:FRAMES], 60.0)
    result = retargeter.follow(motion)
    check_limits(retargeter, result)
    errors = errors_cm(retargeter, motion, result)[30:]
    assert errors[:, :2].mean() < 4.0 and errors[:, 2:].mean() < 4.0


@pytest.mark.parametrize('yaw_rad', [np.pi, -np.pi / 2])
def test_an_operator_who_faces_away_is_followed_as_one_who_does_not(robots, yaw_rad):
    retargeter = robots('g1')
    motion = Motion(builtin_motion('wave', 60.0).poses[:60], 60.0)
    straight, away = (
        retargeter.follow(each).joints for each in (motion, turned(motion, yaw_rad)))
    np.testing.assert_allclose(away, straight, atol=1e-4)


def test_a_raised_left_arm_is_the_robots_left_one(robots):
    retargeter = robots('g1')
    motion = arm_swing(np.linspace(0.0, np.pi / 2, 120))
    points = placed(retargeter, retargeter.follow(motion))
    left, right = points[:, 6], points[:, 7]
    assert left[-1, 2] - left[0, 2] > 0.15
    assert abs(right[-1, 2] - right[0, 2]) < 0.05
    assert (left[:, 1] > right[:, 1]).all()


def test_an_arm_that_is_stretched_and_comes_back_does_not_flip(robots):
    retargeter = robots('g1')
    swing = np.pi * (0.5 - 0.5 * np.cos(np.linspace(0.0, 4.0 * np.pi, 360)))
    result = retargeter.follow(arm_swing(swing))
    check_limits(retargeter, result)
    # The second swing is the first once more; an arm may swivel a little about its hand.
    np.testing.assert_allclose(result.joints[350], result.joints[170], atol=0.3)


def test_a_jump_of_the_human_never_breaks_a_limit(robots):
    retargeter = robots('g1')
    angles = np.where(np.arange(120) < 60, 0.0, np.pi)
    check_limits(retargeter, retargeter.follow(arm_swing(angles)))


def test_the_same_motion_gives_the_same_joints(robots):
    retargeter = robots('g1')
    motion = Motion(builtin_motion('squat', 60.0).poses[:60], 60.0)
    np.testing.assert_array_equal(
        retargeter.follow(motion).joints, retargeter.follow(motion).joints)


def test_arms_point_as_the_persons_do_the_better_for_being_asked_to(robots):
    g1 = robots('g1')
    without = Retargeter(g1.robot, solver.SolverWeights(arm_way=0.0))
    motion = Motion(builtin_motion('wave', 60.0).poses[:FRAMES], 60.0)
    off_rad, without_rad = (
        MotionJudge(each).errors(
            each.follow(motion), each.build_targets(motion)).limbs_rad[30:, 4:].mean()
        for each in (g1, without))
    assert off_rad < 0.75 * without_rad


def test_joints_tremble_less_than_the_person_does_and_lag_little(robots):
    g1 = robots('g1')
    clean = Motion(builtin_motion('walk', 60.0).poses[:FRAMES], 60.0)
    noise = np.random.default_rng(2).normal(0.0, np.radians(0.7), (FRAMES, 22, 3))
    local = clean.poses.local_rotations @ matrix_from_axis_angle(noise)
    trembling = Motion(BodyPose(local, clean.poses.root_position), 60.0)
    follower = Retargeter(g1.robot, solver.SolverWeights(steady=0.0))
    jerk, without = (
        np.sqrt(np.mean(np.diff(each.follow(trembling).joints, 3, axis=0) ** 2))
        for each in (g1, follower))
    assert jerk < 0.8 * without
    off_cm, without_cm = (
        errors_cm(each, clean, each.follow(clean))[30:, 2:].mean() for each in (g1, follower))
    assert off_cm < without_cm + 0.3


def test_limits_that_are_none_are_refused(robots):
    with pytest.raises(MotionAvatarError, match='velocity limit is 0; allowed: above 0'):
        Retargeter(robots('g1').robot, max_velocity_rad_s=0.0)


@pytest.mark.parametrize('name', ['g1', 'talos', 'romeo', 'icub'])
def test_the_soles_of_who_stands_are_on_the_floor(robots, name):
    """Neither float nor sink, whatever the robot's ankles and the person's size."""
    retargeter = robots(name)
    vertices = neutral_vertices(retargeter.robot)
    sole_m = sole_depth_m(retargeter.plan, vertices)
    assert 0.02 < sole_m < 0.15
    rotations = np.tile(np.eye(3), (22, 1, 1))
    rotations[0] = Rotation.from_euler('x', 90, degrees=True).as_matrix()
    for size in (1.0, 1.15):
        retargeter.measure_person(size * REST_OFFSETS_M)
        ankle_m = -(REST_OFFSETS_M[1] + REST_OFFSETS_M[4] + REST_OFFSETS_M[7])[1]
        pose = BodyPose(rotations, np.array([0.0, 0.0, size * (ankle_m + 0.0758)]))
        targets = retargeter.targets.build(pose[None])
        np.testing.assert_allclose(targets.end[0, :2, 2], sole_m, atol=0.005)
    retargeter.measure_person(REST_OFFSETS_M)


def test_nothing_is_known_of_soles_without_meshes(robots):
    assert sole_depth_m(robots('g1').plan, {}) is None


def standing(shoulder, elbow, wrist=(0.0, 0.0, 0.0)):
    """Return who faces +x with both arms alike: rotation vectors [deg] of the left one."""
    rotations = np.tile(np.eye(3), (22, 1, 1))
    rotations[0] = Rotation.from_euler('xz', [90, 90], degrees=True).as_matrix()
    for side, mirror in (('left', [1.0, 1.0, 1.0]), ('right', [1.0, -1.0, -1.0])):
        for joint, vector in (('shoulder', shoulder), ('elbow', elbow), ('wrist', wrist)):
            rotations[JOINT_INDEX[f'{side}_{joint}']] = Rotation.from_rotvec(
                np.array(vector) * mirror, degrees=True).as_matrix()
    return BodyPose(rotations, np.array([0.0, 0.0, 0.93]))


def settled(retargeter, pose):
    retargeter.solver.reset()
    for _ in range(40):
        result = retargeter.step(pose, 0.1)
    return result


def test_bent_forearms_with_thumbs_up_leave_the_wrists_of_a_g1_at_zero(robots):
    """Its zero pose is that of such a person, so no wrist has to turn."""
    g1 = robots('g1')
    result = settled(g1, standing((0.0, 0.0, -80.0), (0.0, -90.0, 0.0)))
    wrists = [n for n, joint in enumerate(g1.robot.joints) if 'wrist' in joint.name]
    assert np.abs(result.joints[wrists]).max() < np.radians(12.0)


@pytest.mark.parametrize('name', ['g1', 'talos', 'romeo', 'icub'])
def test_a_forearm_that_turns_its_palm_up_turns_the_robots_as_far(robots, name):
    retargeter = robots(name)
    limb = retargeter.plan.limbs['left_arm']
    turns = []
    for twist_deg in (0.0, 40.0):
        pose = settled(
            retargeter, standing((0.0, 0.0, -60.0), (0.0, -70.0, 0.0), (twist_deg, 0.0, 0.0)))
        turns.append(place(retargeter, pose)[limb.end + 2].rotation)
    turned = Rotation.from_matrix(turns[1] @ turns[0].T).magnitude()
    assert np.degrees(turned) == pytest.approx(40.0, abs=12.0)


@pytest.mark.parametrize('name', ['g1', 'talos', 'romeo', 'icub'])
def test_a_first_frame_far_from_the_neutral_pose_is_met_at_once(robots, name):
    """One leg up, an arm ahead, facing away: where later frames would have brought it."""
    retargeter = robots(name)
    pose = example_pose()
    local = pose.local_rotations.copy()
    local[0] = rotation_about_z(np.array(2.5)) @ local[0]
    motion = Motion(BodyPose(
        np.repeat(local[None], 90, axis=0), np.tile(pose.root_position, (90, 1))), 60.0)
    errors = errors_cm(retargeter, motion, retargeter.follow(motion))
    assert (errors[0] < errors[-1] + 2.0).all() and errors[0].max() < 8.0


def test_a_joint_at_its_limit_does_not_keep_the_human_who_returns(robots):
    """A hand that twists further than any wrist, and back: no joint stays behind."""
    g1 = robots('g1')
    twist = np.radians(170.0) * np.sin(np.linspace(0.0, np.pi, 241))
    poses = [standing((0.0, 0.0, -60.0), (0.0, -70.0, 0.0), (np.degrees(angle), 0.0, 0.0))
             for angle in twist]
    motion = Motion(BodyPose(np.stack([pose.local_rotations for pose in poses]),
                             np.stack([pose.root_position for pose in poses])), 60.0)
    result = g1.follow(motion)
    check_limits(g1, result)
    at_limit = (np.abs(result.joints[120] - g1.limits.upper) < 1e-3) | (
        np.abs(result.joints[120] - g1.limits.lower) < 1e-3)
    assert at_limit.any()
    np.testing.assert_allclose(result.joints[-1], result.joints[0], atol=0.1)


def test_single_poses_and_a_whole_motion_give_the_same_joints(robots):
    """The live path and that of files."""
    g1 = robots('g1')
    motion = Motion(builtin_motion('wave', 60.0).poses[:30], 60.0)
    whole = g1.follow(motion)
    g1.solver.reset()
    single = [g1.step(motion.poses[frame], 1.0 / 60.0) for frame in range(30)]
    np.testing.assert_array_equal(whole.joints, [pose.joints for pose in single])
    np.testing.assert_array_equal(
        whole.base_rotation, [pose.base_rotation for pose in single])
    np.testing.assert_array_equal(
        whole.base_position, [pose.base_position for pose in single])


def test_a_robot_with_more_joints_than_the_kernel_takes_is_refused(robots, monkeypatch):
    monkeypatch.setattr(solver, 'MOST_JOINTS', 20)
    with pytest.raises(UrdfError, match='has 29 joints; at most 20'):
        Retargeter(robots('g1').robot)


@pytest.mark.parametrize('where', ['local_rotations', 'root_position'])
def test_a_pose_that_is_not_finite_is_refused_and_the_next_one_is_followed(robots, where):
    g1 = Retargeter(robots('g1').robot)
    pose = example_pose()
    good = g1.step(pose, 0.1)
    bad = BodyPose(pose.local_rotations.copy(), pose.root_position.copy())
    getattr(bad, where).reshape(-1)[0] = np.nan
    with pytest.raises(solver.NotFollowedError, match='no finite pose'):
        g1.step(bad, 0.1)
    np.testing.assert_allclose(g1.step(pose, 0.1).joints, good.joints, atol=0.05)


def test_a_person_without_forearms_is_followed_all_the_same(robots):
    """By a description whose bones have no length."""
    g1 = Retargeter(robots('g1').robot)
    offsets = REST_OFFSETS_M.copy()
    offsets[[20, 21]] = 0.0
    g1.measure_person(offsets)
    assert np.isfinite(g1.step(example_pose(), 0.1).joints).all()
