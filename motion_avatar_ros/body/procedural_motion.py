# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Built-in motion: standing, walking an oval, waving, squatting, turning, being calibrated.

It needs no data, is the same on every machine, and its end joins its beginning. The upper body
follows cycles and key poses; the pelvis moves along a path; the legs are solved so that the
feet stay where they stand.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.axes import (
    ROS_FROM_SMPL, ros_global_rotations, smpl_global_rotations, smpl_local_rotations,
)
from motion_avatar_ros.body.calibration_motion import calibration_rotations
from motion_avatar_ros.body.easing import ease
from motion_avatar_ros.body.euler import rotation_about
from motion_avatar_ros.body.footsteps import FootTrack, foot_track
from motion_avatar_ros.body.gait import WALKING_PELVIS_HEIGHT_M, gait_pelvis, gait_rotations
from motion_avatar_ros.body.gestures import (
    squatting_rotations, standing_rotations, waving_rotations,
)
from motion_avatar_ros.body.leg_ik import LEGS
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.motion_script import (
    MOTION_NAMES, Plan, WALKING_SPEED_M_S, plan_script,
)
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, matrix_from_axis_angle, slerp, transpose
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError

#: Where a foot stands relative to the pelvis: ankle ahead (negative: behind) and outwards [m].
_STANDING_ANKLE_M = np.array([-0.075, 0.085])
_STEPPING_ANKLE_M = np.array([-0.1, 0.045])
_STANDING_PELVIS_HEIGHT_M = 0.928
_SQUATTING_PELVIS_HEIGHT_M = 0.56
_SQUAT_PITCH_RAD, _SQUAT_BACK_M = np.radians(8.0), 0.05
_SQUAT_KNEES_OUT_RAD = np.radians(14.0)
_TURNING_GAIT = 0.3  # how much of the walk's swaying stepping on the spot has
_LEAN, _GRAVITY_M_S2 = 0.6, 9.81  # part of the full lean into a bend that people take
_LOOK_AHEAD_S = 0.3
_REACH_SIGMA_S = 0.05

#: Part of a heading difference that each joint takes on when looking into a bend.
_LOOK_SHARES = {'spine3': 0.2, 'neck': 0.4, 'head': 0.4}
#: Standing still is not motionless: joint or 'pelvis', axis, amplitude [deg or m], cycles/loop
#: per 10 s (made whole).
_SWAYS_DEG = (('spine2', 'y', 0.7, 2.5), ('spine1', 'x', 0.5, 1.1), ('neck', 'z', 3.0, 0.8),
              ('head', 'y', 2.2, 1.4))
_PELVIS_SWAY_M = ((0, 0.004, 1.3), (1, 0.009, 0.9))


class UnknownMotionError(MotionAvatarError):
    """A name that is no built-in motion."""

    def __init__(self, name: str):
        super().__init__(f"no built-in motion '{name}'; known: {', '.join(MOTION_NAMES)}")


def builtin_motion(name: str = 'mix', rate_hz: float = 60.0) -> Motion:
    """
    Make one loop of a built-in motion: the frame after the last is the first.

    Args:
        name: walk, wave, squat, turn, mix for all of them one after the other, or calibration
            for what the calibration's guide asks of an operator.
        rate_hz: frames per second, rounded so that a loop has a whole number of frames.

    Raises:
        UnknownMotionError: there is no such motion.
    """
    if name not in MOTION_NAMES:
        raise UnknownMotionError(name)
    plan = plan_script(name)
    frames = max(2, round(plan.duration_s * rate_hz))
    times_s = np.arange(frames) * (plan.duration_s / frames)

    rotations = _upper_body(plan, times_s)
    feet = [foot_track(times_s, side, list(plan.steps), plan.path, _STANDING_ANKLE_M,
                       _STEPPING_ANKLE_M) for side in (0, 1)]
    position, rotations[:, 0] = _pelvis(plan, times_s, feet)
    _solve_legs(plan, times_s, position, rotations, feet)
    return Motion(BodyPose(smpl_local_rotations(rotations), position), rate_hz)


def _gait_weight(plan: Plan, times_s: np.ndarray) -> np.ndarray:
    speed = np.linalg.norm(plan.path.rate_at(times_s)[:, :2], axis=-1)
    turning = sum(s.weight(times_s, 0.6, 0.6) for s in plan.of('turn'))
    return speed / WALKING_SPEED_M_S + _TURNING_GAIT * turning


def _upper_body(plan: Plan, times_s: np.ndarray) -> np.ndarray:
    """Return local rotations (T, 22, 3, 3) in ROS axes, legs and pelvis still at rest."""
    rotations = np.tile(np.eye(3), (len(times_s), JOINT_COUNT, 1, 1))
    for joint, standing in standing_rotations().items():
        rotations[:, joint] = standing
    _blend(rotations, gait_rotations(plan.stride_phase(times_s)), _gait_weight(plan, times_s))
    for stretch in plan.of('wave'):
        _blend(rotations, waving_rotations(times_s - stretch.start_s),
               stretch.weight(times_s, 1.0, 1.0))
    for stretch in plan.of('squat'):
        _blend(rotations, squatting_rotations(), stretch.weight(times_s, 1.4, 1.4))
    for stretch in plan.of('calibration'):
        _blend(rotations, calibration_rotations(
            times_s - stretch.start_s, standing_rotations()), stretch.weight(times_s, 0.3, 0.3))
    ahead = plan.path.at(times_s + _LOOK_AHEAD_S)[:, 2] - plan.path.at(times_s)[:, 2]
    for name, share in _LOOK_SHARES.items():
        joint = JOINT_INDEX[name]
        rotations[:, joint] = rotation_about('z', share * ahead) @ rotations[:, joint]
    for name, axis, degrees, frequency in _SWAYS_DEG:
        sway = np.radians(degrees) * _periodic(plan, times_s, frequency)
        rotations[:, JOINT_INDEX[name]] = (
            rotation_about(axis, sway) @ rotations[:, JOINT_INDEX[name]])
    return rotations


