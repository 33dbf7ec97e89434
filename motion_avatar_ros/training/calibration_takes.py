# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Calibration takes of recorded motion: people whose size and devices are known, since planted.

Each step is a stretch of a real clip in which somebody does, unasked, what the step asks for,
by subjects that the solver's prior has not seen. Nobody in the data does all four, so a take
joins stretches of several clips, each whole, from head to wrists, and half of the takes are
mirrored. Hands are brought to a common zero (see `calibration_frames`).

Takes are of two kinds. *As asked*: what is held is held as the operator is told to, within a
given scatter (`calibration_as_asked`). *As recorded*: T-poses are those that people go through
on their way, with hands within 20 degrees of what is asked for, played slowly, to and fro, to
make a hold of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import logging
from pathlib import Path

import numpy as np

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    apply, axis_angle_from_matrix, geodesic_angle, matrix_from_axis_angle, rotation_about_z,
    transpose,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, MIRRORED_JOINT, REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, CalibrationTake, MODEL_HEIGHT_M, TakeStep,
)
from motion_avatar_ros.trackers.calibration_prior import UPPER_BODY, load_priors
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS
from motion_avatar_ros.training.calibration_as_asked import holds_as_asked
from motion_avatar_ros.training.calibration_frames import StandingFrames, hand_zero, look_at
from motion_avatar_ros.training.calibration_instruction import asked_hands
from motion_avatar_ros.training.calibration_prior_bake import TAKE_SUBJECTS
from motion_avatar_ros.training.clips import TABLE_SETS, find_clips

RATE_HZ = 30.0

