# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
BVH clips of people as motion of the SMPL skeleton, by the names of their joints.

The rest pose (all rotations zero) must be a standing figure, y up, that faces along z. Joints with
SMPL's names have SMPL's rotations. Others may hold arms and legs otherwise at rest: each limb is
turned to point where the file's does, while feet and trunk keep their orientation, so that a flat
sole stays flat. The unit of the file does not matter: legs are brought to SMPL's length and the
pelvis' way with them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motion_avatar_ros.body.bvh_file import BvhClip, BvhError, read_bvh
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, matrix_from_axis_angle, transpose
from motion_avatar_ros.body.skeleton import (
    JOINT_COUNT, JOINT_INDEX, JOINT_NAMES, LEFT_FOOT, PARENTS, PELVIS, REST_OFFSETS_M, RIGHT_FOOT,
)

_LIMBS = ('UpLeg', 'Leg', 'Foot', 'ToeBase', 'Shoulder', 'Arm', 'ForeArm', 'Hand')
_LIMB_JOINTS = ('hip', 'knee', 'ankle', 'foot', 'collar', 'shoulder', 'elbow', 'wrist')
_SIDED = {
    f'{side.lower()}_{joint}': side + limb
    for side in ('Left', 'Right') for joint, limb in zip(_LIMB_JOINTS, _LIMBS)}
_TRUNK = {'pelvis': 'Hips', 'neck': 'Neck', 'head': 'Head', **_SIDED}
_SMPL = {
    name: name.replace('left_', 'L_').replace('right_', 'R_').title() for name in JOINT_NAMES}

#: Skeletons by name: the file's joint of each SMPL joint.
SKELETONS = {
    'this package': {name: name for name in JOINT_NAMES},
    'SMPL': _SMPL,
    'CMU': {**_TRUNK, 'spine1': 'LowerBack', 'spine2': 'Spine', 'spine3': 'Spine1'},
    'Mixamo': {**_TRUNK, 'spine1': 'Spine', 'spine2': 'Spine1', 'spine3': 'Spine2'},
}
_SMPL_ROTATIONS = ('this package', 'SMPL')
#: Where the bone of a joint leads, of the joints that are turned to the file's rest pose.
_BONES = {
    joint: child for side in ('left', 'right') for joint, child in (
        (f'{side}_hip', f'{side}_knee'), (f'{side}_knee', f'{side}_ankle'),
        (f'{side}_shoulder', f'{side}_elbow'), (f'{side}_elbow', f'{side}_wrist'))}
_LEGS = [name for name in _BONES if 'hip' in name or 'knee' in name]
#: World axes x y z (y up, facing z) as z-up ones.
_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_TOE_HEIGHT_M = 0.0225      # of the joint of a foot that stands
_STANDING_SHARE = 5.0       # percentile of the lower toe's height that is taken to stand
_LARGEST_TILT = 0.7         # cosine


def load_bvh_motion(path: str | Path) -> Motion:
    """
    Read a BVH file as motion on the SMPL mean skeleton, its floor at z = 0.

    Raises:
        BvhError: no readable BVH, joints of no known skeleton, or another rest pose.
    """
    return motion_from_bvh(read_bvh(path), path)


def motion_from_bvh(clip: BvhClip, path: str | Path = '') -> Motion:
    """Return the motion of a clip, see `load_bvh_motion`; `path` is for messages."""
    skeleton, joints = _joints_of(clip, path)
    rest = clip.rest_positions()[joints]
    _check_rest(rest, path)
    rotations, positions = clip.world()
    first = _first_frame(clip)
    turned = _Z_UP @ rotations[first:, joints]
    if skeleton not in _SMPL_ROTATIONS:
        turned = turned @ _to_rest(rest)
    local = turned.copy()
    local[:, 1:] = transpose(turned[:, list(PARENTS[1:])]) @ turned[:, 1:]

    size = sum(_length(REST_OFFSETS_M[JOINT_INDEX[_BONES[name]]]) for name in _LEGS) / sum(
        _length(rest[JOINT_INDEX[_BONES[name]]] - rest[JOINT_INDEX[name]]) for name in _LEGS)
    root = apply(_Z_UP, size * positions[first:, joints[PELVIS]])
    _, feet = BodyPose(local, root).global_joints()
    lower = feet[:, [LEFT_FOOT, RIGHT_FOOT], 2].min(axis=1)
    root[:, 2] += _TOE_HEIGHT_M - np.percentile(lower, _STANDING_SHARE)
    root[:, :2] -= root[0, :2].copy()
    return Motion(BodyPose(local, root), clip.rate_hz)


def _joints_of(clip: BvhClip, path: str | Path) -> tuple[str, list[int]]:
    """Return the skeleton, and the file's joint of each SMPL joint."""
    names = [name.rsplit(':', 1)[-1] for name in clip.names]    # mixamorig:Hips
    index = {name: joint for joint, name in reversed(list(enumerate(names)))}
    missing = {
        skeleton: [name for name in of.values() if name not in index]
        for skeleton, of in SKELETONS.items()}
    for skeleton, lacking in missing.items():
        if not lacking:
            return skeleton, [index[SKELETONS[skeleton][name]] for name in JOINT_NAMES]
    nearest = min(missing, key=lambda skeleton: len(missing[skeleton]))
    raise BvhError(
        path, f'joints of no known skeleton ({", ".join(SKELETONS)}); nearest is {nearest}, '
        f'without {", ".join(missing[nearest][:6])}')


def _check_rest(rest: np.ndarray, path: str | Path) -> None:
    at = JOINT_INDEX
    hips = (rest[at['left_hip']] + rest[at['right_hip']]) / 2.0
    ankles = (rest[at['left_ankle']] + rest[at['right_ankle']]) / 2.0
    up, left = hips - ankles, rest[at['left_hip']] - rest[at['right_hip']]
    bones = [rest[at[child]] - rest[at[name]] for name, child in _BONES.items()]
    if not min(map(_length, (up, left, *bones))) > 1e-9:
        raise BvhError(path, 'two joints of a limb in one place at rest')
    if min(up[1] / _length(up), left[0] / _length(left)) < _LARGEST_TILT:
        raise BvhError(
            path, 'the pose with all rotations zero is no standing figure, y up and facing z: '
            f'up is {np.round(up / _length(up), 2)}, left is {np.round(left / _length(left), 2)}')


def _to_rest(rest: np.ndarray) -> np.ndarray:
    """Return rotations (22, 3, 3) from SMPL's rest pose to the file's."""
    to_rest = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    for name, child in _BONES.items():
        ours, theirs = REST_OFFSETS_M[JOINT_INDEX[child]], (
            rest[JOINT_INDEX[child]] - rest[JOINT_INDEX[name]])
        ours, theirs = ours / _length(ours), theirs / _length(theirs)
        axis = np.cross(ours, theirs)
        angle = np.arctan2(_length(axis), ours @ theirs)
        to_rest[JOINT_INDEX[name]] = matrix_from_axis_angle(
            axis * (angle / max(_length(axis), 1e-12)))
    for side in ('left', 'right'):      # a hand goes on as its forearm does
        to_rest[JOINT_INDEX[f'{side}_wrist']] = to_rest[JOINT_INDEX[f'{side}_elbow']]
    return to_rest


def _first_frame(clip: BvhClip) -> int:
    """Return 1 for a clip that some tool has put its rest pose in front of, else 0."""
    turned = np.abs(clip.local_rotations[:2] - np.eye(3)).max(axis=(1, 2, 3))
    return int(len(clip.local_rotations) > 2 and turned[0] < 1e-6 < turned[1])


def _length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))
