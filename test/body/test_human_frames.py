# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames of REP-155: where they are, and which way they look."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.human_frames import HUMAN_LINKS, human_frame, human_frames
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M

UPRIGHT = Rotation.from_euler('x', 90, degrees=True).as_matrix()     # y up becomes z up


def standing(**turned: np.ndarray) -> BodyPose:
    """Return somebody with the arms to the sides, and joints turned from there."""
    rotations = np.tile(np.eye(3), (22, 1, 1))
    rotations[0] = UPRIGHT
    for joint, rotation in turned.items():
        rotations[JOINT_INDEX[joint]] = rotation
    return BodyPose(rotations, np.array([1.0, -2.0, 0.95]))


def random_pose(seed: int) -> BodyPose:
    rng = np.random.default_rng(seed)
    return BodyPose(
        Rotation.from_rotvec(rng.normal(0.0, 0.7, (22, 3))).as_matrix(), rng.normal(size=3))


def frames(pose: BodyPose) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return rotation and position of each in the world."""
    rotations, places = human_frames(pose)
    body, origin = rotations[0], places[0]
    return {'body': (body, origin), **{
        name: (body @ rotation, origin + body @ place)
        for name, rotation, place in zip(HUMAN_LINKS[1:], rotations[1:], places[1:])}}


def test_the_body_is_midway_between_the_hips_and_looks_ahead():
    for seed in range(5):
        pose = random_pose(seed)
        rotations, places = pose.global_joints()
        turn, at = frames(pose)['body']
        hips = places[[JOINT_INDEX['left_hip'], JOINT_INDEX['right_hip']]]
        np.testing.assert_allclose(at, hips.mean(axis=0), atol=1e-12)
        # SMPL's pelvis: x left, y up, z ahead
        np.testing.assert_allclose(turn, rotations[0][:, [2, 0, 1]], atol=1e-12)


def test_with_hanging_arms_all_frames_look_ahead_and_up():
    down = {f'{side}_shoulder': Rotation.from_euler('z', sign * 90, degrees=True).as_matrix()
            for side, sign in (('left', -1), ('right', 1))}
    pose = standing(**down)
    found = frames(pose)
    forward, up = UPRIGHT @ [0.0, 0.0, 1.0], UPRIGHT @ [0.0, 1.0, 0.0]
    for name, (rotation, _) in found.items():
        np.testing.assert_allclose(rotation[:, 0], forward, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(rotation[:, 2], up, atol=1e-12, err_msg=name)
    left = found['l_hip'][1] - found['r_hip'][1]
    assert left @ found['body'][0][:, 1] > 0.05     # y to the left


@pytest.mark.parametrize(('upper', 'lower'), [
    ('shoulder', 'elbow'), ('elbow', 'wrist'), ('hip', 'knee'), ('knee', 'ankle')])
def test_limbs_run_along_minus_z_of_their_frames(upper, lower):
    """Straight ones exactly; SMPL's are bent a little in the rest pose."""
    for seed, side in ((seed, side) for seed in range(4) for side in ('l', 'r')):
        found = frames(random_pose(seed))
        rotation, at = found[f'{side}_{upper}']
        along = rotation.T @ (found[f'{side}_{lower}'][1] - at)
        whole = {'l': 'left', 'r': 'right'}[side]
        length = np.linalg.norm(REST_OFFSETS_M[JOINT_INDEX[f'{whole}_{lower}']])
        assert np.linalg.norm(along) == pytest.approx(length)
        assert -along[2] > 0.95 * length, (upper, along)


def test_joints_are_where_the_skeleton_has_them():
    pose = random_pose(9)
    _, places = pose.global_joints()
    found = frames(pose)
    for name, joint in (('head', 'head'), ('torso', 'neck'), ('l_wrist', 'left_wrist'),
                        ('r_ankle', 'right_ankle'), ('r_elbow', 'right_elbow')):
        np.testing.assert_allclose(found[name][1], places[JOINT_INDEX[joint]], atol=1e-12)
    np.testing.assert_allclose(found['waist'][1], found['body'][1], atol=1e-12)


def test_names_end_with_the_id():
    assert human_frame('l_wrist', '67dd1') == 'l_wrist_67dd1'
    assert len(set(HUMAN_LINKS)) == len(HUMAN_LINKS) == 16
