# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Where a robot's parts shall be for a human pose, in the robot's own proportions.

Measures robot and person; the targets themselves are built by `kernel/targets.c`.
"""

from __future__ import annotations

from collections.abc import Mapping
import ctypes
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.limb_ik import shortest_arc
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.retarget.body_plan import BodyPlan
from motion_avatar_ros.retarget.kernel_library import TARGET, Proportions, address, kernel

_CHAINS = {
    'left_leg': ('left_hip', 'left_knee', 'left_ankle'),
    'right_leg': ('right_hip', 'right_knee', 'right_ankle'),
    'left_arm': ('left_shoulder', 'left_elbow', 'left_wrist'),
    'right_arm': ('right_shoulder', 'right_elbow', 'right_wrist'),
}
#: The order in which targets have limbs: legs first, the left one of a pair first.
LIMBS = tuple(_CHAINS)
_HUMAN_SOLE_M = 0.0758  # under the ankle, of the built-in mesh at rest
_TOE = 0.7              # of the way from ankle to the tip of a foot
_TOE_OF_SHANK = 0.3     # the same over the shank, of a foot without triangles


def sole_depth_m(plan: BodyPlan, vertices: Mapping[int, np.ndarray]) -> float | None:
    """
    Return how far soles are under ankles [m], the mean of both; None where nothing is known.

    Args:
        plan: of the robot.
        vertices: (V, 3) [m] on the links of joints by number, see `neutral_vertices`.
    """
    up = plan.axes[:, 2]
    depths = [
        float(plan.limbs[name].end_m @ up - (foot @ up).min())
        for name in LIMBS[:2] if (foot := _foot_vertices(plan, name, vertices)) is not None]
    if not depths or min(depths) <= 0.0:
        return None
    return sum(depths) / len(depths)


def toe_offsets_m(
    plan: BodyPlan, vertices: Mapping[int, np.ndarray], sole_m: float
) -> np.ndarray:
    """
    Return where the floor is under the toes (2, 3) [m], from the ankles, in the base's axes.

    Args:
        plan: of the robot.
        vertices: as in `sole_depth_m`.
        sole_m: how far soles are under ankles.
    """
    forward, up = plan.axes[:, 0], plan.axes[:, 2]
    toes = []
    for name in LIMBS[:2]:
        limb = plan.limbs[name]
        foot = _foot_vertices(plan, name, vertices)
        ahead_m = _TOE_OF_SHANK * limb.lengths_m[1] if foot is None else (
            _TOE * float(((foot - limb.end_m) @ forward).max()))
        toes.append(ahead_m * forward - sole_m * up)
    return np.stack(toes)


def _foot_vertices(
    plan: BodyPlan, leg: str, vertices: Mapping[int, np.ndarray]
) -> np.ndarray | None:
    limb = plan.limbs[leg]
    found = [vertices[number] for number in limb.joints[limb.joints.index(limb.end):]
             if number in vertices]
    return np.concatenate(found) if found else None


@dataclass(frozen=True)
class Targets:
    """
    What F frames ask for, in the world.

    Attributes:
        rows: (F,) all of it, as the kernel has it.
        base_rotation: (F, 3, 3) of the base link.
        base_position: (F, 3) [m].
        chest_turn: (F, 3, 3) how the chest is turned from where it is in the neutral pose of a
            base that is not turned.
        middle: (F, 4, 3) [m] of knees and elbows, in the order of LIMBS.
        end: (F, 4, 3) [m] of ankles and wrists.
        foot_turn: (F, 2, 3, 3) of the feet, left and right, as `chest_turn`.
        hand_turn: (F, 2, 3, 3) of the hands, as `chest_turn`.
        directions: (F, 4, 2, 3) unit vectors of the human's upper and lower segments.
        toe: (F, 2, 3) [m] of the soles under the toes.
        person_toe: (F, 2, 3) [m] of the person's own.
    """

    rows: np.ndarray
    base_rotation: np.ndarray
    base_position: np.ndarray
    chest_turn: np.ndarray
    middle: np.ndarray
    end: np.ndarray
    foot_turn: np.ndarray
    hand_turn: np.ndarray
    directions: np.ndarray
    toe: np.ndarray
    person_toe: np.ndarray


class TargetBuilder:
    """Builds the targets of one robot."""

    def __init__(
        self, plan: BodyPlan, waist_m: np.ndarray, vertices: Mapping[int, np.ndarray],
        is_base_fixed: bool = False,
    ) -> None:
        """
        Measure the robot.

        Args:
            plan: of the robot.
            waist_m: (3,) [m] about which the trunk turns, in the base's axes.
            vertices: of its feet, as in `sole_depth_m`; without them they are as a human's.
            is_base_fixed: the base stands upright at the world's origin, and the person is
                followed as if they faced along x there.
        """
        limbs = [plan.limbs[name] for name in LIMBS]
        self._roots = np.stack([limb.root_m for limb in limbs])
        self._lengths = np.array([limb.lengths_m for limb in limbs])
        self._up = plan.axes[:, 2]
        self._bones = np.array([[JOINT_INDEX[joint] for joint in _CHAINS[name]] for name in LIMBS])
        self._sole_m = sole_depth_m(plan, vertices)
        shanks_m = self._lengths[:2].sum() / np.linalg.norm(
            REST_OFFSETS_M[self._bones[:2, 1:]], axis=-1).sum()
        depth_m = float(shanks_m) * _HUMAN_SOLE_M if self._sole_m is None else self._sole_m
        toes_m = toe_offsets_m(plan, vertices, depth_m)
        #: (2, 3) [m] the floor under the toes in the neutral pose, in the base's axes.
        self.toes_m = np.stack([limb.end_m for limb in limbs[:2]]) + toes_m
        standing_m = depth_m + float(self._lengths[:2].sum(axis=1).mean()) - float(
            (self._roots[:2] @ self._up).mean())
        hands = [_hand_of_a_person(plan, name, across) for name, across in (
            ('left_arm', 1.0), ('right_arm', -1.0))]
        to_base = ROS_FROM_SMPL.T @ plan.axes.T
        hands = [to_base @ plan.limbs[name].end_turn @ to_base.T @ hand
                 for name, hand in zip(LIMBS[2:], hands, strict=True)]
        self._proportions = Proportions(
            fixed_height=standing_m if is_base_fixed else -1.0)
        for name, values in (
                ('axes', plan.axes), ('waist', waist_m), ('root', self._roots),
                ('length', self._lengths), ('toe', toes_m), ('hand_neutral', np.stack(hands))):
            _fill(self._proportions, name, values)
        self._pointer = ctypes.addressof(self._proportions)
        self._build = kernel().build_targets
        self._row = np.zeros(1, TARGET)
        self._local, self._root = np.zeros((22, 3, 3)), np.zeros(3)
        self._one = address(self._local), address(self._root), 1, address(self._row)
        self.measure_person(REST_OFFSETS_M)

    def measure_person(self, offsets_m: np.ndarray) -> None:
        """Take the offsets (22, 3) [m] of the joints of who is followed, SMPL axes."""
        legs_m = np.linalg.norm(offsets_m[self._bones[:2, 1:]], axis=-1).sum(1)
        #: The robot's legs over the person's.
        self.scale = float(self._lengths[:2].sum() / legs_m.sum())
        # Hips of robots sit lower or higher under the base than a human's under the pelvis.
        hips_m = offsets_m[self._bones[:2, 0], 1].mean()
        lift_m = self.scale * hips_m - float((self._roots[:2] @ self._up).mean())
        if self._sole_m is not None:  # else feet would float or sink
            rest_legs_m = np.linalg.norm(REST_OFFSETS_M[self._bones[:2, 1:]], axis=-1).sum(1)
            person = float(legs_m.sum() / rest_legs_m.sum())
            lift_m += self._sole_m - self.scale * person * _HUMAN_SOLE_M
        self._proportions.scale, self._proportions.lift = self.scale, lift_m
        _fill(self._proportions, 'person_offset', offsets_m)

    def build(self, poses: BodyPose) -> Targets:
        """Build the targets of F poses."""
        local = np.ascontiguousarray(poses.local_rotations, dtype=float)
        root = np.ascontiguousarray(poses.root_position, dtype=float)
        rows = np.zeros(len(local), TARGET)
        self._build(self._pointer, address(local), address(root), len(local), address(rows))
        return _targets(rows)

    @property
    def last(self) -> Targets:
        """Those of the pose that was built by itself last, as F = 1."""
        return _targets(self._row)

    def build_one(self, pose: BodyPose) -> int:
        """Build those of one pose; return where the row is, until the next is built."""
        self._local[:] = pose.local_rotations
        self._root[:] = pose.root_position
        self._build(self._pointer, *self._one)
        return self._one[-1]


def _targets(rows: np.ndarray) -> Targets:
    assert TARGET.names is not None
    return Targets(rows, **{name: rows[name] for name in TARGET.names})


def _fill(structure: ctypes.Structure, name: str, values: np.ndarray) -> None:
    np.ctypeslib.as_array(getattr(structure, name))[:] = np.ravel(values)


def _hand_of_a_person(plan: BodyPlan, arm: str, across: float) -> np.ndarray:
    """
    Return the rotation (3, 3) of a person's hand whose arm points as the robot's at zero.

    From a T-pose, palms down, the arm is swung there without twist: hanging arms have their
    palms inward, and bent forearms their thumbs up. That the robot's hands are so at zero is
    the best guess that its joints allow.
    """
    limb = plan.limbs[arm]
    swing, way = np.eye(3), np.array([0.0, across, 0.0])
    for start, stop in ((limb.root_m, limb.middle_m), (limb.middle_m, limb.end_m)):
        wanted = plan.axes.T @ (stop - start)
        wanted /= np.linalg.norm(wanted)
        swing = shortest_arc(swing @ way, wanted) @ swing
    return ROS_FROM_SMPL.T @ swing @ ROS_FROM_SMPL
