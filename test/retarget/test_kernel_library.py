# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The compiled parts, each against an independent reference."""

from __future__ import annotations

import ctypes
from pathlib import Path
import shutil
import subprocess

import numpy as np
import pytest
from scipy.optimize import lsq_linear

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.retarget import kernel_build, kernel_library  # noqa: E402
from motion_avatar_ros.retarget.joint_limits import JointLimits  # noqa: E402
from motion_avatar_ros.retarget.kernel_library import (  # noqa: E402
    Foot, KernelMissingError, Pose, Proportions, Robot, address, kernel,
)
from motion_avatar_ros.retarget.retargeter import Retargeter  # noqa: E402

HEADER = kernel_build.FOLDER / 'kernel' / 'kernel.h'


@pytest.mark.parametrize('seed', range(40))
def test_a_step_in_a_box_is_the_best_one(seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(0.0, 1.0, (50, 35)) * rng.uniform(0.1, 3.0, 35)
    wanted = rng.normal(0.0, 1.0, 50)
    width = 10.0 ** rng.uniform(-2.5, 0.0)
    lower = np.concatenate((np.full(6, -np.inf), -width * rng.random(29)))
    upper = np.concatenate((np.full(6, np.inf), width * rng.random(29)))
    hessian, gradient, step = rows.T @ rows, rows.T @ wanted, np.zeros(35)
    kernel().best_step(35, *map(address, (hessian, gradient, lower, upper, step)))
    best = lsq_linear(rows, wanted, (lower, upper), tol=1e-12)
    assert (step >= lower).all() and (step <= upper).all()
    cost = 0.5 * np.sum((rows @ step - wanted) ** 2)
    assert cost <= best.cost * (1.0 + 1e-6) + 1e-9


def test_variables_that_cannot_move_do_not():
    rng = np.random.default_rng(1)
    rows, wanted, step = rng.normal(size=(20, 10)), rng.normal(size=20), np.ones(10)
    lower, upper = np.full(10, -0.5), np.full(10, 0.5)
    lower[[2, 7]] = upper[[2, 7]] = 0.0
    hessian, gradient = rows.T @ rows, rows.T @ wanted
    kernel().best_step(10, *map(address, (hessian, gradient, lower, upper, step)))
    others = np.delete(np.arange(10), [2, 7])
    best = lsq_linear(rows[:, others], wanted, (lower[others], upper[others]), tol=1e-12)
    np.testing.assert_array_equal(step[[2, 7]], 0.0)
    np.testing.assert_allclose(step[others], best.x, atol=1e-6)


def test_joints_reach_as_far_as_the_commands_last_wall_lets_them(robots):
    """The solver's limits and those of commands are written twice."""
    retargeter = Retargeter(robots('g1').robot)
    limits: JointLimits = retargeter.limits
    solver, rng = retargeter.solver, np.random.default_rng(5)
    count = len(limits.lower)
    for dt_s in (1.0 / 90.0, 1.0 / 30.0):
        position = rng.uniform(limits.lower, limits.upper)
        speed = rng.uniform(-limits.velocity, limits.velocity)
        solver._state_joints[:], solver._speed[:] = position, speed
        least, greatest = np.zeros((2, count))
        kernel().reach_of_joints(*solver._pointers, dt_s, address(least), address(greatest))
        expected = limits.reach(position, speed, dt_s)
        np.testing.assert_allclose(least, expected[0], rtol=1e-12)
        np.testing.assert_allclose(greatest, expected[1], rtol=1e-12)


@pytest.mark.skipif(shutil.which('gcc') is None, reason='needs gcc')
def test_structures_are_as_long_here_as_there(tmp_path):
    """One field more or less on one side would shift all that follow it."""
    source, program = tmp_path / 'sizes.c', tmp_path / 'sizes'
    source.write_text(
        f'#include "{HEADER}"\n#include <stdio.h>\nint main(void) {{ printf("%zu %zu %zu %zu %zu '
        '%d %d %d", sizeof(Target), sizeof(Proportions), sizeof(Robot), sizeof(Foot), '
        'sizeof(Pose), MOST_JOINTS, MOST_CAPSULES, MOST_PAIRS); }\n')
    subprocess.run(['gcc', '-o', program, source], check=True)
    found = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    assert [int(number) for number in found] == [
        kernel_library.TARGET.itemsize, *map(ctypes.sizeof, (Proportions, Robot, Foot, Pose)),
        kernel_library.MOST_JOINTS, kernel_library.MOST_CAPSULES, kernel_library.MOST_PAIRS]


def test_a_missing_kernel_is_told_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel_library, '__file__', str(tmp_path / 'kernel_library.py'))
    with pytest.raises(KernelMissingError, match='apt install gcc, then make setup'):
        kernel.__wrapped__()


def test_it_is_compiled_again_only_when_it_changed(tmp_path):
    shutil.copytree(kernel_build.FOLDER / 'kernel', tmp_path / 'kernel')
    assert kernel_build.build(tmp_path) and not kernel_build.build(tmp_path)
    (tmp_path / 'kernel' / 'limits.c').write_text('int broken(')
    with pytest.raises(kernel_build.KernelBuildError, match='broken'):
        kernel_build.build(tmp_path)
    assert (tmp_path / '_kernel.so').is_file()  # what runs is not taken away


def test_a_missing_compiler_is_told_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel_build.shutil, 'which', lambda name: None)
    with pytest.raises(kernel_build.KernelBuildError, match='apt install gcc'):
        kernel_build.build(tmp_path)


def test_library_of_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(kernel_library, '_ABI', -1)
    with pytest.raises(KernelMissingError, match='another version'):
        kernel.__wrapped__()


def test_paths_of_the_compiled_files_are_ignored_by_git():
    root = Path(__file__).parents[2]
    if shutil.which('git') is None or not (root / '.git').exists():
        pytest.skip('no git here')
    checked = subprocess.run(
        ['git', 'check-ignore', 'motion_avatar_ros/retarget/_kernel.so'], cwd=root)
    assert checked.returncode == 0
