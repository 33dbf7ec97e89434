# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hazards of the limiter: jumps, flips, endless flights, silent clamps."""

from __future__ import annotations

import time

import numpy as np
import pytest

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX
from motion_avatar_ros.safety.pose_limiter import PoseLimiter, PoseLimitError

DT_S = 1.0 / 60.0
MAX_JOINT_RAD_S = 30.0
MAX_ROOT_M_S = 8.0


def make_pose(seed: int = 0, root=(0.0, 0.0, 0.9), scale: float = 1.0) -> BodyPose:
    rng = np.random.default_rng(seed)
    axis_angles = scale * rng.normal(size=(JOINT_COUNT, 3))
    return BodyPose(matrix_from_axis_angle(axis_angles), np.array(root, dtype=float))


def make_limiter(**changes) -> PoseLimiter:
    return PoseLimiter(**{
        'max_joint_rad_s': MAX_JOINT_RAD_S, 'max_root_m_s': MAX_ROOT_M_S, **changes})


def steps(poses: list[BodyPose]) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest joint angle [rad] and the root's displacement [m] of each frame."""
    rotations = np.stack([pose.local_rotations for pose in poses])
    roots = np.stack([pose.root_position for pose in poses])
    return (
        geodesic_angle(rotations[1:], rotations[:-1]).max(axis=1),
        np.linalg.norm(np.diff(roots, axis=0), axis=1))


def test_ordinary_motion_passes_untouched():
    limiter = make_limiter()
    for frame in range(60):
        pose = make_pose(scale=0.5 + 0.01 * frame, root=(0.02 * frame, 0.0, 0.9))
        assert limiter.limit(pose, DT_S) is pose
    assert limiter.limited_frames == 0


@pytest.mark.parametrize('is_resumed', [False, True])
def test_jump_of_every_joint_never_exceeds_the_limit_and_arrives(is_resumed):
    limiter = make_limiter()
    shown = [limiter.limit(make_pose(0), DT_S)]
    target = make_pose(1, scale=2.0)
    if is_resumed:
        limiter.resume()
    shown += [limiter.limit(target, DT_S) for _ in range(40)]
    joint_rad, _ = steps(shown)
    assert joint_rad.max() <= MAX_JOINT_RAD_S * DT_S * (1 + 1e-9)
    assert geodesic_angle(shown[-1].local_rotations, target.local_rotations).max() < 1e-6
    assert shown[-1].local_rotations is target.local_rotations


def test_half_turn_flipping_sides_neither_jumps_nor_stalls():
    limiter = make_limiter()
    half_turns = []
    for sign in (1.0, -1.0):
        axis_angles = np.zeros((JOINT_COUNT, 3))
        axis_angles[:, 2] = sign * (np.pi - 1e-9)
        half_turns.append(BodyPose(matrix_from_axis_angle(axis_angles), np.zeros(3)))
    shown = [limiter.limit(make_pose(scale=0.0, root=(0, 0, 0)), DT_S)]
    limiter.resume()
    shown += [limiter.limit(half_turns[frame % 2], DT_S) for frame in range(60)]
    joint_rad, _ = steps(shown)
    assert joint_rad.max() <= MAX_JOINT_RAD_S * DT_S * (1 + 1e-9)
    assert geodesic_angle(shown[-1].local_rotations, half_turns[1].local_rotations).max() < 1e-6


def test_one_bad_frame_moves_a_joint_by_one_limit_and_is_counted():
    limiter = make_limiter()
    good, bad = make_pose(0), make_pose(0)
    knee = JOINT_INDEX['left_knee']
    rotations = good.local_rotations.copy()
    rotations[knee] = rotations[knee] @ matrix_from_axis_angle(np.array([2.5, 0.0, 0.0]))
    bad = BodyPose(rotations, good.root_position)
    limiter.limit(good, DT_S)
    shown = limiter.limit(bad, DT_S)
    moved_rad = geodesic_angle(shown.local_rotations, good.local_rotations)
    assert moved_rad[knee] == pytest.approx(MAX_JOINT_RAD_S * DT_S)
    assert np.delete(moved_rad, knee).max() < 1e-9
    assert limiter.limited_joint_frames[knee] == 1
    assert limiter.limited_joint_frames.sum() == 1
    assert limiter.limited_frames == 1


def test_relocated_root_arrives_within_the_blend_time_and_does_not_fly():
    limiter = make_limiter(blend_s=0.5)
    shown = [limiter.limit(make_pose(root=(0.0, 0.0, 0.9)), DT_S)]
    limiter.resume()
    target = make_pose(root=(100.0, 0.0, 0.9))
    shown += [limiter.limit(target, DT_S) for _ in range(31)]
    _, root_m = steps(shown)
    np.testing.assert_allclose(shown[-1].root_position, target.root_position)
    assert root_m.max() < 2.0 * 100.0 * DT_S / 0.5  # a glide: no single frame takes it all


