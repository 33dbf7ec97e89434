# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a robot looks like, with or without its meshes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.retarget.robot_model import RobotModel  # noqa: E402
from motion_avatar_ros.retarget.robot_shapes import neutral_vertices, robot_shapes  # noqa: E402
from motion_avatar_ros.retarget.urdf import parse_urdf  # noqa: E402

URDF = """<robot name="r"><link name="a">
<visual><geometry><mesh filename="package://nowhere/a.stl"/></geometry></visual>
<visual><geometry><mesh filename="file:///nowhere/b.stl"/></geometry></visual>
<visual><origin xyz="0 0 1"/><geometry><box size="2 4 6"/></geometry></visual></link>
<link name="b"><visual><geometry><cylinder radius="0.5" length="2"/></geometry></visual>
<visual><geometry><sphere radius="0.5"/></geometry></visual></link>
<joint name="j" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>
<limit lower="-1" upper="1" velocity="1" effort="1"/></joint></robot>"""


def volume(shape):
    corners = shape.vertices[shape.faces]
    return float(np.einsum(
        'ij,ij->i', corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6.0)


def test_missing_meshes_are_left_out_and_solids_are_closed_and_seen_from_outside():
    box, cylinder, sphere = robot_shapes(RobotModel(parse_urdf(URDF)))
    assert (box.joint, cylinder.joint, sphere.joint) == (-1, 0, 0)
    assert box.vertices.mean(axis=0) == pytest.approx([0.0, 0.0, 1.0])
    assert volume(box) == pytest.approx(48.0)
    assert volume(cylinder) == pytest.approx(np.pi / 2.0, rel=0.05)
    assert volume(sphere) == pytest.approx(np.pi / 6.0, rel=0.05)


def test_meshes_of_an_example_are_found_and_thinned_without_moving(robots):
    robot = robots('g1').robot
    thin, whole = robot_shapes(robot), robot_shapes(robot, 0.0)
    assert len(thin) == len(whole) == 35
    assert sum(len(shape.faces) for shape in thin) < 0.3 * sum(len(s.faces) for s in whole)
    for a, b in zip(thin, whole):
        np.testing.assert_allclose(a.vertices.min(0), b.vertices.min(0), atol=0.01)
        np.testing.assert_allclose(a.vertices.max(0), b.vertices.max(0), atol=0.01)


def test_meshes_with_the_y_axis_up_stand_upright(robots):
    """All of the iCub's are; read as they are they lie down, beside their joints."""
    icub = robots('icub')
    heights = {
        joint: np.ptp(points @ icub.plan.axes, axis=0)
        for joint, points in neutral_vertices(icub.robot).items()}
    for name in ('left_leg', 'right_leg'):
        shank = heights[icub.plan.limbs[name].middle]
        assert shank[2] > 1.5 * shank[0] and shank[2] > 1.5 * shank[1]
