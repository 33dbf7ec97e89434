# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Where a robot's parts shall be for a human pose, in the robot's own proportions.

Directions of bones are the human's, lengths of segments the robot's, and the pelvis is as high
as the legs' ratio asks: what position tasks ask for is what orientation tasks ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.limb_ik import shortest_arc
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.retarget.body_plan import BodyPlan

_CHAINS = {
    'left_leg': ('left_hip', 'left_knee', 'left_ankle'),
    'right_leg': ('right_hip', 'right_knee', 'right_ankle'),
    'left_arm': ('left_shoulder', 'left_elbow', 'left_wrist'),
    'right_arm': ('right_shoulder', 'right_elbow', 'right_wrist'),
}
#: The order in which targets have limbs: legs first, the left one of a pair first.
LIMBS = tuple(_CHAINS)
_PELVIS, _CHEST = JOINT_INDEX['pelvis'], JOINT_INDEX['spine3']
_WRISTS = JOINT_INDEX['left_wrist'], JOINT_INDEX['right_wrist']
_HUMAN_SOLE_M = 0.0758  # under the ankle, of the built-in mesh at rest
_ANKLES = JOINT_INDEX['left_ankle'], JOINT_INDEX['right_ankle']


def sole_depth_m(plan: BodyPlan, vertices: Mapping[int, np.ndarray]) -> float | None:
    """
    Return how far soles are under ankles [m], the mean of both; None where nothing is known.

    Args:
        plan: of the robot.
        vertices: (V, 3) [m] on the links of joints by number, see `neutral_vertices`.
    """
    up = plan.axes[:, 2]
    depths = []
    for name in LIMBS[:2]:
        limb = plan.limbs[name]
        feet = [vertices[number] for number in limb.joints[limb.joints.index(limb.end):]
                if number in vertices]
        if feet:
            depths.append(float(limb.end_m @ up - (np.concatenate(feet) @ up).min()))
    if not depths or min(depths) <= 0.0:
        return None
    return sum(depths) / len(depths)


@dataclass(frozen=True)
class Targets:
    """
    What F frames ask for, in the world.

    Attributes:
        base_rotation: (F, 3, 3) of the base link.
        base_position: (F, 3) [m].
        chest_turn: (F, 3, 3) how the chest is turned from where it is in the neutral pose of a
            base that is not turned.
        middle: (F, 4, 3) [m] of knees and elbows, in the order of LIMBS.
        end: (F, 4, 3) [m] of ankles and wrists.
        foot_turn: (F, 2, 3, 3) of the feet, left and right, as `chest_turn`.
        hand_turn: (F, 2, 3, 3) of the hands, as `chest_turn`.
        directions: (F, 4, 2, 3) unit vectors of the human's upper and lower segments.
    """

    base_rotation: np.ndarray
    base_position: np.ndarray
    chest_turn: np.ndarray
    middle: np.ndarray
    end: np.ndarray
    foot_turn: np.ndarray
    hand_turn: np.ndarray
    directions: np.ndarray


class TargetBuilder:
    """Builds the targets of one robot."""

    def __init__(
        self, plan: BodyPlan, waist_m: np.ndarray, sole_m: float | None = None
    ) -> None:
        """
        Measure the robot.

        Args:
            plan: of the robot.
            waist_m: (3,) [m] about which the trunk turns, in the base's axes.
            sole_m: how far its soles are under its ankles; None as a human's.
        """
        self._plan = plan
        self._waist_m = waist_m
        self._roots = np.stack([plan.limbs[name].root_m for name in LIMBS])
        self._lengths = np.array([plan.limbs[name].lengths_m for name in LIMBS])
        chains = np.array([[JOINT_INDEX[joint] for joint in _CHAINS[name]] for name in LIMBS])
        self._bones = chains
        self._sole_m = sole_m
        self._hand_neutral = np.stack([
            _hand_of_a_person(plan, name, across) for name, across in (
                ('left_arm', 1.0), ('right_arm', -1.0))])
        self.measure_person(REST_OFFSETS_M)

    def measure_person(self, offsets_m: np.ndarray) -> None:
        """Take the offsets (22, 3) [m] of the joints of who is followed, SMPL axes."""
        legs_m = np.linalg.norm(offsets_m[self._bones[:2, 1:]], axis=-1).sum(1)
        #: The robot's legs over the person's.
        self.scale = float(self._lengths[:2].sum() / legs_m.sum())
        # Hips of robots sit lower or higher under the base than a human's under the pelvis.
        hips_m = offsets_m[self._bones[:2, 0], 1].mean()
        up = self._plan.axes[:, 2]
        self._lift_m = self.scale * hips_m - float((self._roots[:2] @ up).mean())
        if self._sole_m is not None:  # else feet would float or sink
            rest_legs_m = np.linalg.norm(REST_OFFSETS_M[self._bones[:2, 1:]], axis=-1).sum(1)
            person = float(legs_m.sum() / rest_legs_m.sum())
            self._lift_m += self._sole_m - self.scale * person * _HUMAN_SOLE_M

    def build(self, rotations: np.ndarray, positions: np.ndarray) -> Targets:
        """
        Build targets.

        Args:
            rotations: (F, 22, 3, 3) of the human's joints in the z-up world, SMPL body axes.
            positions: (F, 22, 3) [m].
        """
        axes = self._plan.axes
        # A turn of the body's axes as they are in the world is one of the base's.
        to_base = ROS_FROM_SMPL.T @ axes.T
        turns = rotations @ to_base
        base_rotation = turns[:, _PELVIS]
        base = self.scale * positions[:, _PELVIS]
        base[:, 2] += self._lift_m
        bones = positions[:, self._bones]
        segments = np.diff(bones, axis=2)
        directions = segments / np.linalg.norm(segments, axis=-1, keepdims=True)
        hips = base[:, None] + self._roots[:2] @ base_rotation.swapaxes(-1, -2)
        waist = base + self._waist_m @ base_rotation.swapaxes(-1, -2)
        chest = turns[:, _CHEST]
        shoulders = waist[:, None] + (self._roots[2:] - self._waist_m) @ chest.swapaxes(-1, -2)
        middle = np.concatenate((hips, shoulders), axis=1) + (
            self._lengths[:, :1] * directions[:, :, 0])
        end = middle + self._lengths[:, 1:] * directions[:, :, 1]
        hands = rotations[:, _WRISTS] @ self._hand_neutral.swapaxes(-1, -2) @ to_base
        return Targets(
            base_rotation, base, chest, middle, end, turns[:, _ANKLES], hands, directions)


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
