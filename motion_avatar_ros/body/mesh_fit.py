# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Fits a MakeHuman body to the SMPL-22 skeleton: its T-pose, joint positions and limb lengths.

Each SMPL joint gets a map of space; a vertex moves by the mix of the maps that its skinning
weights give. Limbs are turned, stretched along the bone and placed at their joint; the trunk
is one smooth warp. Afterwards SMPL local rotations apply to the mesh one to one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from motion_avatar_ros.body.makehuman import MakeHumanBody
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX, JOINT_NAMES

Map = Callable[[np.ndarray], np.ndarray]  # points (V, 3) [m] to points (V, 3) [m]

_SIDES = (('left', 'L', 1.0), ('right', 'R', -1.0))
#: First bones of each SMPL joint; bones below them, down to the next first bone, belong too.
_FIRST_BONES = {
    'pelvis': ('root',), 'spine1': ('spine04',), 'spine2': ('spine02',), 'spine3': ('spine01',),
    'neck': ('neck01',), 'head': ('neck03',),
} | {
    f'{side}_{joint}': tuple(f'{bone}.{letter}' for bone in bones)
    for side, letter, _ in _SIDES
    for joint, bones in {
        'collar': ('clavicle',), 'shoulder': ('upperarm01',), 'elbow': ('lowerarm01',),
        'wrist': ('wrist',), 'hip': ('upperleg01',), 'knee': ('lowerleg01',),
        'ankle': ('foot',), 'foot': tuple(f'toe{toe}-1' for toe in range(1, 6)),
    }.items()
}
_SPINE = ('pelvis', 'spine1', 'spine2', 'spine3')
#: Half height over which a spine joint takes over from the one below; narrow ones crease.
_SPINE_BLEND_M = {'spine1': 0.13, 'spine2': 0.1, 'spine3': 0.1}
_HIP_WIDTH_SCALE = 0.92  # SMPL's hips are narrower than MakeHuman's
_HEAD_SCALE = 1.05
_HEAD_PIVOT_FORWARD_M = 0.015
#: MakeHuman's arms hang: a T-pose lifts the shoulders, so their level in the trunk is higher.
_SHOULDER_LIFT_M = 0.025
#: How far the trunk moves forward at the level of hips, shoulders and neck: SMPL stands so.
_TRUNK_SHIFTS_M = (-0.012, -0.04, -0.03)
_SOLE_BELOW_FOOT_M = 0.02  # height of the foot joint of a standing person, from the data
_FOOT_YAW_RAD = np.radians(12.0)  # toes turned out


def joint_weights(body: MakeHumanBody) -> np.ndarray:
    """Return skinning weights (19158, 22), rows summing to 1, of the bones summed by joint."""
    first = {bone: joint for joint, bones in _FIRST_BONES.items() for bone in bones}
    weights = np.zeros((len(body.vertices), JOINT_COUNT))
    for bone, (indices, values) in body.bone_weights.items():
        owner = bone
        while owner not in first:
            owner = body.bone_parents[owner]
        np.add.at(weights[:, JOINT_INDEX[first[owner]]], indices, values)
    total = weights.sum(axis=1, keepdims=True)
    weights[total[:, 0] == 0.0, 0] = 1.0  # helper geometry without a bone
    return weights / np.where(total == 0.0, 1.0, total)


