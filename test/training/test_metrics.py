# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, PARENTS, REST_OFFSETS_M
from motion_avatar_ros.training.metrics import (
    METRIC_NAMES, ClipMetrics, clip_metrics, mean_metrics,
)

RATE_HZ = 60.0
LOWER = [0, 1, 2, 4, 5, 7, 8, 10, 11]
UPPER = [3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]


def still(frames: int) -> BodyPose:
    rotations = np.broadcast_to(np.eye(3), (frames, 22, 3, 3)).copy()
    return BodyPose(rotations, np.tile([0.3, -0.2, 0.9], (frames, 1)))


def turned(pose: BodyPose, joint: str, axis: str, degrees: float) -> BodyPose:
    rotations = pose.local_rotations.copy()
    rotations[:, JOINT_INDEX[joint]] = Rotation.from_euler(axis, degrees, True).as_matrix()
    return BodyPose(rotations, pose.root_position)


def moved(pose: BodyPose, path_m: np.ndarray) -> BodyPose:
    """Move along x, path (T,)."""
    return BodyPose(pose.local_rotations, pose.root_position + path_m[:, None] * [1.0, 0.0, 0.0])


def random_clip(seed: int, frames: int = 40) -> BodyPose:
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 0.01, (frames, 22, 3)).cumsum(axis=0) + rng.normal(0.0, 1.5, (22, 3))
    rotations = Rotation.from_rotvec(steps.reshape(-1, 3)).as_matrix().reshape(frames, 22, 3, 3)
    return BodyPose(rotations, rng.normal(0.0, 0.001, (frames, 3)).cumsum(axis=0))


def brute_force(estimate: BodyPose, truth: BodyPose, rate_hz: float) -> dict[str, float]:
    """Section 3.3 again: loops, quaternions and plain floats, sharing no code with ours."""
    def joints(pose):
        frames = []
        for local, root in zip(pose.local_rotations[1:], pose.root_position[1:], strict=True):
            turns, places = [], []
            for joint, parent in enumerate(PARENTS):
                turn = Rotation.from_matrix(local[joint])
                if parent < 0:
                    turns.append(turn)
                    places.append(np.array(root))
                else:
                    turns.append(turns[parent] * turn)
                    offset = turns[parent].apply(REST_OFFSETS_M[joint].copy())
                    places.append(places[parent] + offset)
            frames.append(places)
        return frames

    ours, theirs = joints(estimate), joints(truth)
    count = len(ours)

    def position_error(chosen):
        return 100 * np.mean([
            math.dist(ours[t][j], theirs[t][j]) for t in range(count) for j in chosen])

    def jitter(frames):
        return np.mean([
            math.hypot(*(frames[t + 3][j] - 3 * frames[t + 2][j] + 3 * frames[t + 1][j]
                         - frames[t][j])) * rate_hz ** 3 / 100
            for t in range(count - 3) for j in range(22)])

    components, angles = [], []
    for t in range(1, count + 1):
        for j in range(1, 22):
            a = Rotation.from_matrix(truth.local_rotations[t, j])
            b = Rotation.from_matrix(estimate.local_rotations[t, j])
            angles.append(math.degrees((a.inv() * b).magnitude()))
            for difference in a.as_rotvec() - b.as_rotvec():
                components.append(abs(math.degrees(
                    math.remainder(difference, 2 * math.pi))))
    velocity, skate = [], []
    for t in range(1, count):
        for j in range(22):
            own = (ours[t][j] - ours[t - 1][j]) * rate_hz
            true = (theirs[t][j] - theirs[t - 1][j]) * rate_hz
            velocity.append(100 * math.dist(own, true))
            if j in (7, 8, 10, 11) and math.hypot(*true) / rate_hz <= 0.01:
                skate.append(100 * math.hypot(*own))
    return {
        'mpjre_deg': np.mean(components), 'mpjre_geodesic_deg': np.mean(angles),
        'mpjpe_cm': position_error(range(22)), 'mpjve_cm_s': np.mean(velocity),
        'jitter_1e2_m_s3': jitter(ours), 'jitter_truth_1e2_m_s3': jitter(theirs),
        'hand_pe_cm': position_error([20, 21]), 'upper_pe_cm': position_error(UPPER),
        'lower_pe_cm': position_error(LOWER), 'root_pe_cm': position_error([0]),
        'foot_skate_cm_s': np.mean(skate),
    }


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_agrees_with_an_independent_brute_force(seed):
    estimate, truth = random_clip(seed), random_clip(seed + 100)
    expected = brute_force(estimate, truth, RATE_HZ)
    metrics = clip_metrics(estimate, truth, RATE_HZ)
    assert set(expected) == set(METRIC_NAMES) - {'lag_ms'}  # test_lag.py
    for name, value in expected.items():
        assert getattr(metrics, name) == pytest.approx(value, rel=1e-9), name
    assert metrics.frames == 39


def test_perfect_estimate_has_no_error_and_the_truths_jitter():
    clip = random_clip(5)
    metrics = clip_metrics(clip, clip, RATE_HZ)
    assert metrics.mpjre_deg == metrics.mpjpe_cm == metrics.mpjve_cm_s == 0.0
    assert metrics.jitter_1e2_m_s3 == metrics.jitter_truth_1e2_m_s3 > 0.0


def test_constant_offset_is_position_error_only():
    metrics = clip_metrics(moved(still(10), np.full(10, 0.03)), still(10), RATE_HZ)
    for name in ('mpjpe_cm', 'hand_pe_cm', 'upper_pe_cm', 'lower_pe_cm', 'root_pe_cm'):
        assert getattr(metrics, name) == pytest.approx(3.0), name
    for name in ('mpjre_deg', 'mpjre_geodesic_deg', 'mpjve_cm_s', 'foot_skate_cm_s'):
        assert getattr(metrics, name) == pytest.approx(0.0, abs=1e-9), name


