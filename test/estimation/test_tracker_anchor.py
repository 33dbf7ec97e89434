# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is tracked is where it is tracked, and nothing leaps when a tracker comes or goes."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, PELVIS
from motion_avatar_ros.estimation.fading_offsets import FADE_S
from motion_avatar_ros.estimation.tracker_anchor import TrackerAnchor
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

RATE_HZ = 60.0
FRAMES = 90
ALL = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)


@pytest.fixture(scope='module')
def truth():
    """Return a walk with bent elbows: hands that hang are out of the reach of other collars."""
    poses = builtin_motion('walk', RATE_HZ).poses[:FRAMES]
    local = poses.local_rotations.copy()
    for elbow, sign in (('left_elbow', -1.0), ('right_elbow', 1.0)):
        local[:, JOINT_INDEX[elbow]] = matrix_from_axis_angle(np.array([0.0, 1.6 * sign, 0.0]))
    return BodyPose(local, poses.root_position)


@pytest.fixture(scope='module')
def estimate(truth):
    """Return local rotations (1, T, 22, 3, 3) some degrees off, differently in every joint."""
    random = np.random.default_rng(3)
    off = matrix_from_axis_angle(np.radians(5.0) * random.standard_normal((22, 3)))
    return (truth.local_rotations @ off)[None]


def trackers(truth, names):
    joints = [TRACKER_JOINTS[name] for name in names]
    rotations, positions = truth.global_joints()
    return rotations[None, :, joints].copy(), positions[None, :, joints].copy()


def run(names, estimate, rotations, positions):
    return TrackerAnchor(names, 1, RATE_HZ).anchored(estimate, rotations, positions)[0]


@pytest.mark.parametrize('names', [TRACKER_NAMES, (*TRACKER_NAMES, 'pelvis'), ALL])
def test_tracked_ends_are_where_they_were_observed(truth, estimate, names):
    rotations, positions = run(names, estimate, *trackers(truth, names)).global_joints()
    true_rotations, true_positions = truth.global_joints()
    ends = [TRACKER_JOINTS[name] for name in names if name != 'pelvis']
    off_m = np.linalg.norm((positions - true_positions)[:, ends], axis=-1)
    assert off_m[:, :3].max() < 1e-6
    assert off_m.max() < 0.03  # legs that stand are almost stretched
    ends = [TRACKER_JOINTS[name] for name in names]
    assert np.degrees(
        geodesic_angle(rotations[:, ends], true_rotations[:, ends])).max() < 0.1


def test_the_pelvis_comes_nearer_and_the_legs_do_not_turn_with_it(truth, estimate):
    names = (*TRACKER_NAMES, 'pelvis')
    free = run(TRACKER_NAMES, estimate, *trackers(truth, TRACKER_NAMES))
    rotations, positions = run(names, estimate, *trackers(truth, names)).global_joints()
    true_positions = truth.global_joints()[1]
    free_rotations, free_positions = free.global_joints()
    off = [np.linalg.norm((each - true_positions)[:, PELVIS], axis=-1).mean()
           for each in (positions, free_positions)]
    assert off[0] < 0.5 * off[1]
    np.testing.assert_allclose(rotations[:, [4, 5]], free_rotations[:, [4, 5]], atol=1e-6)


def test_frame_by_frame_equals_the_whole_clip(truth, estimate):
    rotations, positions = trackers(truth, ALL)
    positions[:, 20:50, 1] = np.nan
    rotations[:, 20:50, 1] = np.nan
    whole = run(ALL, estimate, rotations, positions)
    anchor = TrackerAnchor(ALL, 1, RATE_HZ)
    for t in range(FRAMES):
        now = slice(t, t + 1)
        frame = anchor.anchored(estimate[:, now], rotations[:, now], positions[:, now])[0]
        np.testing.assert_allclose(
            frame.local_rotations[0], whole.local_rotations[t], atol=1e-9)


@pytest.mark.parametrize('lost', ['left_hand', 'pelvis', 'right_foot'])
def test_a_tracker_that_is_lost_and_returns_moves_nothing_at_once(estimate, lost):
    """On a body that stands still, so that every movement is the correction's."""
    still = BodyPose(np.broadcast_to(np.eye(3), (FRAMES, 22, 3, 3)), np.zeros((FRAMES, 3)))
    rotations, positions = trackers(still, ALL)
    slot = ALL.index(lost)
    rotations[:, 10:50, slot], positions[:, 10:50, slot] = np.nan, np.nan
    held = np.broadcast_to(estimate[:, :1], estimate.shape)
    local = run(ALL, held, rotations, positions).local_rotations
    step_deg = np.degrees(geodesic_angle(local[1:], local[:-1])).max(axis=1)
    far_deg = np.degrees(geodesic_angle(local[49], local[9])).max()
    assert far_deg > 2.0
    assert step_deg.max() < 3.0 * far_deg / (FADE_S * RATE_HZ)
    np.testing.assert_allclose(local[-1], local[0], atol=1e-6)


def test_a_reset_stream_is_corrected_from_its_first_frame_on(truth, estimate):
    anchor = TrackerAnchor(TRACKER_NAMES, 1, RATE_HZ)
    rotations, positions = trackers(truth, TRACKER_NAMES)
    lost = positions[:, :5].copy()
    lost[:, :, 1:] = np.nan
    anchor.anchored(estimate[:, :5], rotations[:, :5], lost)
    anchor.reset(0)
    first = anchor.anchored(estimate[:, :1], rotations[:, :1], positions[:, :1])[0]
    wrists = [TRACKER_JOINTS['left_hand'], TRACKER_JOINTS['right_hand']]
    np.testing.assert_allclose(
        first.global_joints()[1][:, wrists], positions[0, :1, 1:], atol=1e-6)
    held = anchor.anchored(estimate[:, :1], rotations[:, :1], positions[:, :1])[0]
    np.testing.assert_allclose(held.local_rotations, first.local_rotations, atol=1e-9)


def test_streams_do_not_touch_each_other(truth, estimate):
    rotations, positions = (np.repeat(each, 2, axis=0) for each in trackers(truth, ALL))
    positions[1, 30:, 2], rotations[1, 30:, 2] = np.nan, np.nan
    both = TrackerAnchor(ALL, 2, RATE_HZ).anchored(
        np.repeat(estimate, 2, axis=0), rotations, positions)
    alone = run(ALL, estimate, rotations[:1], positions[:1])
    np.testing.assert_allclose(both.local_rotations[0], alone.local_rotations, atol=1e-12)


def test_the_head_stays_where_it_was_observed(truth, estimate):
    rotations, positions = trackers(truth, ALL)
    found = run(ALL, estimate, rotations, positions).global_joints()
    np.testing.assert_allclose(found[1][:, HEAD], positions[0, :, 0], atol=1e-9)
    np.testing.assert_allclose(found[0][:, HEAD], rotations[0, :, 0], atol=1e-9)
