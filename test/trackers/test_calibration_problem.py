# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The normal equations of a calibration are those of its cost, and nothing unused is in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS
from motion_avatar_ros.trackers.calibration_body import Unknowns
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE, UPPER_BODY, load_priors
from motion_avatar_ros.trackers.calibration_problem import (
    CalibrationProblem, DEVICE_M, DEVICE_RAD, TakeFrames, Typical,
)
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

FRAMES, STEPS, TRACKERS = 6, len(CALIBRATION_STEPS), len(TRACKER_NAMES)
NUMBERS = np.array([0, 0, 1, 2, 3, 3])
JOINTS = [UPPER_BODY.index(TRACKER_JOINTS[name]) for name in TRACKER_NAMES]
STEP = 1e-6


def small_turns(rng, shape, size_rad=0.1):
    return Rotation.from_rotvec(
        rng.normal(0.0, size_rad, (int(np.prod(shape)), 3))).as_matrix().reshape(*shape, 3, 3)


@pytest.fixture
def start() -> Unknowns:
    """Return unknowns somewhere, far from the minimum."""
    rng = np.random.default_rng(0)
    poses = builtin_motion('calibration', 10.0).poses[[20, 30, 70, 90, 140, 155]]
    return Unknowns(
        poses.local_rotations[:, list(UPPER_BODY)], poses.root_position, 0.05, -0.04, 0.02,
        rng.normal(0.0, 0.05, (TRACKERS, 3)), small_turns(rng, (TRACKERS,), 0.3),
        rng.normal(0.0, 0.1, (STEPS, POSTURE_SIZE)))


@pytest.fixture
def problem(start) -> CalibrationProblem:
    """Return a problem whose devices miss the joints by centimetres and degrees."""
    rng = np.random.default_rng(1)
    rotations, positions = (values[:, JOINTS] for values in start.joints())
    rotations = rotations @ start.turns.swapaxes(-1, -2) @ small_turns(rng, (FRAMES, TRACKERS))
    positions = positions - np.einsum('fnij,nj->fni', rotations, start.levers)
    used = np.ones((FRAMES, TRACKERS), dtype=bool)
    used[3, 1:] = False
    made = CalibrationProblem(
        TakeFrames(
            rotations, positions + rng.normal(0.0, 0.02, positions.shape), used, NUMBERS,
            rng.normal(0.0, 0.1, STEPS), rng.normal(0.0, 0.05, (STEPS, 2))),
        JOINTS, [load_priors()[step] for step in CALIBRATION_STEPS],
        Typical(rng.normal(0.0, 0.05, (TRACKERS, 3)), small_turns(rng, (TRACKERS,)), 0.01, 0.05))
    made.trust = rng.uniform(0.3, 1.0, FRAMES)
    return made


def split(problem, flat):
    """Return a step's poses (F, 45), core and habits (S, 45) of all numbers in a row."""
    poses, core, habits = np.split(
        flat, [FRAMES * POSTURE_SIZE, FRAMES * POSTURE_SIZE + problem.core])
    return poses.reshape(FRAMES, POSTURE_SIZE), core, habits.reshape(STEPS, POSTURE_SIZE)


def size_of(problem):
    return (FRAMES + STEPS) * POSTURE_SIZE + problem.core


def whole(problem, normal):
    """Return the normal equations' matrix and gradient in full."""
    size, poses = size_of(problem), FRAMES * POSTURE_SIZE
    matrix, core = np.zeros((size, size)), problem.core
    for frame, step in enumerate(NUMBERS):
        own = slice(POSTURE_SIZE * frame, POSTURE_SIZE * (frame + 1))
        habits = slice(poses + core + POSTURE_SIZE * step,
                       poses + core + POSTURE_SIZE * (step + 1))
        matrix[own, own] = normal.xx[frame]
        matrix[own, poses:poses + core] = normal.xy[frame, :, :core]
        matrix[own, habits] = normal.xy[frame, :, core:]
    matrix[poses:, :poses] = matrix[:poses, poses:].T
    matrix[poses:, poses:] = normal.yy
    return matrix, np.concatenate((normal.x.ravel(), normal.y))


def weighted(problem, unknowns):
    """Return everything that is squared in the cost, in a row."""
    left = problem.residuals(unknowns)
    used = problem.frames.is_used[..., None]
    pulls = np.linalg.cholesky(problem.within[NUMBERS] * problem.trust[:, None, None])
    persons = np.linalg.cholesky(problem._persons)
    return np.concatenate([part.ravel() for part in (
        used * left.missed_m / DEVICE_M, used * left.missed_rad / DEVICE_RAD,
        np.einsum('fji,fj->fi', pulls, left.postures), left.core,
        persons.T @ unknowns.habits.ravel())])


