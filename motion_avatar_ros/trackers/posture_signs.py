# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Signs by which the poses of a head and two hands look like those of a person.

People keep their head upright and their hands below and in front of it, the left one on the
left; arms point away from the shoulders, thumbs forward and up, and elbows bend one way; who
walks walks forward, and the axis a head turns about is not ahead of it. Read in wrong axes, the
same movement breaks several of these. Each sign is a mean over some seconds and may be unusual
now and then: bows, exercise and lying down break one or two, wrong axes break many, or break
them for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np

from motion_avatar_ros.body.rotations import apply, transpose

#: Implausibility up to which poses are a person's: 98 % of motion capture is below.
PLAUSIBLE = 30.0

_MOST_PER_SIGN = 16.0  # four spreads off, a sign says all it can
# Shoulders of an upright person from the head joint, in its REP-103 axes, left and right [m].
_SHOULDERS_M = np.array([[-0.03, 0.17, -0.22], [-0.03, -0.17, -0.22]])
_OUTWARD = np.array([1.0, -1.0])  # y towards the fingers, of the left and the right hand
_BACK = np.array([[0.0, 0.7, 0.7], [0.0, -0.7, 0.7]])  # where the backs of hands point: up, out
_THUMB = np.array([0.7, 0.0, 0.7])  # where thumbs point: forward, up
_STANDING_M_S = 0.1
# Of the turning axis: frames between which rotation and movement are compared, how exact the
# comparison is [m], and how far off the axis may be without evidence [m].
_LAG = 2
_COMPARED_M, _UNKNOWN_M = 0.1, 0.15
_SHORTEST = 4 * _LAG + 1


@dataclass(frozen=True)
class Sign:
    """
    One sign of a person.

    Attributes:
        name: of it.
        typical: mean over people and activities.
        spread: standard deviation of the means over some seconds, on the safe side.
        phrase: says of a value what is wrong with it.
    """

    name: str
    typical: float
    spread: float
    phrase: Callable[[float], str]


def _side(value: float) -> str:
    return 'left' if value > 0.0 else 'right'


def _tilt(value: float) -> str:
    angle_deg = math.degrees(math.acos(max(-1.0, min(1.0, value))))
    return f"the head's up axis lies {angle_deg:.0f} degrees from the vertical"


#: All signs, in the order of `posture_signs`; typical values and spreads from motion capture.
SIGNS = (
    Sign('upright', 0.97, 0.15, _tilt),
    Sign('apart', 0.4, 0.22, lambda m: (
        f'the left hand is {abs(m):.2g} m to the {_side(m)} of the right one')),
    Sign('sideways', 0.0, 0.08, lambda m: (
        f'both hands are {abs(m):.2g} m to the {_side(m)} of the head')),
    Sign('below', -0.4, 0.2, lambda m: (
        f"the hands are {abs(m):.2g} m {'above' if m > 0.0 else 'below'} the head")),
    Sign('in front', 0.12, 0.1, lambda m: (
        f"the hands are {abs(m):.2g} m {'in front of' if m > 0.0 else 'behind'} the head")),
    Sign('left arm', 0.85, 0.22, lambda _: "the left hand's y axis does not lie along its arm"),
    Sign('right arm', 0.85, 0.22, lambda _: "the right hand's y axis does not lie along its arm"),
    Sign('left back', 0.55, 0.35, lambda _: 'the back of the left hand points down or inwards'),
    Sign('right back', 0.55, 0.35, lambda _: 'the back of the right hand points down or inwards'),
    Sign('left thumb', 0.65, 0.4, lambda _: 'the left thumb points down or backwards'),
    Sign('right thumb', 0.65, 0.4, lambda _: 'the right thumb points down or backwards'),
    Sign('elbow', -0.25, 0.2, lambda _: 'the elbows bend the wrong way'),
    Sign('gaze', -0.08, 0.2, lambda s: f"the head looks {'up' if s > 0.0 else 'down'}"),
    Sign('backwards', 0.0, 0.2, lambda _: 'the head moves backwards'),
    Sign('turning axis', 0.0, 0.09, lambda m: (
        f"the head turns about an axis {abs(m):.2g} m {'ahead of' if m > 0.0 else 'behind'} it")),
)
_TYPICAL = np.array([sign.typical for sign in SIGNS])
_SPREAD = np.array([sign.spread for sign in SIGNS])


