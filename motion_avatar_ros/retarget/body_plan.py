# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which of a robot's joints are hips, knees, elbows: found from the neutral pose, not from names.

Limbs are pairs of joint runs that mirror each other; legs are those that hang on the base. The
axis across the pairs and the way from ankles to shoulders give the body's axes; forward is where
knees bend away from and feet point to. Hips, shoulders, ankles and wrists are where the axes
beside them meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.joint_tree import (
    MirroredPair, Run, find_runs, mirrored_pairs, trunk_of,
)
from motion_avatar_ros.retarget.robot_model import Joint

_ACROSS = 0.8           # cosine: an axis this close to the one across bends forward or back
_SIDE = 0.7             # cosine: an axis further from a limb's direction bends the limb
_UNEQUAL = 1.5          # a range this lopsided tells which way a knee bends
_FOOT_M = 0.005         # a foot's mass this far ahead of the ankle tells where it points
_KNEE_VOTES = 2.0       # beside a foot's one: some feet are heavy at the heel
_ALIGNED = 0.995        # cosine: an axis this close to one of the base's is that one
_ASYMMETRY = 0.02
_WRIST_JOINTS = 3
_MIDDLE_M = 0.03


class BodyPlanError(MotionAvatarError):
    """A robot in which no human body can be found."""


@dataclass(frozen=True)
class Limb:
    """
    An arm or a leg, in the neutral pose and the axes of the base link.

    Attributes:
        joints: numbers, from the trunk outward.
        middle: number of the elbow or knee.
        end: number of the last joint of wrist or ankle.
        root_m, middle_m, end_m: (3,) where shoulder or hip, elbow or knee, wrist or ankle are.
        end_turn: (3, 3) how a hand is turned there from how it is taken to be (`targets`).
    """

    joints: tuple[int, ...]
    middle: int
    end: int
    root_m: np.ndarray
    middle_m: np.ndarray
    end_m: np.ndarray
    end_turn: np.ndarray = field(default_factory=lambda: np.eye(3))

    @property
    def lengths_m(self) -> tuple[float, float]:
        """Length of the upper and of the lower segment."""
        return (float(np.linalg.norm(self.middle_m - self.root_m)),
                float(np.linalg.norm(self.end_m - self.middle_m)))


@dataclass(frozen=True)
class BodyPlan:
    """
    What was found.

    Attributes:
        axes: (3, 3) forward, left and up as columns, in the axes of the base link.
        trunk: numbers of the joints from pelvis to shoulders.
        head: numbers of the joints of neck and head; none where there is none.
        limbs: `left_leg`, `right_leg`, `left_arm`, `right_arm`.
        doubts: what a user should look at, a line each.
    """

    axes: np.ndarray
    trunk: tuple[int, ...]
    head: tuple[int, ...]
    limbs: dict[str, Limb]
    doubts: tuple[str, ...]


def find_body_plan(joints: Sequence[Joint]) -> BodyPlan:
    """
    Find a human body in a robot.

    Args:
        joints: of the robot, in the neutral pose; names play no part.

    Raises:
        BodyPlanError: it has no two legs and two arms.
    """
    runs = find_runs(joints)
    pairs = mirrored_pairs(joints, runs)
    if len(pairs) < 2:
        raise BodyPlanError(
            f'{len(pairs)} pairs of limbs that mirror each other were found; needed: two legs '
            'and two arms, each of at least four joints')
    legs, arms = sorted(pairs[:2], key=lambda pair: len(trunk_of(runs, pair.parent)))
    if legs.parent == arms.parent:
        legs, arms = sorted((legs, arms), key=lambda pair: _bends_across(joints, runs, pair))[::-1]
    doubts: list[str] = []
    across = legs.across + np.sign(legs.across @ arms.across) * arms.across
    axes = _body_axes(joints, runs, legs, arms, across / np.linalg.norm(across), doubts)
    limbs = {}
    for kind, pair in (('leg', legs), ('arm', arms)):
        for run, opposite in (pair.runs, pair.runs[::-1]):
            between = joints[runs[run].joints[-1]].position - (
                joints[runs[opposite].joints[-1]].position)
            side = 'left' if between @ axes[:, 1] > 0.0 else 'right'
            limbs[f'{side}_{kind}'] = _limb(joints, runs[run].joints, axes, kind)
    trunk = trunk_of(runs, arms.parent)
    head = _head(joints, runs, arms, axes, limbs)
    if not head:
        doubts.append('no head joint was found: the trunk alone follows where a person looks')
    _compare_sides(limbs, doubts)
    return BodyPlan(axes, trunk, head, limbs, tuple(doubts))


