# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Coming to rest from any pose: at once, on both feet, without a jump."""

from __future__ import annotations

import numpy as np
import pytest
from stream_player import foot_slide_m_s, largest_turn_deg

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.generation.standing import PELVIS_HEIGHT_M, Standing, standing_at
from motion_avatar_ros.generation.standing_feet import feet_of, standing_feet

RATE_HZ = 20.0


@pytest.fixture(scope='module', params=['walk', 'squat', 'turn'])
def poses(request):
    return builtin_motion(request.param, RATE_HZ).poses


def ways_to_rest(poses):
    stood = standing_feet(feet_of(poses).balls, RATE_HZ)
    for frame in range(5, len(poses.root_position) - 1, 7):
        standing = Standing(poses[frame - 1:frame + 1], RATE_HZ, stood[frame])
        yield poses[frame], standing.frames(0, 100)


def test_it_begins_at_the_pose_and_ends_upright_on_both_feet(poses):
    for last, way in ways_to_rest(poses):
        first = way[0]
        assert np.rad2deg(geodesic_angle(first.local_rotations, last.local_rotations).max()) < 0.01
        np.testing.assert_allclose(first.root_position, last.root_position, atol=1e-9)
        assert way.root_position[-1, 2] == pytest.approx(PELVIS_HEIGHT_M, abs=0.05)
        balls = feet_of(way).balls
        assert np.ptp(balls[60:], axis=0).max() < 0.002
        assert np.abs(balls[-1, :, 2] - 0.03).max() < 0.005
        assert 0.08 < np.linalg.norm((balls[-1, 0] - balls[-1, 1])[:2]) < 0.5
        middle = balls[-1].mean(axis=0)
        assert np.linalg.norm((way.root_position[-1] - middle)[:2]) < 0.1


def test_it_goes_no_faster_than_a_walker_and_its_feet_hardly_slide(poses):
    turns, slides = [], []
    for _, way in ways_to_rest(poses):
        turns.append(largest_turn_deg(way))
        slides.append(foot_slide_m_s(way[:40], RATE_HZ))
    assert max(turns) < 40.0     # in 50 ms; the built-in walk's knees turn 28
    assert np.mean(slides) < 0.02


def test_frames_are_the_same_however_they_are_asked_for(poses):
    _, way = next(iter(ways_to_rest(poses)))
    standing = Standing(poses[4:6], RATE_HZ, standing_feet(
        feet_of(poses).balls, RATE_HZ)[5])
    pieces = [standing.frames(begin, 10).root_position for begin in range(0, 100, 10)]
    np.testing.assert_allclose(np.concatenate(pieces), way.root_position, atol=1e-12)


def test_standing_somewhere_faces_where_it_is_told(poses):
    pose = standing_at([2.0, -1.0], 0.7)
    np.testing.assert_allclose(pose.root_position[:2], [2.0, -1.0], atol=1e-9)
    forward = pose.local_rotations[0, :, 2]
    assert np.arctan2(forward[1], forward[0]) == pytest.approx(0.7)