def split_spine(weights: np.ndarray, heights_m: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """
    Share the spine's weight among its joints by height, which MakeHuman bends elsewhere.

    Args:
        weights: (V, 22).
        heights_m: (V,) of the fitted vertices above the pelvis joint.
        rest: (22, 3) joint positions [m].
    """
    spine = [JOINT_INDEX[name] for name in _SPINE]
    total, left = weights[:, spine].sum(axis=1), np.ones(len(weights))
    split = weights.copy()
    for lower, upper in zip(spine, spine[1:]):
        half_m = _SPINE_BLEND_M[JOINT_NAMES[upper]]
        ramp = (heights_m - rest[upper, 1]) / (2.0 * half_m) + 0.5
        ramp = np.clip(ramp, 0.0, 1.0)
        above = np.minimum(ramp * ramp * (3.0 - 2.0 * ramp), left)
        split[:, lower] = total * (left - above)
        left = above
    split[:, spine[-1]] = total * left
    return split


def fit_to_skeleton(
    body: MakeHumanBody, vertices: np.ndarray, weights: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """
    Return vertices (V, 3) [m] in T-pose, pelvis joint at the origin.

    Args:
        body: in its own rest pose.
        vertices: (V, 3) of that pose [m].
        weights: (V, 22) of `joint_weights`.
        rest: (22, 3) joint positions [m] to fit to, SMPL axes.
    """
    maps = _joint_maps(body, rest)
    fitted = np.zeros_like(vertices)
    for joint, name in enumerate(JOINT_NAMES):
        used = weights[:, joint] > 0.0
        fitted[used] += weights[used, joint, None] * maps[name](vertices[used])
    return fitted


def _joint_maps(body: MakeHumanBody, rest: np.ndarray) -> dict[str, Map]:
    target = dict(zip(JOINT_NAMES, rest))
    trunk = _trunk_warp(body, target)
    maps: dict[str, Map] = {name: trunk for name in (*_SPINE, 'neck')}
    maps['head'] = _head_map(body, target)
    for side, letter, sign in _SIDES:
        heads = {
            name: body.bone_heads[f'{name}.{letter}'] for name in (
                'clavicle', 'upperarm01', 'lowerarm01', 'wrist', 'finger2-1', 'finger3-1',
                'finger5-1', 'upperleg01', 'lowerleg01', 'foot')}
        maps |= _arm_maps(side, sign, heads, target, trunk)
        maps |= _leg_maps(side, sign, heads, target, trunk, body)
    return maps


def _trunk_warp(body: MakeHumanBody, target: dict[str, np.ndarray]) -> Map:
    """Stretch by height and lean back smoothly so that hips, neck and head are in place."""
    heads = body.bone_heads
    hips = (heads['upperleg01.L'] + heads['upperleg01.R']) / 2.0
    shoulders = (heads['upperarm01.L'] + heads['upperarm01.R']) / 2.0
    source = np.array([hips, shoulders + (0.0, _SHOULDER_LIFT_M, 0.0), heads['neck01']])
    middle = {
        name: (target[f'left_{name}'] + target[f'right_{name}']) / 2.0
        for name in ('hip', 'shoulder')}
    goal_heights = np.array([middle['hip'][1], middle['shoulder'][1], target['neck'][1]])
    head = _head_map(body, target)
    source = np.vstack((source, heads['neck03']))
    goal_heights = np.append(goal_heights, target['head'][1])
    shifts = np.append(_TRUNK_SHIFTS_M, head(heads['neck03'][None])[0, 2] - heads['neck03'][2])

    def warp(points: np.ndarray) -> np.ndarray:
        heights = points[:, 1]
        moved = np.empty_like(points)
        moved[:, 0] = points[:, 0] * np.interp(heights, source[:2, 1], (_HIP_WIDTH_SCALE, 1.0))
        moved[:, 1] = np.interp(heights, source[:, 1], goal_heights)
        moved[:, 1] += np.minimum(heights - source[0, 1], 0.0)
        moved[:, 1] += np.maximum(heights - source[-1, 1], 0.0)
        moved[:, 2] = points[:, 2] + np.interp(heights, source[:, 1], shifts)
        return moved

    return warp


def _head_map(body: MakeHumanBody, target: dict[str, np.ndarray]) -> Map:
    pivot = body.bone_heads['neck03'] + (0.0, 0.0, _HEAD_PIVOT_FORWARD_M)
    return lambda points: target['head'] + _HEAD_SCALE * (points - pivot)


def _arm_maps(
    side: str, sign: float, heads: dict[str, np.ndarray], target: dict[str, np.ndarray], trunk: Map
) -> dict[str, Map]:
    shoulder, elbow, wrist = (target[f'{side}_{j}'] for j in ('shoulder', 'elbow', 'wrist'))
    upper = heads['lowerarm01'] - heads['upperarm01']
    fore = heads['wrist'] - heads['lowerarm01']
    hand = heads['finger3-1'] - heads['wrist']
    across = heads['finger2-1'] - heads['finger5-1']  # little finger to index: forward
    outward = np.array([sign, 0.0, 0.0])
    turn_upper = _shortest_turn(upper, elbow - shoulder)
    turn_fore = _shortest_turn(turn_upper @ fore, wrist - elbow) @ turn_upper
    turn_hand = _shortest_turn(turn_fore @ hand, outward) @ turn_fore
    side_vector = turn_hand @ across
    twist = np.arctan2(side_vector[1], side_vector[2]) * sign
    turn_hand = _turn_about(outward, twist) @ turn_hand
    turn_fore = _turn_about(wrist - elbow, twist / 2.0) @ turn_fore
    lift = shoulder - trunk(heads['upperarm01'][None])[0]
    reach = heads['upperarm01'][0] - heads['clavicle'][0]

    def collar(points: np.ndarray) -> np.ndarray:
        share = np.clip((points[:, :1] - heads['clavicle'][0]) / reach, 0.0, 1.5)
        return trunk(points) + share * lift

    return {
        f'{side}_collar': collar,
        f'{side}_shoulder': _bone_map(heads['upperarm01'], upper, shoulder,
                                      elbow - shoulder, turn_upper),
        f'{side}_elbow': _bone_map(heads['lowerarm01'], fore, elbow, wrist - elbow, turn_fore),
        f'{side}_wrist': lambda points: wrist + (points - heads['wrist']) @ turn_hand.T,
    }


def _leg_maps(
    side: str, sign: float, heads: dict[str, np.ndarray], target: dict[str, np.ndarray],
    trunk: Map, body: MakeHumanBody,
) -> dict[str, Map]:
    hip, knee, ankle, foot = (target[f'{side}_{j}'] for j in ('hip', 'knee', 'ankle', 'foot'))
    # The point of the source that the trunk's warp brings to the hip joint: no step there.
    pivot = heads['upperleg01'] + (hip - trunk(heads['upperleg01'][None])[0]) * (
        1.0 / _HIP_WIDTH_SCALE, 1.0, 1.0)
    thigh, shank = heads['lowerleg01'] - pivot, heads['foot'] - heads['lowerleg01']
    letter = 'L' if sign > 0 else 'R'
    toes = np.mean([body.bone_heads[f'toe{toe}-1.{letter}'] for toe in range(1, 6)], axis=0)
    sole_m = body.vertices[body.faces.ravel(), 1].min()
    forward = toes - heads['foot']
    yaw = _turn_about(np.array([0.0, 1.0, 0.0]),
                      sign * _FOOT_YAW_RAD - np.arctan2(forward[0], forward[2]))
    step = foot - ankle
    along = np.hypot(step[0], step[2]) / np.hypot(forward[0], forward[2])
    up = (ankle[1] - foot[1] + _SOLE_BELOW_FOOT_M) / (heads['foot'][1] - sole_m)
    stretch = np.array([along, up, along])

    def whole_foot(points: np.ndarray) -> np.ndarray:
        return ankle + stretch * ((points - heads['foot']) @ yaw.T)

    return {
        f'{side}_hip': _bone_map(pivot, thigh, hip, knee - hip, _shortest_turn(thigh, knee - hip)),
        f'{side}_knee': _bone_map(heads['lowerleg01'], shank, knee, ankle - knee,
                                  _shortest_turn(shank, ankle - knee)),
        f'{side}_ankle': whole_foot,
        f'{side}_foot': whole_foot,
    }


def _bone_map(
    source: np.ndarray, source_bone: np.ndarray, goal: np.ndarray, goal_bone: np.ndarray,
    turn: np.ndarray,
) -> Map:
    """Turn about `source`, stretch along the bone to the goal's length, move to `goal`."""
    unit = goal_bone / np.linalg.norm(goal_bone)
    stretch = np.linalg.norm(goal_bone) / np.linalg.norm(source_bone) - 1.0
    linear = (np.eye(3) + stretch * np.outer(unit, unit)) @ turn
    return lambda points: goal + (points - source) @ linear.T


def _shortest_turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    axis = np.cross(start, end)
    angle = np.arctan2(np.linalg.norm(axis), start @ end)
    return _turn_about(axis, angle)


def _turn_about(axis: np.ndarray, angle_rad: float) -> np.ndarray:
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle_rad) * cross + (1.0 - np.cos(angle_rad)) * cross @ cross