def _bends_across(joints: Sequence[Joint], runs: Sequence[Run], pair: MirroredPair) -> int:
    return sum(
        abs(joints[number].axis @ pair.across) > _ACROSS for number in runs[pair.runs[0]].joints)


def _body_axes(
    joints: Sequence[Joint], runs: Sequence[Run], legs: MirroredPair, arms: MirroredPair,
    across: np.ndarray, doubts: list[str],
) -> np.ndarray:
    ends = [runs[run].joints[-1] for run in legs.runs]
    starts = [runs[run].joints[0] for run in arms.runs]
    up = np.mean([joints[number].position for number in starts], axis=0) - np.mean(
        [joints[number].position for number in ends], axis=0)
    across = _aligned(across)
    up = _aligned(up - (up @ across) * across)
    forward = np.cross(across, up)
    votes = {}
    for run in legs.runs:
        chain = runs[run].joints
        knee = _knee(joints, chain, across)
        if knee is not None:
            votes[f"knee '{joints[knee].name}'"] = (
                _KNEE_VOTES * _knee_vote(joints[knee], up, forward))
        ankle = joints[chain[-1]]
        ahead_m = float((ankle.mass_center - ankle.position) @ forward)
        votes[f"foot of '{ankle.name}'"] = float(
            np.sign(ahead_m)) if abs(ahead_m) > _FOOT_M else 0.0
    total = sum(votes.values())
    if total == 0.0:
        total = float(np.sign(forward[0]) or 1.0)
        doubts.append('neither knees nor feet tell which way it faces; x of the base is taken')
    against = [name for name, vote in votes.items() if vote * total < 0.0]
    if against:
        doubts.append(f'forward is against what {" and ".join(against)} says')
    forward *= np.sign(total)
    return np.stack((forward, np.cross(up, forward), up), axis=-1)


def _aligned(direction: np.ndarray) -> np.ndarray:
    """Return a unit vector, the base's axis where one is close."""
    direction = direction / np.linalg.norm(direction)
    nearest = int(np.argmax(np.abs(direction)))
    if abs(direction[nearest]) < _ALIGNED:
        return direction
    return np.sign(direction[nearest]) * np.eye(3)[nearest]


def _knee(joints: Sequence[Joint], chain: Sequence[int], across: np.ndarray) -> int | None:
    """Return the joint that bends a leg in the middle."""
    bending = [
        number for number in chain[1:] if abs(joints[number].axis @ across) > _ACROSS]
    return _middle(joints, chain, bending)


def _knee_vote(knee: Joint, up: np.ndarray, forward: np.ndarray) -> float:
    """Return 1 where the shank bends away from `forward`, -1 where towards, 0 for not sure."""
    if knee.upper > _UNEQUAL * -knee.lower:
        turn = 1.0
    elif -knee.lower > _UNEQUAL * knee.upper:
        turn = -1.0
    else:
        return 0.0
    return -float(np.sign(np.cross(turn * knee.axis, -up) @ forward))