def slopes_of(problem, start, function):
    """Return the central differences of a function of the unknowns, by all of them."""
    columns = []
    for number in range(size_of(problem)):
        step = np.zeros(size_of(problem))
        step[number] = STEP
        columns.append((function(start.moved(*split(problem, step)))
                        - function(start.moved(*split(problem, -step)))) / (2.0 * STEP))
    return np.stack(columns, axis=-1)


def test_cost_is_the_sum_of_squares(problem, start):
    everything = weighted(problem, start)
    assert problem.cost(start) == pytest.approx(everything @ everything, rel=1e-9)


def test_gradient_is_that_of_the_cost_far_from_the_minimum(problem, start):
    gradient = whole(problem, problem.normal_equations(start))[1]
    differences = slopes_of(problem, start, lambda there: np.array([problem.cost(there)]))[0]
    np.testing.assert_allclose(
        2.0 * gradient, differences, rtol=1e-4, atol=1e-6 * np.abs(differences).max())


def test_matrix_is_that_of_the_differences_where_devices_are_met(problem, start):
    # How a miss of rotation changes with the pose is taken at no miss.
    rotations, _ = start.joints()
    problem.frames = replace(
        problem.frames, rotations=rotations[:, JOINTS] @ start.turns.swapaxes(-1, -2))
    matrix = whole(problem, problem.normal_equations(start))[0]
    by_all = slopes_of(problem, start, lambda there: weighted(problem, there))
    np.testing.assert_allclose(
        matrix, by_all.T @ by_all, rtol=1e-4, atol=1e-6 * np.abs(matrix).max())


def test_slopes_by_sizes_and_offsets_are_those_of_the_differences_also_where_much_is_missed(
        problem, start):
    left = problem.residuals(start)
    misses, postures = problem._core_slopes(start, left)
    weights = problem._weights()
    still = np.zeros((FRAMES, POSTURE_SIZE)), np.zeros((STEPS, POSTURE_SIZE))
    for number, step in enumerate(STEP * np.eye(problem.core)):
        ahead, behind = (problem.residuals(start.moved(still[0], sign * step, still[1]))
                         for sign in (1.0, -1.0))
        missed, posture, core = (
            (part(ahead) - part(behind)) / (2.0 * STEP) for part in (
                lambda there: weights * np.concatenate((there.missed_m, there.missed_rad), -1),
                lambda there: there.postures, lambda there: there.core))
        for slope, difference in ((misses[..., number], missed.reshape(FRAMES, -1)),
                                  (postures[..., number], posture),
                                  (problem._prior_slopes(left)[:, number], core)):
            np.testing.assert_allclose(slope, difference, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize('damping', [0.0, 0.1])
def test_elimination_of_the_poses_gives_the_step_of_the_whole(problem, start, damping):
    normal = problem.normal_equations(start)
    matrix, gradient = whole(problem, normal)
    poses = FRAMES * POSTURE_SIZE
    matrix[range(poses), range(poses)] *= 1.0 + damping
    expected = -np.linalg.solve(matrix, gradient)
    reduced, reduced_gradient, answers = problem.reduced(normal, damping)
    shared = -np.linalg.solve(reduced, reduced_gradient)
    np.testing.assert_allclose(shared, expected[poses:], rtol=1e-4, atol=1e-7)
    core, habits = shared[:problem.core], shared[problem.core:].reshape(STEPS, POSTURE_SIZE)
    each = np.concatenate((
        np.tile(core, (FRAMES, 1)), habits[NUMBERS], np.ones((FRAMES, 1))), axis=1)
    np.testing.assert_allclose(
        -np.einsum('fij,fj->fi', answers, each).ravel(), expected[:poses], rtol=1e-4, atol=1e-7)


def test_reduced_matrix_is_symmetric_and_positive_definite(problem, start):
    reduced = problem.reduced(problem.normal_equations(start), 0.0)[0]
    np.testing.assert_allclose(reduced, reduced.T, atol=1e-9 * np.abs(reduced).max())
    assert np.linalg.eigvalsh((reduced + reduced.T) / 2.0).min() > 0.0


def test_device_that_a_frame_leaves_out_does_not_matter_there(problem, start):
    cost, gradient = problem.cost(start), whole(problem, problem.normal_equations(start))[1]
    problem.frames.positions[3, 1:] += 5.0
    assert problem.cost(start) == cost
    np.testing.assert_array_equal(whole(problem, problem.normal_equations(start))[1], gradient)
    problem.frames.positions[3, 0] += 5.0
    assert problem.cost(start) > 2.0 * cost