def test_root_jump_without_resume_keeps_the_speed_limit():
    limiter = make_limiter()
    shown = [limiter.limit(make_pose(), DT_S)]
    shown += [limiter.limit(make_pose(root=(3.0, 0.0, 0.9)), DT_S) for _ in range(60)]
    _, root_m = steps(shown)
    assert root_m.max() <= MAX_ROOT_M_S * DT_S * (1 + 1e-9)
    assert limiter.limited_root_frames >= 20


def test_jump_during_a_blend_does_not_use_its_crossing_speed_for_longer():
    limiter = make_limiter(blend_s=0.5)
    limiter.limit(make_pose(), DT_S)
    limiter.resume()
    for _ in range(31):
        limiter.limit(make_pose(root=(20.0, 0.0, 0.9)), DT_S)
    before = limiter.last
    after = limiter.limit(make_pose(root=(40.0, 0.0, 0.9)), DT_S)
    _, root_m = steps([before, after])
    assert root_m.max() <= MAX_ROOT_M_S * DT_S * (1 + 1e-9)


def test_resume_starts_gently_from_the_held_pose():
    limiter = make_limiter()
    shown = [limiter.limit(make_pose(0, scale=0.3), DT_S)]
    limiter.resume()
    shown += [limiter.limit(make_pose(1, scale=0.3), DT_S) for _ in range(32)]
    joint_rad, _ = steps(shown)
    assert joint_rad[0] < 0.02  # smoothstep: the first frame hardly moves
    assert not limiter.is_blending


def test_blend_follows_a_target_that_moves_meanwhile():
    limiter = make_limiter()
    limiter.limit(make_pose(0, scale=0.2), DT_S)
    limiter.resume()
    for frame in range(40):
        target = make_pose(1, scale=0.2 + 0.005 * frame)
        shown = limiter.limit(target, DT_S)
    assert shown is target


def test_resume_before_the_first_pose_does_not_blend_from_nowhere():
    limiter = make_limiter()
    limiter.resume()
    pose = make_pose()
    assert limiter.limit(pose, DT_S) is pose
    assert not limiter.is_blending


@pytest.mark.parametrize('value', [np.nan, np.inf])
@pytest.mark.parametrize('where', ['rotation', 'root'])
def test_a_pose_that_is_not_finite_is_refused_and_the_held_one_stays(value, where):
    limiter = make_limiter()
    held = limiter.limit(make_pose(), DT_S)
    bad = make_pose()
    (bad.local_rotations[5] if where == 'rotation' else bad.root_position)[0] = value
    with pytest.raises(PoseLimitError):
        limiter.limit(bad, DT_S)
    assert limiter.last is held


@pytest.mark.parametrize('name', ['max_joint_rad_s', 'max_root_m_s', 'blend_s'])
@pytest.mark.parametrize('value', [0.0, -1.0, np.nan])
def test_limits_that_would_freeze_or_free_the_body_are_refused(name, value):
    with pytest.raises(PoseLimitError, match=name):
        make_limiter(**{name: value})


def test_repeated_limiting_keeps_rotations_orthonormal():
    limiter = make_limiter()
    for frame in range(2000):
        pose = limiter.limit(make_pose(frame % 7, scale=2.0), DT_S)
    gram = pose.local_rotations @ pose.local_rotations.swapaxes(-1, -2)
    assert np.abs(gram - np.eye(3)).max() < 1e-9


def test_cost_stays_far_below_a_frame():
    limiter = make_limiter()
    durations_s = []
    for frame in range(300):
        pose = make_pose(frame, scale=2.0)  # everything is limited: the slow path
        start_s = time.perf_counter()
        limiter.limit(pose, DT_S)
        durations_s.append(time.perf_counter() - start_s)
    assert np.median(durations_s) < 0.001  # measured 0.1 ms; the margin is for a busy machine


def test_lost_frames_do_not_stretch_a_blend():
    here = BodyPose(np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)).copy(), np.zeros(3))
    there = BodyPose(here.local_rotations, np.array([3.0, 0.0, 0.0]))
    limiter = PoseLimiter(30.0, 8.0, blend_s=0.5)
    limiter.limit(here, 1.0 / 60.0)
    limiter.resume()
    first = limiter.limit(there, 1.0 / 60.0, elapsed_s=0.1)
    assert first.root_position[0] < 0.02  # the pause before the blend is no part of it
    for _ in range(5):
        shown = limiter.limit(there, 1.0 / 60.0, elapsed_s=0.1)
    np.testing.assert_allclose(shown.root_position, there.root_position)


def test_a_rounded_rotation_by_nearly_half_a_turn_does_not_stretch_the_limit():
    start = make_pose(0)
    half_turn = np.zeros((JOINT_COUNT, 3))
    half_turn[:, 1] = np.linspace(np.pi - 1e-3, np.pi, JOINT_COUNT)
    end = (start.local_rotations @ matrix_from_axis_angle(half_turn)).astype(np.float32)
    limiter = make_limiter()
    shown = [limiter.limit(start, DT_S)]
    shown += [limiter.limit(BodyPose(end * (1.0 - 1e-6), start.root_position), DT_S)
              for _ in range(3)]
    assert steps(shown)[0].max() <= MAX_JOINT_RAD_S * DT_S * (1 + 1e-9)