def _blend(rotations: np.ndarray, targets: dict[int, np.ndarray], weight: np.ndarray) -> None:
    for joint, target in targets.items():
        rotations[:, joint] = slerp(
            rotations[:, joint], np.broadcast_to(target, rotations[:, joint].shape), weight)


def _periodic(plan: Plan, times_s: np.ndarray, per_10_s: float) -> np.ndarray:
    cycles = max(1, round(per_10_s * plan.duration_s / 10.0))
    return np.sin(2.0 * np.pi * cycles * times_s / plan.duration_s)


def _pelvis(
    plan: Plan, times_s: np.ndarray, feet: list[FootTrack]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pelvis' position (T, 3) [m] and rotation (T, 3, 3), ROS axes, in the world."""
    gait = _gait_weight(plan, times_s)
    angles, offset = gait_pelvis(plan.stride_phase(times_s))
    angles, offset = gait[:, None] * angles, gait[:, None] * offset
    squat = sum(s.weight(times_s, 1.4, 1.4) for s in plan.of('squat')) + np.zeros(len(times_s))

    velocity = plan.path.rate_at(times_s)
    speed = np.linalg.norm(velocity[:, :2], axis=-1)
    lean = _LEAN * np.arctan(speed * velocity[:, 2] / _GRAVITY_M_S2)
    height = _STANDING_PELVIS_HEIGHT_M + ease(2.0 * gait) * (
        WALKING_PELVIS_HEIGHT_M - _STANDING_PELVIS_HEIGHT_M)
    height += squat * (_SQUATTING_PELVIS_HEIGHT_M - height)
    offset[:, 0] -= squat * _SQUAT_BACK_M
    offset[:, 1] += height * np.sin(lean)
    offset[:, 2] += height
    for axis, amplitude_m, frequency in _PELVIS_SWAY_M:
        offset[:, axis] += amplitude_m * _periodic(plan, times_s, frequency)

    ground = plan.path.at(times_s)
    rotation = (
        rotation_about('z', ground[:, 2] + angles[:, 2])
        @ rotation_about('y', angles[:, 1] + squat * _SQUAT_PITCH_RAD)
        @ rotation_about('x', angles[:, 0] - lean))
    position = ground * [1.0, 1.0, 0.0] + apply(rotation_about('z', ground[:, 2]), offset)
    position[:, 2] = _within_reach(position, rotation, feet, times_s[1])
    return position, rotation


def _within_reach(
    position: np.ndarray, rotation: np.ndarray, feet: list[FootTrack], frame_s: float
) -> np.ndarray:
    """Return heights (T) [m], lowered softly around instants when a leg would be too short."""
    missing = np.zeros(len(position))
    for leg, foot, name in zip(LEGS, feet, ('left_hip', 'right_hip')):
        hip = position + apply(rotation, ROS_FROM_SMPL @ REST_OFFSETS_M[JOINT_INDEX[name]])
        aside = np.linalg.norm((hip - foot.ankle)[:, :2], axis=-1)
        highest = foot.ankle[:, 2] + np.sqrt(np.maximum(leg.reach_m**2 - aside**2, 0.0))
        missing = np.maximum(missing, hip[:, 2] - highest)
    # Widened by as much as the kernel is wide, the smoothed lowering nowhere falls short.
    reach = round(3.0 * _REACH_SIGMA_S / frame_s)
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets * frame_s / _REACH_SIGMA_S) ** 2)
    widened = np.max([np.roll(missing, offset) for offset in offsets], axis=0)
    lowering = sum(weight * np.roll(widened, offset) for weight, offset in zip(kernel, offsets))
    return position[:, 2] - lowering / kernel.sum()


def _solve_legs(
    plan: Plan, times_s: np.ndarray, position: np.ndarray, rotations: np.ndarray,
    feet: list[FootTrack],
) -> None:
    """Fill in hips, knees, ankles and toes, local and in ROS axes."""
    squat = sum(s.weight(times_s, 1.4, 1.4) for s in plan.of('squat')) + np.zeros(len(times_s))
    pelvis = smpl_global_rotations(rotations[:, 0])
    body_yaw = np.unwrap(np.arctan2(rotations[:, 0, 1, 0], rotations[:, 0, 0, 0]))
    for side, (leg, foot, name) in enumerate(zip(LEGS, feet, ('left', 'right'))):
        hip = position + apply(pelvis, REST_OFFSETS_M[JOINT_INDEX[f'{name}_hip']])
        outwards = 1.0 - 2.0 * side
        knee_yaw = 0.5 * (body_yaw + foot.yaw_rad) + outwards * squat * _SQUAT_KNEES_OUT_RAD
        hinge = rotation_about('z', knee_yaw)[..., 1]
        thigh, shin = leg.bend(hip, foot.ankle, hinge)
        chain = [rotations[:, 0], ros_global_rotations(thigh), ros_global_rotations(shin),
                 foot.rotation]
        for joint, parent, child in zip(('hip', 'knee', 'ankle'), chain[:-1], chain[1:]):
            rotations[:, JOINT_INDEX[f'{name}_{joint}']] = transpose(parent) @ child
        rotations[:, JOINT_INDEX[f'{name}_foot']] = matrix_from_axis_angle(
            -foot.toe_bend_rad[:, None] * np.array([0.0, 1.0, 0.0]))


__all__ = ['MOTION_NAMES', 'UnknownMotionError', 'builtin_motion']
