# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How well a robot's motion follows its targets, and whether it stays within its limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.retarget.retargeter import Retargeter, RobotMotion
from motion_avatar_ros.retarget.targets import LIMBS, Targets

_ROUNDING = 1e-6
_STANDS_M, _STANDS_M_S = 0.05, 0.05


@dataclass(frozen=True)
class FrameErrors:
    """
    Of F frames.

    Attributes:
        ankles_m, wrists_m: (F, 2) distances from their targets.
        limbs_rad: (F, 8) angles between the robot's upper and lower segments and the human's.
        hands_rad: (F, 2) angles between the robot's hands and theirs.
        feet_rad: (F, 2) the same of its feet.
        stands: (F, 2) whether a foot of the person stands: its toe is lower than 5 cm and moves
            less than 5 cm/s.
        slide_m_s: (F, 2) horizontal speed of the robot's soles under the toes.
        toe_m: (F, 2) their height.
        apart_m: (F,) least distance of parts beyond the margin; inf where none are kept apart.
    """

    ankles_m: np.ndarray
    wrists_m: np.ndarray
    limbs_rad: np.ndarray
    hands_rad: np.ndarray
    feet_rad: np.ndarray
    stands: np.ndarray
    slide_m_s: np.ndarray
    toe_m: np.ndarray
    apart_m: np.ndarray


class MotionJudge:
    """Judges motions of one robot, whoever made them."""

    def __init__(self, retargeter: Retargeter) -> None:
        """Find the ends of the robot's segments, its toes and its capsules."""
        import pinocchio

        robot, plan, limits = retargeter.robot, retargeter.plan, retargeter.limits

        self._pin = pinocchio
        self._robot = robot
        self._limits = limits
        self._outer = [plan.limbs[name].end + 2 for name in LIMBS]
        self._outer_neutral = np.stack([
            robot.neutral_place(joint - 2).rotation for joint in self._outer])
        self._ends = []
        for name in LIMBS:
            limb = plan.limbs[name]
            upper = limb.joints[limb.joints.index(limb.middle) - 1]
            for joint, place in (
                    (upper, limb.root_m), (limb.middle, limb.middle_m), (limb.end, limb.end_m)):
                self._ends.append((joint + 2, robot.neutral_place(joint).actInv(place)))
        self._toes = [
            (plan.limbs[name].end + 2, robot.neutral_place(plan.limbs[name].end).actInv(toe))
            for name, toe in zip(LIMBS[:2], retargeter.targets.toes_m, strict=True)]
        self._collision = retargeter.solver.collision
        self._capsules = [] if self._collision is None else [
            (capsule.joint + 2, robot.neutral_place(capsule.joint).actInv(end))
            for capsule in self._collision.capsules for end in capsule.ends]

    def errors(self, motion: RobotMotion, targets: Targets) -> FrameErrors:
        """Return the errors of each frame."""
        poses = [self._pose(motion, frame) for frame in range(len(motion.joints))]
        points, outer, toes, apart_m = (np.stack(each) for each in zip(*poses, strict=True))
        distance = np.linalg.norm(points[:, :, 2] - targets.end, axis=-1)
        ways = np.diff(points, axis=2)
        ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
        cosine = (ways * targets.directions).sum(axis=-1).reshape(len(points), -1)
        return FrameErrors(
            distance[:, :2], distance[:, 2:], np.arccos(np.clip(cosine, -1.0, 1.0)),
            geodesic_angle(outer[:, 2:], targets.hand_turn @ self._outer_neutral[2:]),
            geodesic_angle(outer[:, :2], targets.foot_turn @ self._outer_neutral[:2]),
            _stands(targets.person_toe, motion.rate_hz),
            _speeds(toes[..., :2], motion.rate_hz), toes[..., 2], apart_m)

    def frames_beyond(self, motion: RobotMotion) -> dict[str, int]:
        """Return how many frames break each kind of limit, in any joint."""
        limits, rate_hz = self._limits, motion.rate_hz
        speeds = np.diff(motion.joints, axis=0) * rate_hz
        rises = np.diff(speeds, axis=0) * rate_hz
        beyond = {
            'position': (motion.joints < limits.lower - _ROUNDING) | (
                motion.joints > limits.upper + _ROUNDING),
            'velocity': np.abs(speeds) > limits.velocity + _ROUNDING * rate_hz,
            'acceleration': np.abs(rises) > limits.acceleration + _ROUNDING * rate_hz ** 2,
        }
        return {name: int(frames.any(axis=1).sum()) for name, frames in beyond.items()}

    def _pose(
        self, motion: RobotMotion, frame: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """
        Return a frame's pose.

        Returns:
            Root, middle and end (4, 3, 3) [m] of each limb, rotations (4, 3, 3) of its end, both
            toes (2, 3) [m], and the least distance [m] of parts beyond the margin.
        """
        data = self._robot.data
        quaternion = self._pin.Quaternion(np.asarray(motion.base_rotation[frame])).coeffs()
        self._pin.forwardKinematics(self._robot.model, data, np.concatenate(
            (motion.base_position[frame], quaternion, motion.joints[frame])))

        def placed(places: list[tuple[int, np.ndarray]]) -> np.ndarray:
            return np.array([data.oMi[joint].act(place) for joint, place in places])

        apart_m = np.inf
        if self._collision is not None:
            ends = placed(self._capsules).reshape(-1, 2, 3)
            apart_m = self._collision.nearness(ends).room_m.min(initial=np.inf)
        return (
            placed(self._ends).reshape(len(LIMBS), 3, 3),
            np.stack([data.oMi[joint].rotation for joint in self._outer]),
            placed(self._toes), apart_m)


def _speeds(points: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return speeds (F, N) [m/s] of points (F, N, D) since the frame before; the first's is 0."""
    moved = np.diff(points, axis=0, prepend=points[:1])
    return rate_hz * np.linalg.norm(moved, axis=-1)


def _stands(toes: np.ndarray, rate_hz: float) -> np.ndarray:
    stands = (_speeds(toes, rate_hz) < _STANDS_M_S) & (toes[..., 2] < _STANDS_M)
    stands[0] = False   # nothing is known of its speed
    return stands