def posture_signs(
    rotations: np.ndarray, positions: np.ndarray, times_s: np.ndarray
) -> np.ndarray:
    """
    Return the signs (..., 15) of some seconds, in the order of SIGNS.

    Args:
        rotations: (..., T, 3, 3, 3) of the joints head, left hand, right hand in a z-up world,
            REP-103 axes; about ten frames per second, at least nine of them.
        positions: (..., T, 3, 3) of these joints [m].
        times_s: (T,) increasing.
    """
    assert len(times_s) >= _SHORTEST, times_s.shape
    head = rotations[..., 0, :, :]
    to_head = transpose(head)[..., None, :, :]
    hands = apply(to_head, positions[..., 1:, :] - positions[..., :1, :])
    axes = to_head @ rotations[..., 1:, :, :]
    arms = hands - _SHOULDERS_M
    arms = arms / np.maximum(np.linalg.norm(arms, axis=-1, keepdims=True), 1e-6)
    along = _OUTWARD * (arms * axes[..., 1]).sum(axis=-1)
    towards_thumb = (arms * axes[..., 0]).sum(axis=-1).mean(axis=-1)
    back = (_BACK * axes[..., 2]).sum(axis=-1)
    thumb = (_THUMB * axes[..., 0]).sum(axis=-1)
    frames = np.stack((
        head[..., 2, 2], hands[..., 0, 1] - hands[..., 1, 1], *_axes_of(hands.mean(axis=-2)),
        *_pair(along), *_pair(back), *_pair(thumb), towards_thumb,
        head[..., 2, 0]), axis=-1)
    return np.concatenate((
        frames.mean(axis=-2),
        np.minimum(_forward_walk(head, positions[..., 0, :], times_s), 0.0)[..., None],
        _turning_axis(head, positions[..., 0, :])[..., None]), axis=-1)


def implausibility(signs: np.ndarray) -> np.ndarray:
    """Return how unlike a person signs (..., 15) are, (...): 10 is usual, 30 rare."""
    return np.minimum(((signs - _TYPICAL) / _SPREAD) ** 2, _MOST_PER_SIGN).sum(axis=-1)


def worst_sign(signs: np.ndarray) -> str:
    """Say of signs (15,) what is most unlike a person."""
    index = int(np.abs((signs - _TYPICAL) / _SPREAD).argmax())
    return SIGNS[index].phrase(float(signs[index]))


def _axes_of(vectors: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return sideways, below and in front (...) of vectors (..., 3) in the head's axes."""
    return vectors[..., 1], vectors[..., 2], vectors[..., 0]


def _pair(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values[..., 0], values[..., 1]


def _forward_walk(head: np.ndarray, positions: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return the part (...) of horizontal movement that is where the head faces, -1 to 1."""
    steps_s = np.diff(times_s)
    velocities = np.diff(positions[..., :2], axis=-2) / steps_s[:, None]
    facing = head[..., 1:, :2, 0]
    facing = facing / np.maximum(np.linalg.norm(facing, axis=-1, keepdims=True), 1e-6)
    forward = ((velocities * facing).sum(axis=-1) * steps_s).sum(axis=-1)
    any_way = ((np.linalg.norm(velocities, axis=-1) + _STANDING_M_S) * steps_s).sum(axis=-1)
    return forward / any_way


def _turning_axis(head: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """
    Return how far (...) [m] ahead of the head the axis is that it turns about.

    A point at rest, p + R l, is sought by least squares over the second differences of p and
    R, which walking at constant speed leaves alone; without turns the answer tends to 0.
    """
    turned = _second_difference(head, -3)
    moved = _second_difference(positions, -2)
    normal = (transpose(turned) @ turned).sum(axis=-3) / _COMPARED_M**2
    normal = normal + np.eye(3) / _UNKNOWN_M**2
    right = -apply(transpose(turned), moved).sum(axis=-2) / _COMPARED_M**2
    return np.linalg.solve(normal, right[..., None])[..., 0, 0]


def _second_difference(values: np.ndarray, axis: int) -> np.ndarray:
    frames = np.moveaxis(values, axis, 0)
    return np.moveaxis(frames[2 * _LAG:] - 2.0 * frames[_LAG:-_LAG] + frames[:-2 * _LAG], 0, axis)
