# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Make `trackers/data/calibration_prior.npz` from the training split of a data folder.

    python -m motion_avatar_ros.training.calibration_prior_bake --data DATA

For every step the frames of the training clips that look like it are described by means and
covariances of their postures; left and right are made alike by mirroring. The subjects that
`training/calibration_takes.py` cuts its takes from are left out.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import Any

import numpy as np

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import JOINT_INDEX
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE, PosturePrior
from motion_avatar_ros.trackers.heading import heading_angles
from motion_avatar_ros.training.calibration_frames import (
    StandingFrames, hand_zero, look_at, middle_rotation,
)
from motion_avatar_ros.training.calibration_instruction import (
    HELD_JOINTS, asked_arm, conditioned,
)
from motion_avatar_ros.training.clips import TABLE_SETS, find_clips

#: Subjects of the training split that are kept out: planted operators move as they do.
TAKE_SUBJECTS = ('cmu_13', 'cmu_14', 'cmu_127')

_RATE_HZ = 15.0
_TRUNK = ('pelvis', 'spine1', 'spine2', 'spine3', 'neck', 'head')
_ARM = ('collar', 'shoulder', 'elbow', 'wrist')
_MIRROR = np.diag([-1.0, 1.0, 1.0])  # of body axes
_ACROSS = np.diag([1.0, -1.0, 1.0])  # of the world
# How far an arm held as asked is from there: collar, shoulder, elbow, wrist. Arms that pass the
# level in exercise and dance turn any way and say nothing of arms that are held.
_ASKED_STD = np.radians([3, 3, 3, 7, 8, 7, 4, 8, 3, 4, 4, 4])
# Least standard deviations, for directions that the frames show no scatter in.
_RIDGE_RAD, _RIDGE_COLLAR_RAD, _RIDGE_M = np.radians(2.0), np.radians(3.0), 0.005
_FEWEST_FRAMES = 4


@dataclass(frozen=True)
class _Statistics:
    """Mean rotations (J, 3, 3) and the covariances between and within subjects."""

    rotations: np.ndarray
    heights_m: np.ndarray
    between: np.ndarray
    within: np.ndarray


def bake(data: Path) -> dict[str, PosturePrior]:
    """Return the priors by step."""
    clips = defaultdict(list)
    for path in find_clips(data, 'train', TABLE_SETS):
        if path.parent.name not in TAKE_SUBJECTS:
            clips[path.parent.name].append(_thinned(load_motion(path)))
    arms: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    trunks: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    pelvises: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for subject, motions in clips.items():
        zero = hand_zero(motions)
        for motion in map(zero.applied, motions):
            frames = look_at(motion)
            for name, chosen in _arm_frames(frames).items():
                arms[name][subject].append(_arms(motion, chosen))
            for name, chosen in _trunk_frames(frames).items():
                rotations, pelvis = _trunks(motion, chosen)
                trunks[name][subject].append(rotations)
                pelvises[name][subject].append(pelvis)
    arm = {name: _statistics(groups) for name, groups in arms.items()}
    trunk = {name: _statistics(groups, pelvises[name]) for name, groups in trunks.items()}
    return _priors(arm, trunk)


def _thinned(motion: Motion) -> Motion:
    step = max(1, round(motion.rate_hz / _RATE_HZ))
    return Motion(motion.poses[::step], motion.rate_hz / step)


def _arm_frames(frames: StandingFrames) -> dict[str, np.ndarray]:
    is_still = frames.is_hanging & (frames.speed_m_s < 0.3)
    return {
        'hanging': np.stack((is_still, is_still), axis=1),
        'raised': frames.is_raised,
    }


def _trunk_frames(frames: StandingFrames) -> dict[str, np.ndarray]:
    return {
        'still': frames.is_hanging & frames.is_looking_ahead & (frames.speed_m_s < 0.3),
        'raised': frames.is_raised.any(axis=1),
        'standing': frames.is_standing,
    }


def _arms(motion: Motion, chosen: np.ndarray) -> np.ndarray:
    """Return chosen arms (K, 4, 3, 3), right ones mirrored."""
    found = []
    for slot, side in enumerate(('left', 'right')):
        joints = [JOINT_INDEX[f'{side}_{name}'] for name in _ARM]
        rotations = motion.poses.local_rotations[chosen[:, slot]][:, joints]
        found.append(rotations if side == 'left' else _MIRROR @ rotations @ _MIRROR)
    return np.concatenate(found)


