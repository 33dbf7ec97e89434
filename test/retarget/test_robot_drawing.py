# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A person and a robot side by side."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.commands.main import main  # noqa: E402
from motion_avatar_ros.retarget.retargeter import Retargeter  # noqa: E402
from motion_avatar_ros.retarget.robot_drawing import (  # noqa: E402
    draw_side_by_side, example_pose, robot_solids, visible_shapes,
)
from motion_avatar_ros.retarget.robot_model import RobotModel  # noqa: E402
from motion_avatar_ros.retarget.urdf import find_urdf, parse_urdf  # noqa: E402


def test_person_and_robot_fill_the_same_side_of_their_cells(robots):
    """Both raise the same arm on the same side, seen from ahead."""
    picture = np.asarray(draw_side_by_side(robots('g1'))).astype(int)
    ink = (picture < 200).any(axis=-1)
    assert picture.shape == (400, 1200, 3)
    for start in (0, 300):
        columns = np.nonzero(ink[:, start:start + 300].any(axis=0))[0]
        assert 150 - columns.min() > columns.max() - 150     # the right arm reaches out


def test_a_robot_without_meshes_is_drawn_as_capsules(robots):
    robots('g1')
    bare = Retargeter(RobotModel(parse_urdf(find_urdf('g1').read_text())))
    shapes = visible_shapes(bare)
    assert len(shapes) == len(bare.solver.collision.capsules)
    solids = robot_solids(bare.robot, shapes, bare.step(example_pose(), 0.1))
    heights = np.concatenate([solid.vertices[:, 2] for solid in solids])
    assert -0.1 < heights.min() < 0.1 and 1.0 < heights.max() < 1.5


def test_check_robot_draws_and_keeps_what_exists(robots, tmp_path, capsys):
    robots('g1')
    out = tmp_path / 'g1.png'
    assert main(['check-robot', 'g1', '--picture', str(out)]) == 0
    assert out.read_bytes().startswith(b'\x89PNG') and 'drawn' in capsys.readouterr().out
    assert main(['check-robot', 'g1', '--picture', str(out)]) == 2
    assert 'exists' in capsys.readouterr().err