_LONGEST_S = {'t_pose': 1.0, 'arms_down': 1.5, 'head': 4.0, 'arm_circles': 6.0}
_HOLD_FRAMES = 45
_PALM_DOWN_RAD = np.radians(20.0)
_ARMS = [JOINT_INDEX[f'{side}_{name}']
         for side in ('left', 'right') for name in ('elbow', 'wrist')]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlantedOperator:
    """
    A person whose calibration is known.

    Attributes:
        height_m: stature.
        arm_scale: length of the arms relative to a body of that height.
        floor_m: height of the floor in the fixed frame.
        positions_m: (N, 3) of the joints in their devices' frames [m], SMPL body axes.
        turns: (N, 3, 3) rotations of the joints in their devices' frames, SMPL body axes.
    """

    height_m: float
    arm_scale: float
    floor_m: float
    positions_m: np.ndarray
    turns: np.ndarray

    @property
    def scale(self) -> float:
        """Size relative to the model's body."""
        return self.height_m / MODEL_HEIGHT_M

    @property
    def offsets_m(self) -> np.ndarray:
        """Bone offsets (22, 3) [m], SMPL axes."""
        offsets = REST_OFFSETS_M * self.scale
        offsets[_ARMS] *= self.arm_scale
        return offsets

    def poses(self, poses: BodyPose) -> BodyPose:
        """Return poses of the model's body as this person's."""
        return BodyPose(
            poses.local_rotations,
            poses.root_position * self.scale + np.array([0.0, 0.0, self.floor_m]))

    def devices(
        self, poses: BodyPose, tracker_names: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (T, N, 3, 3) and positions (T, N, 3) [m] of what the person wears."""
        own = self.poses(poses)
        joints = [TRACKER_JOINTS[name] for name in tracker_names]
        rotations, positions = forward_kinematics(
            own.local_rotations, own.root_position, self.offsets_m)
        rotations = rotations[:, joints] @ transpose(self.turns)
        return rotations, positions[:, joints] - apply(rotations, self.positions_m)


def unplanted_operator(trackers: int) -> PlantedOperator:
    """Return the model's body with its devices at the joints."""
    return PlantedOperator(
        MODEL_HEIGHT_M, 1.0, 0.0, np.zeros((trackers, 3)), np.tile(np.eye(3), (trackers, 1, 1)))


def planted_operator(rng: np.random.Generator, trackers: int) -> PlantedOperator:
    """Draw a person of 1.5 to 2 m; offsets up to 10 cm and 30 degrees, in any direction."""
    def vectors(longest: float) -> np.ndarray:
        directions = rng.normal(size=(trackers, 3))
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        return directions * rng.uniform(0.0, longest, (trackers, 1))
    return PlantedOperator(
        float(rng.uniform(1.5, 2.0)), 1.0, 0.0, vectors(0.1),
        matrix_from_axis_angle(vectors(np.radians(30.0))))


class TakeMaterial:
    """The stretches of a data folder's clips that takes are made of."""

    def __init__(self, stretches: Mapping[str, Sequence[tuple[str, Motion]]]) -> None:
        """Take stretches by step, each with the name of its subject, at RATE_HZ."""
        for step in CALIBRATION_STEPS:
            if not stretches[step]:
                raise MotionAvatarError(f"nobody in the data does what step '{step}' asks for")
        self.stretches = stretches

    @classmethod
    def of_folder(cls, data: Path) -> TakeMaterial:
        """Search the validation and test splits and the subjects kept out of the prior."""
        by_subject: dict[str, list[Motion]] = defaultdict(list)
        for split in ('train', 'val', 'test'):
            for path in find_clips(data, split, TABLE_SETS):
                if split != 'train' or path.parent.name in TAKE_SUBJECTS:
                    by_subject[path.parent.name].append(load_motion(path).resampled(RATE_HZ))
        stretches: dict[str, list[tuple[str, Motion]]] = {step: [] for step in CALIBRATION_STEPS}
        for subject, motions in by_subject.items():
            zero = hand_zero(motions)
            for motion in map(zero.applied, motions):
                for step, cut in _stretches(motion).items():
                    stretches[step].extend((subject, stretch) for stretch in cut)
        for step, found in stretches.items():
            _log.info('%s: %d stretches', step, len(found))
        return cls(stretches)

    def steps(
        self, rng: np.random.Generator, strays_rad: float | None = None
    ) -> dict[str, BodyPose]:
        """
        Draw a stretch for each step, of one subject where there is one.

        Args:
            rng: decides.
            strays_rad: how far holds stray from what is asked for, a standard deviation per
                axis; None: as recorded.
        """
        held = 't_pose' if strays_rad is None else 'arms_down'
        subjects = sorted({subject for subject, _ in self.stretches[held]})
        wanted = subjects[rng.integers(len(subjects))]
        chosen = {}
        for step in CALIBRATION_STEPS:
            found = self.stretches[step]
            own = [item for item in found if item[0] == wanted] or found
            chosen[step] = self._cut(step, own[int(rng.integers(len(own)))][1], rng)
        if strays_rad is not None:
            chosen = holds_as_asked(chosen, rng, strays_rad)
        if rng.random() < 0.5:
            chosen = {step: mirrored(poses) for step, poses in chosen.items()}
        return chosen

    def _cut(self, step: str, motion: Motion, rng: np.random.Generator) -> BodyPose:
        longest = round(_LONGEST_S[step] * RATE_HZ)
        start = int(rng.integers(max(1, len(motion) - longest + 1)))
        if step == 'head':
            start = _liveliest(motion.poses, longest)
        poses = motion.poses[start:start + longest]
        return _to_and_fro(poses, rng) if step == 't_pose' else poses


def planted_take(
    steps: Mapping[str, BodyPose], operator: PlantedOperator, tracker_names: Sequence[str]
) -> CalibrationTake:
    """Let a planted operator do what the poses of each step show."""
    return CalibrationTake(tuple(tracker_names), RATE_HZ, {
        step: TakeStep(*operator.devices(poses, tracker_names)) for step, poses in steps.items()})


def _stretches(motion: Motion) -> dict[str, list[Motion]]:
    """Return the stretches of a clip that do what a step asks for, by step."""
    frames = look_at(motion)
    head = matrix_from_axis_angle(frames.head_turn_rad)
    turning_rad_s = RATE_HZ * np.concatenate(([0.0], geodesic_angle(head[:-1], head[1:])))
    is_still = (frames.speed_m_s < 0.25) & (turning_rad_s < 0.35)
    is_straight = frames.is_standing & frames.is_straight.all(axis=1)
    found = {
        't_pose': _runs(
            frames.is_level.all(axis=1) & frames.is_looking_ahead & _is_palm_down(motion), 4),
        'arms_down': _runs(frames.is_hanging & frames.is_looking_ahead & is_still, 20),
        'head': [run for run in _runs(frames.is_hanging & (frames.speed_m_s < 0.6), 30)
                 if _turns_head(frames, run)],
        'arm_circles': [run for run in _runs(is_straight, 40) if _swings_arms(frames, run)],
    }
    return {
        step: [Motion(motion.poses[run], motion.rate_hz) for run in runs]
        for step, runs in found.items()}


def mirrored(poses: BodyPose) -> BodyPose:
    """Exchange left and right, in a world mirrored in x."""
    reflect = np.array([-1.0, 1.0, 1.0])
    swapped = poses.local_rotations[:, list(MIRRORED_JOINT)]
    return BodyPose(
        swapped * reflect[:, None] * reflect, poses.root_position * reflect)


def _is_palm_down(motion: Motion) -> np.ndarray:
    """Return in which frames (T,) both hands are turned nearly as in the T-pose asked for."""
    rotations, positions = motion.poses.global_joints()
    left, right = (positions[:, JOINT_INDEX[f'{side}_shoulder']] for side in ('left', 'right'))
    across = left - right
    heading = rotation_about_z(np.arctan2(across[:, 1], across[:, 0]) - np.pi / 2.0)
    prior = load_priors()['t_pose'].rotations
    hands = asked_hands(*(
        prior[UPPER_BODY.index(JOINT_INDEX[f'left_{name}'])] for name in ('elbow', 'wrist')))
    is_near = np.ones(len(motion), dtype=bool)
    for side, hand in hands.items():
        turned = rotations[:, JOINT_INDEX[f'{side}_wrist']]
        is_near &= geodesic_angle(heading @ hand, turned) < _PALM_DOWN_RAD
    return is_near


def _turns_head(frames: StandingFrames, run: slice) -> bool:
    turned = np.degrees(np.ptp(frames.head_turn_rad[run], axis=0))
    return bool(turned[0] > 15.0 or turned[1] > 30.0)


def _swings_arms(frames: StandingFrames, run: slice) -> bool:
    swung = np.degrees(np.ptp(frames.elevation_rad[run], axis=0))
    return bool(swung.min() > 60.0)


def _liveliest(poses: BodyPose, frames: int) -> int:
    """Return the start of the part of a stretch in which the head turns most."""
    heads = axis_angle_from_matrix(
        poses.local_rotations[0, HEAD].T @ poses.local_rotations[:, HEAD])
    starts = range(max(1, len(heads) - frames + 1))
    return max(starts, key=lambda start: np.ptp(heads[start:start + frames], axis=0).sum())


def _runs(is_so: np.ndarray, fewest: int) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_so.astype(int), [0]))))
    return [slice(int(start), int(stop))
            for start, stop in zip(edges[::2], edges[1::2], strict=True)
            if stop - start >= fewest]


def _to_and_fro(poses: BodyPose, rng: np.random.Generator) -> BodyPose:
    """Return three frames about a random one, to and fro at a tenth of their speed."""
    start = int(rng.integers(len(poses.root_position) - 2))
    few = Motion(poses[start:start + 3], 1.0).resampled(10.0).poses
    turn = len(few.root_position) - 1
    return few[turn - np.abs(turn - np.arange(_HOLD_FRAMES) % (2 * turn))]
