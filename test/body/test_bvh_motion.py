# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""BVH files: the same motion comes out, whatever the names, units and rest poses."""

from __future__ import annotations

from bvh_text import bvh_text
import numpy as np
import pytest

from motion_avatar_ros.body.bvh_file import BvhError
from motion_avatar_ros.body.bvh_motion import SKELETONS, load_bvh_motion
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_INDEX, JOINT_NAMES, PARENTS, REST_OFFSETS_M


@pytest.fixture(scope='module')
def walk():
    """Return rotations in the world, the pelvis and the joints of two seconds of walking."""
    poses = builtin_motion('walk', 60.0).poses[:120]
    rotations, joints = poses.global_joints()
    return poses, rotations, joints


def _on_floor(joints):
    """Return joints as they are told: from the first pelvis, standing toes at one height."""
    lower = joints[:, [10, 11], 2].min(axis=1)
    return joints - joints[:1, :1] * [1.0, 1.0, 0.0] - [
        0.0, 0.0, np.percentile(lower, 5.0) - 0.0225]


@pytest.mark.parametrize('skeleton', ['this package', 'SMPL'])
@pytest.mark.parametrize(('unit_m', 'order'), [(1.0, 'ZXY'), (0.01, 'ZYX'), (0.0254, 'XYZ')])
def test_smpl_rotations_come_out_as_they_went_in(walk, tmp_path, skeleton, unit_m, order):
    poses, rotations, joints = walk
    path = tmp_path / 'clip.bvh'
    path.write_text(bvh_text(
        rotations, poses.root_position, SKELETONS[skeleton], unit_m=unit_m, order=order))
    motion = load_bvh_motion(path)
    assert motion.rate_hz == pytest.approx(60.0) and len(motion) == 120
    assert geodesic_angle(motion.poses.local_rotations, poses.local_rotations).max() < 1e-5
    assert np.abs(motion.poses.global_joints()[1] - _on_floor(joints)).max() < 1e-4


@pytest.mark.parametrize('skeleton', ['CMU', 'Mixamo'])
def test_limbs_point_where_those_of_another_rest_pose_do(walk, tmp_path, skeleton):
    poses, rotations, joints = walk
    # Arms hang at rest, legs are apart and half as long again, a joint is between two of ours.
    held = np.tile(np.eye(3), (22, 1, 1))
    for side, sign in (('left', 1.0), ('right', -1.0)):
        for limb, angle in ((('shoulder', 'elbow', 'wrist'), -0.9), (('hip', 'knee'), 0.1)):
            for joint in limb:
                held[JOINT_INDEX[f'{side}_{joint}']] = matrix_from_axis_angle(
                    np.array([0.0, 0.0, sign * angle]))
    offsets = REST_OFFSETS_M.copy()
    for joint in range(1, 22):
        offsets[joint] = held[PARENTS[joint]] @ offsets[joint]
    names = {name: f'mixamorig:{of}' for name, of in SKELETONS[skeleton].items()}
    path = tmp_path / 'clip.bvh'
    path.write_text(bvh_text(
        rotations @ held.swapaxes(-1, -2), 1.5 * poses.root_position, names, 1.5 * offsets,
        between=('left_hip', 'neck')))
    motion = load_bvh_motion(path)
    _, found = motion.poses.global_joints()
    assert np.abs(found - _on_floor(joints)).max() < 0.002
    soles = JOINT_INDEX['left_ankle']
    assert geodesic_angle(
        motion.poses.global_joints()[0][:, soles], rotations[:, soles]).max() < 1e-5


def test_a_rest_pose_in_front_is_left_out(walk, tmp_path):
    poses, rotations, _ = walk
    at_rest = rotations.copy()
    at_rest[0] = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    path = tmp_path / 'clip.bvh'
    path.write_text(bvh_text(at_rest, poses.root_position, SKELETONS['SMPL']))
    assert len(load_bvh_motion(path)) == 119


def test_joints_that_are_not_known_are_named(walk, tmp_path):
    poses, rotations, _ = walk
    path = tmp_path / 'clip.bvh'
    names = {**SKELETONS['CMU'], 'left_hip': 'LeftThigh'}
    path.write_text(bvh_text(rotations, poses.root_position, names))
    with pytest.raises(BvhError, match=r'SMPL, CMU, Mixamo.*nearest is CMU, without LeftUpLeg'):
        load_bvh_motion(path)


def test_another_rest_pose_is_refused(walk, tmp_path):
    poses, rotations, _ = walk
    path = tmp_path / 'clip.bvh'
    path.write_text(bvh_text(
        rotations, poses.root_position, SKELETONS['SMPL'], REST_OFFSETS_M[:, [0, 2, 1]]))
    with pytest.raises(BvhError, match='standing figure, y up and facing z'):
        load_bvh_motion(path)


@pytest.mark.parametrize(('cut', 'put', 'problem'), [
    ('MOTION', 'MOTIVE', 'MOTION'), ('Frames: 120', 'Frames: 121', 'numbers for 121 frames'),
    ('Xrotation', 'Wrotation', 'channels'), ('HIERARCHY', 'ROOT', 'HIERARCHY'),
    ('Frame Time: 0.016666667', 'Frame Time: 0', '120 frames of 0.0 s'),
    ('CHANNELS 3', 'CHANNELS x', 'format'), ('OFFSET 0 1 0', 'OFFSET 0 nothing 0', 'format')])
def test_a_file_that_is_no_bvh_is_told(walk, tmp_path, cut, put, problem):
    poses, rotations, _ = walk
    text = bvh_text(rotations, poses.root_position, SKELETONS['SMPL'])
    assert cut in text
    (tmp_path / 'clip.bvh').write_text(text.replace(cut, put))
    with pytest.raises(BvhError, match=problem):
        load_bvh_motion(tmp_path / 'clip.bvh')


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BvhError, match='No such file'):
        load_bvh_motion(tmp_path / 'none.bvh')
    assert set(SKELETONS['CMU']) == set(JOINT_NAMES)
