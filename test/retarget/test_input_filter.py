# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One-Euro filters in front of a robot."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation
from swaying_motion import swaying_motion

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.retarget.input_filter import InputFilter
from motion_avatar_ros.trackers.one_euro import OneEuroSettings

PERIOD_NS = 16_666_667
OFF = OneEuroSettings(min_cutoff_hz=0.0, rotation_min_cutoff_hz=0.0)


def trembling(frames: int) -> tuple[BodyPose, BodyPose]:
    """Return somebody who stands still, and the same with noise."""
    truth = swaying_motion(2, frames).poses[np.zeros(frames, dtype=int)]
    rng = np.random.default_rng(0)
    shake = Rotation.from_rotvec(rng.normal(0.0, 0.02, (frames * 22, 3))).as_matrix()
    return truth, BodyPose(
        truth.local_rotations @ shake.reshape(frames, 22, 3, 3),
        truth.root_position + rng.normal(0.0, 0.005, (frames, 3)))


def filtered(settings: OneEuroSettings, poses: BodyPose) -> BodyPose:
    each = InputFilter(settings)
    smooth = [each.filter(poses[k], k * PERIOD_NS) for k in range(len(poses.root_position))]
    return BodyPose(np.stack([pose.local_rotations for pose in smooth]),
                    np.stack([pose.root_position for pose in smooth]))


def test_switched_off_it_leaves_poses_as_they_are():
    _, noisy = trembling(5)
    each = InputFilter(OFF)
    assert each.filter(noisy[0], 0) is not None
    np.testing.assert_array_equal(filtered(OFF, noisy).local_rotations, noisy.local_rotations)


def test_trembling_is_smoothed_in_every_joint_and_in_place():
    truth, noisy = trembling(180)
    smooth = filtered(OneEuroSettings(), noisy)

    def trembles(poses: BodyPose) -> tuple[np.ndarray, float]:
        turns = geodesic_angle(poses.local_rotations[1:], poses.local_rotations[:-1])
        return turns.mean(axis=0), float(np.linalg.norm(
            np.diff(poses.root_position, 2, axis=0), axis=-1).mean())

    (raw_turns, raw_root), (turns, root) = trembles(noisy), trembles(smooth)
    assert (turns < 0.6 * raw_turns).all() and root < 0.6 * raw_root
    np.testing.assert_allclose(smooth.root_position, truth.root_position, atol=0.04)


def test_after_it_is_cleared_the_next_pose_passes_as_it_is():
    _, noisy = trembling(10)
    each = InputFilter(OneEuroSettings())
    each.filter(noisy[0], 0)
    each.clear()
    np.testing.assert_allclose(
        each.filter(noisy[9], PERIOD_NS).local_rotations, noisy[9].local_rotations, atol=1e-12)
