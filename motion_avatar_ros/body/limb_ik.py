# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Limbs that reach a place: analytic two-bone inverse kinematics.

The middle joint bends about the axis that it bends about already, then the whole limb swings
about its root by the shortest arc. A limb is never quite straight: a place near or out of its
reach is approached ever less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.body.rotations import apply, cross, matrix_from_vector
from motion_avatar_ros.body.skeleton import JOINT_INDEX


def _chain(names: str) -> tuple[int, ...]:
    return tuple(JOINT_INDEX[name] for name in names.split())


#: Joints of each limb: what it hangs on, its root, its middle, its end.
LIMBS = {
    'left_hand': _chain('left_collar left_shoulder left_elbow left_wrist'),
    'right_hand': _chain('right_collar right_shoulder right_elbow right_wrist'),
    'left_foot': _chain('pelvis left_hip left_knee left_ankle'),
    'right_foot': _chain('pelvis right_hip right_knee right_ankle'),
}

#: Axes about which elbows and knees bend, in the axes of the bone above.
_HINGES = {
    'left_hand': (0.0, -1.0, 0.0), 'right_hand': (0.0, 1.0, 0.0),
    'left_foot': (1.0, 0.0, 0.0), 'right_foot': (1.0, 0.0, 0.0),
}
#: Where a limb is almost straight it bends about next to nothing: there the hinge decides.
_HINGE_SHARE = 0.02
#: A knee that a blend has bent backwards bends the right way all the same.
_AGAINST_BACKWARDS = {'left_hand': 0.0, 'right_hand': 0.0, 'left_foot': 2.0, 'right_foot': 2.0}
#: From this part of the stretched limb on it stretches ever less: at the singularity itself the
#: middle joint's speed has no bound.
_SOFT_REACH = {'left_hand': 0.985, 'right_hand': 0.985, 'left_foot': 0.96, 'right_foot': 0.96}


def reach(
    names: Sequence[str], rotations: np.ndarray, positions: np.ndarray, targets: np.ndarray,
    weights: np.ndarray | float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Turn limbs so that their ends are at places.

    Args:
        names: L keys of `LIMBS`.
        rotations: (..., 22, 3, 3) of the joints in the world.
        positions: (..., 22, 3) [m] of the joints in the world.
        targets: (..., L, 3) [m] where wrists and ankles shall be.
        weights: (..., L) 0 leaves a limb as long as it is, 1 takes the target's distance.

    Returns:
        Rotations (..., L, 3, 3) in the world of the limbs' roots and of their middle joints.
    """
    own_m, stretched_m = lengths(names, positions)
    roots = [LIMBS[name][1] for name in names]
    wanted_m = stretched_m * softly_limited(
        names, _length(targets - positions[..., roots, :])[..., 0] / stretched_m)
    return bend(names, rotations, positions, targets,
                own_m + np.asarray(weights) * (wanted_m - own_m))


def lengths(names: Sequence[str], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (..., L) [m] how long limbs are, from root to end, and would be if straight."""
    root, middle, end = (
        positions[..., [LIMBS[name][part] for name in names], :] for part in (1, 2, 3))
    upper, lower = middle - root, end - middle
    return _length(upper + lower)[..., 0], (_length(upper) + _length(lower))[..., 0]


def softly_limited(names: Sequence[str], share: np.ndarray) -> np.ndarray:
    """Limit lengths (..., L), as shares of the stretched limb, to less than 1, smoothly."""
    soft = np.array([_SOFT_REACH[name] for name in names])
    beyond = np.maximum(share - soft, 0.0) / (1.0 - soft)
    return np.minimum(share, soft) + (1.0 - soft) * (1.0 - np.exp(-beyond))


def bend(
    names: Sequence[str], rotations: np.ndarray, positions: np.ndarray, targets: np.ndarray,
    lengths_m: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Turn limbs so that they point at places and are so long.

    Args:
        names, rotations, positions: as in `reach`.
        targets: (..., L, 3) [m] at which wrists and ankles shall be seen from the limbs' roots.
        lengths_m: (..., L) from root to end; as near to it as the bones allow.

    Returns:
        As `reach`.
    """
    _, roots, middles, ends = (list(joints) for joints in zip(
        *(LIMBS[name] for name in names), strict=True))
    root, middle = positions[..., roots, :], positions[..., middles, :]
    upper, lower = middle - root, positions[..., ends, :] - middle
    upper_m, lower_m = _length(upper), _length(lower)
    hinges = apply(
        rotations[..., roots, :, :], np.array([_HINGES[name] for name in names]))
    axis = cross(upper, lower) / (upper_m * lower_m)
    guards = np.array([[_AGAINST_BACKWARDS[name]] for name in names])
    axis = axis + (_HINGE_SHARE + guards * np.maximum(-_dot(axis, hinges), 0.0)) * hinges
    axis = axis / _length(axis)

    # What of the bones lies along the axis stays as it is; across it they are a plane triangle.
    upper_along, lower_along = _dot(upper, axis), _dot(lower, axis)
    upper_across, lower_across = upper - upper_along * axis, lower - lower_along * axis
    a, b = _length(upper_across), _length(lower_across)
    squares = lengths_m[..., None] ** 2 - (upper_along + lower_along) ** 2
    wanted = np.arccos(np.clip((squares - a ** 2 - b ** 2) / (2.0 * a * b), -1.0, 1.0))
    now = np.arctan2(_dot(cross(upper_across, lower_across), axis),
                     _dot(upper_across, lower_across))
    bending = matrix_from_vector((wanted - now) * axis)
    swing = shortest_arc(upper + apply(bending, lower), targets - root)
    return (swing @ rotations[..., roots, :, :],
            swing @ bending @ rotations[..., middles, :, :])


def shortest_arc(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the rotations (..., 3, 3) that turn one direction (..., 3) into another."""
    across = cross(start, end)
    sin = _length(across)
    return matrix_from_vector(across / sin * np.arctan2(sin, _dot(start, end)))


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=-1, keepdims=True)


def _length(vector: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vector, axis=-1, keepdims=True) + 1e-12
