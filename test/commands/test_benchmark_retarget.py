# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark retarget`: what it says, with or without the solvers to compare with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from swaying_motion import swaying_motion

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.motion import save_motion  # noqa: E402
from motion_avatar_ros.commands.main import main  # noqa: E402
from motion_avatar_ros.retarget.motion_quality import MotionJudge  # noqa: E402
from motion_avatar_ros.retarget.reference_solvers import (  # noqa: E402
    MinkSolver, PinkSolver, ReferenceMissingError,
)
from motion_avatar_ros.retarget.retargeter import Retargeter, RobotMotion  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402


@pytest.fixture(scope='module')
def g1():
    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))
    return Retargeter.load('g1')


def test_it_measures_every_frame_of_a_folder(g1, tmp_path, capsys):
    for number in range(2):
        save_motion(tmp_path / f'{number}.npz', swaying_motion(number, 60))
    assert main(['benchmark', 'retarget', '--data', str(tmp_path), '--only-ours', '--json']) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values['frames'] == 120 and 0.0 < values['median_ms'] <= values['p99_ms']
    assert values['ankle_cm'] < 5.0 and values['limb_deg'] < 20.0
    assert not any(values[f'beyond_{kind}_frames'] for kind in (
        'position', 'velocity', 'acceleration'))


def test_the_judge_sees_a_limit_that_is_broken_and_a_limb_that_is_off(g1):
    motion = swaying_motion(1, 30)
    followed = g1.follow(motion)
    judge = MotionJudge(g1)
    targets = g1.build_targets(motion)
    good = judge.errors(followed, targets)
    assert judge.frames_beyond(followed) == {'position': 0, 'velocity': 0, 'acceleration': 0}
    joints = followed.joints.copy()
    elbow = followed.joint_names.index('left_elbow_joint')
    joints[20:, elbow] = g1.limits.upper[elbow] + 0.1
    spoilt = RobotMotion(
        followed.joint_names, joints, followed.base_position, followed.base_rotation, 60.0)
    beyond = judge.frames_beyond(spoilt)
    assert beyond['position'] == 10 and beyond['velocity'] >= 1 and beyond['acceleration'] >= 1
    worse = judge.errors(spoilt, targets)
    assert worse.wrists_m[20:, 0].min() > good.wrists_m[20:, 0].max()
    assert np.degrees(worse.limbs_rad[20:, 5] - good.limbs_rad[20:, 5]).min() > 20.0
    np.testing.assert_array_equal(worse.limbs_rad[:, :5], good.limbs_rad[:, :5])


@pytest.mark.parametrize('solver', [MinkSolver, PinkSolver])
def test_the_reference_solves_the_same_tasks(g1, solver):
    try:
        reference = solver(
            g1.robot, g1.solver.tasks, g1.limits, g1.solver.weights, iterations=4)
    except ReferenceMissingError as error:
        pytest.skip(str(error))
    motion = swaying_motion(1, 60)
    targets = g1.build_targets(motion)
    poses = [reference.solve(targets, frame, 1.0 / 60.0) for frame in range(60)]
    result = RobotMotion.of(g1.robot, poses, 60.0)
    judge = MotionJudge(g1)
    errors, ours = (judge.errors(each, targets) for each in (result, g1.follow(motion)))
    assert errors.ankles_m.mean() < 1.5 * ours.ankles_m.mean()
    assert errors.wrists_m.mean() < 1.5 * ours.wrists_m.mean() + 0.005


def test_the_default_motion_needs_no_data(g1, capsys):
    assert Path(find_urdf('g1')).is_file()
    assert main(['benchmark', 'retarget', '--only-ours']) == 0
    assert 'median_ms' in capsys.readouterr().out
