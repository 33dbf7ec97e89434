# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Mappings that a person writes or corrects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import yaml

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.retarget.mapping_file import (  # noqa: E402
    MappingError, mapping_text, read_mapping,
)
from motion_avatar_ros.retarget.retargeter import Retargeter  # noqa: E402
from motion_avatar_ros.retarget.robot_drawing import example_pose  # noqa: E402

SHIPPED = Path(__file__).parents[2] / 'config' / 'robots'


@pytest.mark.parametrize('name', ['g1', 'talos', 'romeo', 'icub'])
def test_shipped_mappings_are_what_is_found(robots, name):
    found = robots(name)
    assert (SHIPPED / f'{name}.yaml').read_text() == mapping_text(found.robot, found.plan)
    plan = read_mapping(SHIPPED / f'{name}.yaml', found.robot)
    assert (plan.trunk, plan.head) == (found.plan.trunk, found.plan.head)
    for limb, one in found.plan.limbs.items():
        assert (plan.limbs[limb].joints, plan.limbs[limb].middle, plan.limbs[limb].end) == (
            one.joints, one.middle, one.end)
        np.testing.assert_allclose(plan.limbs[limb].end_m, one.end_m, atol=1e-5)


def test_what_a_file_leaves_out_is_found(robots, tmp_path):
    g1 = robots('g1')
    path = tmp_path / 'own.yaml'
    path.write_text('left_arm: {wrist: left_wrist_roll_joint, wrist_m: [0.115, 0.15, 0.095]}\n')
    plan = read_mapping(path, g1.robot)
    names = [joint.name for joint in g1.robot.joints]
    assert names[plan.limbs['left_arm'].end] == 'left_wrist_roll_joint'
    assert plan.limbs['left_arm'].middle == g1.plan.limbs['left_arm'].middle
    assert plan.limbs['right_arm'].joints == g1.plan.limbs['right_arm'].joints


@pytest.mark.parametrize(('change', 'word'), [
    ({'tail': []}, "unknown 'tail'"), ({'trunk': ['none']}, "'none' is no joint"),
    ({'trunk': 'waist_yaw_joint'}, 'no list'), ({'forward': [1, 1, 0]}, 'no right-handed axes'),
    ({'up': [0.0, float('nan'), 1.0]}, 'three numbers'),
    ({'left_leg': {'hip': 'x'}}, 'keys other'),
    ({'left_arm': {'elbow': 'left_knee_joint'}}, 'among its joints'),
    ({'left_arm': {'wrist_m': [0.01577, 0.14681, 0.10524]}}, 'without length')])
def test_a_bad_mapping_is_one_line_that_says_what_is_allowed(robots, tmp_path, change, word):
    g1 = robots('g1').robot
    content = yaml.safe_load((SHIPPED / 'g1.yaml').read_text())
    for key, value in change.items():
        content[key] = {**content[key], **value} if isinstance(value, dict) else value
    path = tmp_path / 'bad.yaml'
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(MappingError, match=word) as caught:
        read_mapping(path, g1)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('text', ['', '- 1', 'a: [', '\x00'])
def test_a_file_that_is_no_mapping_is_refused(robots, tmp_path, text):
    (tmp_path / 'bad.yaml').write_text(text)
    with pytest.raises(MappingError):
        read_mapping(tmp_path / 'bad.yaml', robots('g1').robot)


def test_a_missing_file_is_refused(robots, tmp_path):
    with pytest.raises(MappingError, match='cannot be read'):
        read_mapping(tmp_path / 'none.yaml', robots('g1').robot)


def test_a_hand_that_looks_wrong_is_turned_by_the_file(robots, tmp_path):
    """By what the file says, about the axes of the base link."""
    g1 = robots('g1')
    path = tmp_path / 'own.yaml'
    path.write_text('left_arm: {hand_rpy_deg: [30.0, 0.0, 0.0]}\n')
    turned = Retargeter(g1.robot, plan=read_mapping(path, g1.robot))
    poses = example_pose()[None]
    plain, other = (each.targets.build(poses).hand_turn[0] for each in (g1, turned))
    np.testing.assert_allclose(other[1], plain[1], atol=1e-12)
    expected = plain[0] @ Rotation.from_euler('x', 30.0, degrees=True).as_matrix().T
    np.testing.assert_allclose(other[0], expected, atol=1e-9)
    text = mapping_text(g1.robot, turned.plan)
    assert yaml.safe_load(text)['left_arm']['hand_rpy_deg'] == [30.0, 0.0, 0.0]