def _trunks(motion: Motion, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return chosen trunks (K, 6, 3, 3), heights of the pelvis (K, 1), and mirrored."""
    poses = motion.poses[chosen]
    rotations = poses.local_rotations[:, [JOINT_INDEX[name] for name in _TRUNK]].copy()
    facing = rotation_about_z(heading_angles(rotations[:, 0]))
    rotations[:, 0] = transpose(facing) @ rotations[:, 0]
    mirrored = _MIRROR @ rotations @ _MIRROR
    mirrored[:, 0] = _ACROSS @ rotations[:, 0] @ _MIRROR
    heights = poses.root_position[:, 2:]
    return np.concatenate((rotations, mirrored)), np.concatenate((heights, heights))


def _statistics(
    groups: dict[str, list[np.ndarray]], pelvises: dict[str, list[np.ndarray]] | None = None,
    cap: float = 60.0,
) -> _Statistics:
    """Describe samples by subject; none counts for more than `cap` frames."""
    names = [name for name, parts in groups.items() if sum(map(len, parts)) >= _FEWEST_FRAMES]
    rotations = [np.concatenate(groups[name]) for name in names]
    weights = [np.full(len(part), min(1.0, cap / len(part))) for part in rotations]
    everything, weight = np.concatenate(rotations), np.concatenate(weights)
    joints = everything.shape[1]
    mean = np.stack([middle_rotation(everything[:, j], weight) for j in range(joints)])
    deviations = [
        axis_angle_from_matrix(mean.swapaxes(-1, -2) @ part).reshape(len(part), -1)
        for part in rotations]
    heights_m = np.zeros(1)
    if pelvises is not None:
        extra = [np.concatenate(pelvises[name]) for name in names]
        heights_m = np.average(np.concatenate(extra), axis=0, weights=weight)
        deviations = [
            np.concatenate((np.zeros((len(more), 2)), more - heights_m, part), axis=1)
            for more, part in zip(extra, deviations, strict=True)]
    shares = np.array([part.sum() for part in weights])
    means = np.stack([part.mean(axis=0) for part in deviations])
    within = np.average(
        [np.cov(part.T, bias=True) for part in deviations], axis=0, weights=shares)
    sys.stdout.write(''.join(
        f'{name} {len(part)}  ' for name, part in zip(names, rotations, strict=True)) + '\n')
    return _Statistics(mean, heights_m, np.cov(means.T, aweights=shares, bias=True), within)


def _priors(arm: dict[str, _Statistics], trunk: dict[str, _Statistics]) -> dict[str, PosturePrior]:
    still = trunk['still']
    anybody = _sum(still.between, still.within, _ridge(21)) + _anywhere()
    nodding = _still(21) + _head_moving(trunk['standing'].within)
    moving = _still(21, 2.0) + 0.7 * trunk['standing'].within + _shifting(0.02, 6.0)
    hanging, circling = arm['hanging'], _free_shoulder(arm['raised'])
    chest = np.linalg.multi_dot(still.rotations[:4])
    hanging_between = _sum(hanging.between, hanging.within, _ridge(12))
    parts = {
        't_pose': (
            anybody, _still(21), asked_arm(chest, hanging.rotations), np.diag(_ASKED_STD ** 2),
            _still(12)),
        'arms_down': (anybody, _still(21), hanging.rotations, hanging_between, _still(12)),
        'head': (
            anybody + nodding, nodding, hanging.rotations, hanging_between, _still(12, 4.0)),
        'arm_circles': (
            anybody + moving, moving,
            circling.rotations,
            6.0 * circling.between + _ridge(12) + _shrugging(6.0),
            circling.within + _ridge(12) + _shrugging(4.0)),
    }
    return {
        step: _prior(still, *parts[step], HELD_JOINTS.get(step, ())) for step in CALIBRATION_STEPS}


def _prior(
    trunk: _Statistics, trunk_between: np.ndarray, trunk_within: np.ndarray,
    arm: np.ndarray, arm_between: np.ndarray, arm_within: np.ndarray, held: tuple[int, ...],
) -> PosturePrior:
    rotations = np.concatenate((trunk.rotations, arm, _MIRROR @ arm @ _MIRROR))
    between = _blocks(trunk_between, arm_between)
    return PosturePrior(
        float(trunk.heights_m[0]), rotations,
        conditioned(between, rotations, held) if held else between,
        _blocks(trunk_within, arm_within))


def _blocks(trunk: np.ndarray, arm: np.ndarray) -> np.ndarray:
    whole = np.zeros((POSTURE_SIZE, POSTURE_SIZE))
    whole[:21, :21], whole[21:33, 21:33] = trunk, arm
    signs = np.tile([1.0, -1.0, -1.0], 4)
    whole[33:, 33:] = arm * np.outer(signs, signs)
    return whole


def _sum(*parts: np.ndarray) -> np.ndarray:
    return np.sum(parts, axis=0)


def _ridge(size: int) -> np.ndarray:
    variances = np.full(size, _RIDGE_RAD ** 2)
    if size == 12:
        variances[:3] = _RIDGE_COLLAR_RAD ** 2
    else:
        variances[:3] = _RIDGE_M ** 2
    return np.diag(variances)


def _still(size: int, scale: float = 1.0) -> np.ndarray:
    variances = np.full(size, np.radians(1.2) ** 2)
    if size == 21:
        variances[:3] = 0.003 ** 2
        variances[3:6] = np.radians(0.6) ** 2
    return np.diag(variances) * scale ** 2


def _anywhere() -> np.ndarray:
    """Scatter of where people stand and where they face, beside a first guess."""
    return np.diag([1.0, 1.0, 0.0, 0.0, 0.3, *np.zeros(16)])


def _shifting(shift_m: float, turn_deg: float) -> np.ndarray:
    """Scatter of the pelvis of somebody who moves on the spot."""
    return np.diag([
        shift_m ** 2, shift_m ** 2, 0.0, 0.0, np.radians(turn_deg) ** 2, *np.zeros(16)])


def _shrugging(deg: float) -> np.ndarray:
    """Scatter of the collars, which the recordings hold still and people do not."""
    return np.diag([*np.full(3, np.radians(deg) ** 2), *np.zeros(9)])


def _head_moving(within: np.ndarray) -> np.ndarray:
    """Scatter of the trunk while only neck and head are moved on purpose."""
    moving = within.copy()
    moving[:6] = moving[:, :6] = 0.0
    moving *= 1.5
    moving[15:21, 15:21] += np.eye(6) * np.radians(8.0) ** 2
    return moving + _shifting(0.01, 3.0)


def _free_shoulder(raised: _Statistics) -> _Statistics:
    between, within = raised.between.copy(), raised.within.copy()
    for matrix, scatter_rad in ((between, np.radians(60.0)), (within, np.radians(150.0))):
        matrix[3:6] = matrix[:, 3:6] = 0.0
        matrix[3:6, 3:6] = np.eye(3) * scatter_rad ** 2
    return _Statistics(raised.rotations, raised.heights_m, between, within)


def save(path: Path, priors: dict[str, PosturePrior]) -> None:
    """Write the priors as single precision."""
    arrays: dict[str, Any] = {}
    for step, prior in priors.items():
        arrays[f'{step}_height_m'] = np.float32(prior.height_m)
        arrays[f'{step}_rotations'] = axis_angle_from_matrix(prior.rotations).astype(np.float32)
        arrays[f'{step}_between'] = prior.between.astype(np.float32)
        arrays[f'{step}_within'] = prior.within.astype(np.float32)
    np.savez_compressed(path, **arrays)


def main(arguments: Sequence[str] | None = None) -> int:
    """Bake and write."""
    parser = ArgumentParser(description=__doc__, prog='calibration_prior_bake')
    parser.add_argument('--data', type=Path, required=True, help='folder of AMASS-style npz')
    parser.add_argument(
        '--output', type=Path,
        default=Path(__file__).parents[1] / 'trackers' / 'data' / 'calibration_prior.npz')
    given = parser.parse_args(arguments)
    save(given.output, bake(given.data))
    return 0


if __name__ == '__main__':
    sys.exit(main())
