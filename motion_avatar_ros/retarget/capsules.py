# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Capsules around a robot's parts: hands, forearms, upper arms, feet, shanks, thighs, trunk, head.

Fitted to the triangles of its links; where there are none, to the lengths of its segments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.retarget.body_plan import BodyPlan
from motion_avatar_ros.retarget.robot_model import Joint

_THICK = 80.0       # percentile of the vertices' distances from the axis: spikes do not count
_SLENDER = 0.18     # radius over length of a segment without triangles
_TRUNK = 0.35       # radius of a trunk without triangles over the width of the shoulders
_ASIDE = 0.4        # of a segment's length, that a part's middle may be beside it
_THICKEST = 0.6     # of a segment's length, that a part's radius may be


@dataclass(frozen=True)
class Capsule:
    """
    A segment with a radius.

    Attributes:
        name: `base`, `chest`, `head`, or a limb and `upper`, `lower` or `end`.
        joint: number of the joint whose link it is on, -1 for the base.
        ends: (2, 3) [m] in the axes of the base link, all joints at zero.
        radius_m: around it.
    """

    name: str
    joint: int
    ends: np.ndarray
    radius_m: float


def fit_capsules(
    joints: Sequence[Joint], plan: BodyPlan, vertices: Mapping[int, np.ndarray]
) -> tuple[Capsule, ...]:
    """
    Return the capsules of all parts that a robot has.

    Args:
        joints, plan: of the robot.
        vertices: (V, 3) [m] on the links of joints by number, see `neutral_vertices`.
    """
    capsules = []
    for name, attached, members, fallback, size_m in _parts(joints, plan):
        points = [vertices[number] for number in members if number in vertices]
        ends, radius_m = fallback
        if points:
            fitted = _around(np.concatenate(points))
            if _is_likely(*fitted, along=ends, size_m=size_m):
                ends, radius_m = fitted
        capsules.append(Capsule(name, attached, ends, radius_m))
    return tuple(capsules)


def _is_likely(
    ends: np.ndarray, radius_m: float, along: np.ndarray, size_m: float
) -> bool:
    """Say whether a part's capsule lies along its segment: some meshes are turned or scaled."""
    way = along[1] - along[0]
    middle = ends.mean(axis=0)
    share = np.clip((middle - along[0]) @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
    off_m = float(np.linalg.norm(middle - along[0] - share * way))
    return off_m < _ASIDE * size_m and radius_m < _THICKEST * size_m


def _parts(
    joints: Sequence[Joint], plan: BodyPlan
) -> list[tuple[str, int, tuple[int, ...], tuple[np.ndarray, float], float]]:
    """
    Return the parts.

    Name, joint, joints whose links belong to it, the capsule that it has without triangles, and
    the length [m] that tells whether one with triangles is likely.
    """
    limbs = plan.limbs
    hips = 0.5 * (limbs['left_leg'].root_m + limbs['right_leg'].root_m)
    shoulders = 0.5 * (limbs['left_arm'].root_m + limbs['right_arm'].root_m)
    width_m = float(np.linalg.norm(limbs['left_arm'].root_m - limbs['right_arm'].root_m))
    trunk = np.stack((hips + 0.4 * (shoulders - hips), shoulders))
    chest = plan.trunk[-1] if plan.trunk else -1
    parts: list[tuple[str, int, tuple[int, ...], tuple[np.ndarray, float], float]] = []
    if plan.trunk:
        parts.append(
            ('base', -1, (-1,), (np.stack((hips, hips)), _TRUNK * width_m), width_m))
    parts.append(('chest', chest, (chest,), (trunk, _TRUNK * width_m), width_m))
    if plan.head:
        top = joints[plan.head[-1]].position
        parts.append(('head', plan.head[-1], (plan.head[-1],), (
            np.stack((top, top + 0.3 * width_m * plan.axes[:, 2])), 0.25 * width_m), width_m))
    for name, limb in limbs.items():
        middle, end = limb.joints.index(limb.middle), limb.joints.index(limb.end)
        upper_m, lower_m = limb.lengths_m
        beyond = plan.axes[:, 0] * lower_m if name.endswith('leg') else (
            limb.end_m - limb.middle_m)
        tip = limb.end_m + 0.4 * beyond
        parts += [
            (f'{name} upper', limb.joints[middle - 1], (limb.joints[middle - 1],),
             (np.stack((limb.root_m, limb.middle_m)), _SLENDER * upper_m), upper_m),
            (f'{name} lower', limb.middle, limb.joints[middle:end],
             (np.stack((limb.middle_m, limb.end_m)), _SLENDER * lower_m), lower_m),
            (f'{name} end', limb.end, limb.joints[end:],
             (np.stack((limb.end_m, tip)), _SLENDER * lower_m), lower_m)]
    return parts


def _around(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the ends (2, 3) and the radius of a capsule around points (V, 3)."""
    center = 0.5 * (points.min(axis=0) + points.max(axis=0))
    offsets = points - center
    _, _, axes = np.linalg.svd(offsets - offsets.mean(axis=0), full_matrices=False)
    along = offsets @ axes[0]
    across_m = np.linalg.norm(offsets - along[:, None] * axes[0], axis=1)
    radius_m = float(np.percentile(across_m, _THICK))
    low, high = along.min() + radius_m, along.max() - radius_m
    if low > high:
        low = high = 0.5 * (low + high)
    return center + np.array([[low], [high]]) * axes[0], radius_m