def _middle(
    joints: Sequence[Joint], chain: Sequence[int], candidates: Sequence[int]
) -> int | None:
    """Return the candidate that is furthest from both ends of a chain."""
    first, last = joints[chain[0]].position, joints[chain[-1]].position
    if not candidates:
        return None
    return max(candidates, key=lambda number: min(
        np.linalg.norm(joints[number].position - first),
        np.linalg.norm(joints[number].position - last)))


def _limb(
    joints: Sequence[Joint], chain: tuple[int, ...], axes: np.ndarray, kind: str
) -> Limb:
    if kind == 'leg':
        middle = _knee(joints, chain, axes[:, 1])
    else:
        first = joints[chain[0]].position
        middle = _middle(joints, chain, [
            number for number in chain[2:-1]
            if _cosine(joints[number].axis, joints[number].position - first) < _SIDE])
    if middle is None:
        raise BodyPlanError(
            f"the {kind} of joint '{joints[chain[0]].name}' has no "
            f'{"knee" if kind == "leg" else "elbow"}')
    at = chain.index(middle)
    beyond = chain[at + 1:at + 1 + _WRIST_JOINTS] or (middle,)
    return Limb(
        chain, middle, beyond[-1], _meeting(joints, chain[:at]), joints[middle].position,
        _meeting(joints, beyond))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    length = float(np.linalg.norm(b))
    return abs(float(a @ b)) / length if length > 0.0 else 1.0


def _meeting(joints: Sequence[Joint], numbers: Sequence[int]) -> np.ndarray:
    """Return where the last two axes that are not parallel come closest; else the last origin."""
    last = joints[numbers[-1]]
    for number in reversed(numbers[:-1]):
        other = joints[number]
        normal = np.cross(last.axis, other.axis)
        if np.linalg.norm(normal) < 0.5:
            continue
        system = np.stack((last.axis, -other.axis, normal), axis=-1)
        along, back, _ = np.linalg.solve(system, other.position - last.position)
        return 0.5 * (last.position + along * last.axis + other.position + back * other.axis)
    return last.position


def _head(
    joints: Sequence[Joint], runs: Sequence[Run], arms: MirroredPair, axes: np.ndarray,
    limbs: dict[str, Limb],
) -> tuple[int, ...]:
    """Return the joints of the run in the middle above the shoulders."""
    center = 0.5 * (limbs['left_arm'].root_m + limbs['right_arm'].root_m)
    for number, run in enumerate(runs):
        if run.parent != arms.parent or number in arms.runs:
            continue
        from_center = joints[run.joints[-1]].position - center
        if abs(from_center @ axes[:, 1]) < _MIDDLE_M and from_center @ axes[:, 2] > 0.0:
            return run.joints
    return ()


def _compare_sides(limbs: dict[str, Limb], doubts: list[str]) -> None:
    for kind in ('leg', 'arm'):
        for which, name in enumerate(('upper', 'lower')):
            left, right = (limbs[f'{side}_{kind}'].lengths_m[which] for side in ('left', 'right'))
            if abs(left - right) > _ASYMMETRY * max(left, right):
                doubts.append(
                    f'{name} {kind}: {100 * left:.1f} cm on the left, {100 * right:.1f} cm on '
                    'the right')


def bending_sense(joints: Sequence[Joint], limb: Limb) -> float:
    """
    Return 1 where an elbow or knee bends about its axis, -1 where against it, 0 if it cannot.

    It bends to the side of the straight limb on which its range is longer; the lower segment is
    then turned from the upper one by the right-hand rule.
    """
    middle = joints[limb.middle]
    upper, lower = (
        each - (each @ middle.axis) * middle.axis
        for each in (limb.middle_m - limb.root_m, limb.end_m - limb.middle_m))
    if min(np.linalg.norm(upper), np.linalg.norm(lower)) < 1e-6:
        return 0.0
    bent_rad = float(np.arctan2(np.cross(upper, lower) @ middle.axis, upper @ lower))
    return 1.0 if middle.upper + middle.lower + 2.0 * bent_rad > 0.0 else -1.0