@pytest.mark.parametrize('rate_hz', [60.0, 30.0])
def test_velocity_error_is_per_second_of_the_given_rate(rate_hz):
    drifting = moved(still(12), np.arange(12) * 0.005)
    metrics = clip_metrics(drifting, still(12), rate_hz)
    assert metrics.mpjve_cm_s == pytest.approx(0.5 * rate_hz)
    assert metrics.foot_skate_cm_s == pytest.approx(0.5 * rate_hz)
    assert metrics.jitter_1e2_m_s3 == pytest.approx(0.0, abs=1e-6)


def test_constant_jerk_is_the_jitter_of_whoever_has_it():
    seconds = np.arange(30) / RATE_HZ
    jerky = moved(still(30), 250.0 * seconds ** 3 / 6.0)
    metrics = clip_metrics(jerky, still(30), RATE_HZ)
    assert metrics.jitter_1e2_m_s3 == pytest.approx(2.5)
    assert metrics.jitter_truth_1e2_m_s3 == pytest.approx(0.0, abs=1e-6)
    assert clip_metrics(still(30), jerky, RATE_HZ).jitter_truth_1e2_m_s3 == pytest.approx(2.5)


def test_angle_across_pi_is_wrapped_not_counted_as_a_turn():
    estimate = turned(still(8), 'left_elbow', 'x', 179.0)
    truth = turned(still(8), 'left_elbow', 'x', -179.0)
    metrics = clip_metrics(estimate, truth, RATE_HZ)
    assert metrics.mpjre_deg == pytest.approx(2.0 / (3 * 21))
    assert metrics.mpjre_geodesic_deg == pytest.approx(2.0 / 21)


def test_rotation_error_is_mean_over_components_and_leaves_the_root_out():
    estimate = turned(still(8), 'right_knee', 'x', 30.0)
    assert clip_metrics(estimate, still(8), RATE_HZ).mpjre_deg == pytest.approx(30.0 / 63)
    root_only = turned(still(8), 'pelvis', 'z', 50.0)
    metrics = clip_metrics(root_only, still(8), RATE_HZ)
    assert metrics.mpjre_deg == metrics.mpjre_geodesic_deg == 0.0
    assert metrics.mpjpe_cm > 1.0


def test_bent_elbow_moves_one_wrist_and_no_leg():
    metrics = clip_metrics(turned(still(8), 'left_elbow', 'y', 60.0), still(8), RATE_HZ)
    x, _, z = REST_OFFSETS_M[JOINT_INDEX['left_wrist']]
    chord_cm = 100.0 * math.hypot(x, z)  # 2 r sin(60 / 2)
    assert metrics.hand_pe_cm == pytest.approx(chord_cm / 2)
    assert metrics.upper_pe_cm == pytest.approx(chord_cm / 13)
    assert metrics.mpjpe_cm == pytest.approx(chord_cm / 22)
    assert metrics.lower_pe_cm == metrics.root_pe_cm == 0.0


def test_halves_make_up_the_whole_with_the_root_in_the_lower_one():
    metrics = clip_metrics(random_clip(6), random_clip(7), RATE_HZ)
    assert metrics.mpjpe_cm * 22 == pytest.approx(
        metrics.lower_pe_cm * 9 + metrics.upper_pe_cm * 13)


@pytest.mark.parametrize('true_step_m, counts', [(0.009, True), (0.011, False)])
def test_skating_counts_only_feet_planted_in_truth(true_step_m, counts):
    truth = moved(still(12), np.arange(12) * true_step_m)
    sliding = moved(still(12), np.arange(12) * 0.02)
    skate = clip_metrics(sliding, truth, RATE_HZ).foot_skate_cm_s
    assert skate == (pytest.approx(120.0) if counts else None)


def test_first_frame_is_not_scored_not_even_in_a_difference():
    truth, estimate = random_clip(3), random_clip(4)
    roots = estimate.root_position.copy()
    roots[0] += 100.0
    spoiled = BodyPose(estimate.local_rotations, roots)
    assert clip_metrics(spoiled, truth, RATE_HZ) == clip_metrics(estimate, truth, RATE_HZ)


@pytest.mark.parametrize('frames', [2, 3, 4])
def test_short_clip_has_none_for_what_it_is_too_short_for(frames):
    metrics = clip_metrics(still(frames), still(frames), RATE_HZ)
    assert metrics.mpjpe_cm == 0.0
    assert metrics.jitter_1e2_m_s3 is None
    assert (metrics.mpjve_cm_s is None) == (frames == 2)


def test_clip_within_the_skipped_start_has_no_metrics():
    assert clip_metrics(still(120), still(120), RATE_HZ, skip_frames=120) is None
    assert clip_metrics(still(121), still(121), RATE_HZ, skip_frames=120).frames == 1


def metrics_of(value: float | None, frames: int) -> ClipMetrics:
    return ClipMetrics(**dict.fromkeys(METRIC_NAMES, value), frames=frames)


def test_mean_weighs_clips_alike_unless_frame_weighted():
    clips = [metrics_of(1.0, 10), metrics_of(4.0, 30)]
    assert mean_metrics(clips).mpjpe_cm == 2.5
    assert mean_metrics(clips, frame_weighted=True).mpjpe_cm == 3.25
    assert mean_metrics(clips).frames == 40


def test_missing_value_stays_out_of_the_mean():
    clips = [metrics_of(None, 1), metrics_of(4.0, 30)]
    assert mean_metrics(clips).jitter_1e2_m_s3 == 4.0
    assert mean_metrics([metrics_of(None, 1)]).jitter_1e2_m_s3 is None
    assert mean_metrics([]).mpjpe_cm is None
