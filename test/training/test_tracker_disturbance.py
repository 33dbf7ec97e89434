# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Disturbances are as large as asked for, the same whenever a clip comes up, and none if none."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import axis_angle_from_matrix
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training.online_evaluation import TrueTrackers
from motion_avatar_ros.training.tracker_disturbance import DisturbedTrackers, TrackerDisturbance


@pytest.fixture(scope='module')
def poses():
    return builtin_motion('mix', 20.0).poses


def disturbed(poses, clip=0, **sizes):
    """Return how far the trackers are moved and turned (T, N, 3), in their own true axes."""
    rotations, positions = DisturbedTrackers(TrackerDisturbance(**sizes), TRACKER_NAMES)(
        clip, poses)
    true = TrueTrackers(TRACKER_NAMES)(clip, poses)
    to_tracker = true[0].swapaxes(-1, -2)
    return (np.einsum('tnij,tnj->tni', to_tracker, positions - true[1]),
            axis_angle_from_matrix(to_tracker @ rotations))


def test_nothing_asked_for_is_nothing_done(poses):
    assert TrackerDisturbance().is_none and TrackerDisturbance(seed=3).is_none
    moved, turned = disturbed(poses)
    assert (moved == 0.0).all() and np.abs(turned).max() < 1e-7


@pytest.mark.parametrize('size', ['noise_m', 'noise_rad', 'offset_m', 'offset_rad'])
def test_one_size_disturbs_only_what_it_is_of(poses, size):
    assert not TrackerDisturbance(**{size: 0.01}).is_none
    moved, turned = disturbed(poses, **{size: 0.01})
    is_length = size.endswith('_m')
    assert np.abs(moved).max() > 0.003 if is_length else np.abs(moved).max() == 0.0
    assert np.abs(turned).max() < 1e-7 if is_length else np.abs(turned).max() > 0.003


def test_noise_is_white_and_as_large_as_asked_for_on_every_axis(poses):
    moved, turned = disturbed(poses, noise_m=0.003, noise_rad=np.radians(1.0))
    for values, size in ((moved, 0.003), (turned, np.radians(1.0))):
        np.testing.assert_allclose(values.std(axis=0), size, rtol=0.2)
        assert np.abs(values.mean(axis=0)).max() < 5.0 * size / np.sqrt(len(values))
        follows = (values[1:] * values[:-1]).mean() / (values ** 2).mean()
        assert abs(follows) < 0.1


def test_offsets_stay_for_a_clip_and_are_as_long_as_asked_for(poses):
    moved, turned = disturbed(poses, offset_m=0.05, offset_rad=np.radians(10.0))
    for values, size in ((moved, 0.05), (turned, np.radians(10.0))):
        np.testing.assert_allclose(np.linalg.norm(values, axis=-1), size, atol=1e-7)
        np.testing.assert_allclose(values, np.broadcast_to(values[:1], values.shape), atol=1e-7)
        # Each tracker's points elsewhere.
        assert np.linalg.norm(values[0, 0] - values[0, 1]) > 0.1 * size


def test_directions_of_offsets_differ_from_clip_to_clip_without_a_preference(poses):
    one = poses[:1]
    moved = np.stack([disturbed(one, clip, offset_m=1.0)[0][0] for clip in range(100)])
    assert np.abs(moved.mean(axis=(0, 1))).max() < 0.2
    np.testing.assert_allclose((moved ** 2).mean(axis=(0, 1)), 1.0 / 3.0, atol=0.08)


def test_clip_is_disturbed_alike_whenever_it_is_asked_for(poses):
    sizes = TrackerDisturbance(0.003, 0.02, 0.05, 0.1, seed=7)
    one, other = (DisturbedTrackers(sizes, TRACKER_NAMES) for _ in range(2))
    first = one(5, poses)
    one(6, poses)
    for again in (one(5, poses), other(5, poses)):
        for mine, before in zip(again, first, strict=True):
            np.testing.assert_array_equal(mine, before)


@pytest.mark.parametrize(('clip', 'seed'), [(6, 7), (5, 8)])
def test_another_clip_or_seed_is_disturbed_otherwise(poses, clip, seed):
    sizes = {'noise_m': 0.003, 'offset_m': 0.05}
    one = disturbed(poses, 5, **sizes, seed=7)[0]
    other = disturbed(poses, clip, **sizes, seed=seed)[0]
    assert np.abs(one - other).max() > 0.01


def test_offsets_do_not_depend_on_how_large_the_noise_is(poses):
    plain = disturbed(poses, offset_m=0.05)[0]
    noisy = disturbed(poses, offset_m=0.05, noise_m=0.001)[0]
    np.testing.assert_allclose(noisy.mean(axis=0), plain.mean(axis=0), atol=3e-4)


def test_true_trackers_are_not_changed(poses):
    before = poses.local_rotations.copy()
    disturbed(poses, noise_m=0.1, noise_rad=0.1)
    np.testing.assert_array_equal(poses.local_rotations, before)
