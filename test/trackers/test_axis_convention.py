# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses in any axes become poses in REP-103, mirrored worlds and bad numbers included."""

from __future__ import annotations

import itertools
import math
import timeit

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.trackers.axis_convention import (
    Axes, AxisConvention, AxisConventionError, REP_103,
)

OPENXR = Axes('-z', '-x', 'y')
UNITY = Axes('z', '-x', 'y')
MOTIVE = Axes('z', 'x', 'y')
ALL_AXES = [
    Axes(*(sign + name for sign, name in zip(signs, names)))
    for names in itertools.permutations('xyz')
    for signs in itertools.product(('', '-'), repeat=3)
]


def turned(convention: AxisConvention, rotation: Rotation) -> Rotation:
    """Return what a rotation in the source's axes becomes."""
    return Rotation.from_quat(convention.pose((0.0, 0.0, 0.0), rotation.as_quat().tolist())[1])


def assert_same(first: Rotation, second: Rotation) -> None:
    assert (first.inv() * second).magnitude() < 1e-12


def test_openxr_axes_become_rep_103():
    convention = AxisConvention(OPENXR, OPENXR)
    position, quaternion = convention.pose((0.3, 1.6, -2.0), (0.0, 0.0, 0.0, 1.0))
    assert position == (2.0, -0.3, 1.6)  # 2 m ahead, 0.3 m to the right, 1.6 m up
    assert quaternion == (0.0, 0.0, 0.0, 1.0)
    # A head that turns to the left turns about +y there and about +z here.
    assert_same(turned(convention, Rotation.from_euler('y', 0.4)), Rotation.from_euler('z', 0.4))
    # One that looks up turns about +x (right) there and about -y (left is +y) here.
    assert_same(turned(convention, Rotation.from_euler('x', 0.4)), Rotation.from_euler('y', -0.4))


def test_left_handed_world_of_unity_is_not_mirrored():
    convention = AxisConvention(UNITY, UNITY)
    assert convention.pose((0.3, 1.6, 2.0), (0.0, 0.0, 0.0, 1.0))[0] == (2.0, -0.3, 1.6)
    # Unity turns clockwise for positive angles: +y is to the right, +x is down, +z leans left
    # (seen from behind, counter-clockwise), which is about -x here.
    for axis, expected in (('y', ('z', -0.4)), ('x', ('y', 0.4)), ('z', ('x', -0.4))):
        assert_same(turned(convention, Rotation.from_euler(axis, 0.4)),
                    Rotation.from_euler(*expected))


def test_every_convention_is_the_two_permutations_and_a_rotation():
    rotation = Rotation.from_quat([0.1, -0.5, 0.3, 0.8])
    checked = 0
    for world, device in itertools.product(ALL_AXES, ALL_AXES):
        if world.is_right_handed is not device.is_right_handed:
            continue
        convention = AxisConvention(world, device)
        position, quaternion = convention.pose((1.0, 2.0, 3.0), rotation.as_quat().tolist())
        expected = world.matrix @ rotation.as_matrix() @ device.matrix.T
        np.testing.assert_allclose(position, world.matrix @ [1.0, 2.0, 3.0], atol=1e-12)
        np.testing.assert_allclose(
            Rotation.from_quat(quaternion).as_matrix(), expected, atol=1e-12)
        checked += 1
    assert checked == 2 * 24 * 24


def test_mixed_handedness_is_refused():
    with pytest.raises(AxisConventionError, match='right-handed and the device left-handed'):
        AxisConvention(OPENXR, UNITY)
    with pytest.raises(AxisConventionError, match='left-handed and the device right-handed'):
        AxisConvention(UNITY, REP_103)


@pytest.mark.parametrize(('names', 'problem'), [
    (('x', 'y', 'y'), 'not perpendicular'),
    (('x', 'y', '-x'), 'not perpendicular'),
    (('x', 'y', 'up'), "'up' is no axis; allowed: x, y, z, -x, -y, -z"),
    (('+x', 'y', 'z'), 'is no axis'),
])
def test_axes_that_span_no_space_are_refused(names, problem):
    with pytest.raises(AxisConventionError, match=problem):
        Axes(*names)


def test_unknown_quaternion_order_is_refused():
    with pytest.raises(AxisConventionError, match='allowed: xyzw, wxyz'):
        AxisConvention(quaternion_order='zyxw')


def test_order_and_unit_are_honoured():
    convention = AxisConvention(MOTIVE, MOTIVE, 'wxyz', 0.001)
    x, y, z, w = Rotation.from_euler('y', 0.5).as_quat().tolist()
    position, quaternion = convention.pose((100.0, 1600.0, -200.0), (w, x, y, z))
    np.testing.assert_allclose(position, (-0.2, 0.1, 1.6))
    assert_same(Rotation.from_quat(quaternion), Rotation.from_euler('z', 0.5))


def test_rep_103_changes_no_bit():
    pose = ((0.1, -0.0, 1e-300), (0.1, -0.2, 0.3, math.sqrt(1.0 - 0.14)))
    assert AxisConvention().pose(*pose) == pose
    assert str(AxisConvention().pose(*pose)) == str(pose)


@pytest.mark.parametrize('device', [OPENXR, MOTIVE], ids=['same', 'other'])
def test_bad_numbers_pass_through_for_the_gate_to_judge(device):
    convention = AxisConvention(OPENXR, device)
    unit = (0.0, 0.0, 0.0, 1.0)
    assert any(map(math.isnan, convention.pose((math.nan, 0.0, 0.0), unit)[0]))
    assert any(map(math.isinf, convention.pose((0.0, math.inf, 0.0), unit)[0]))
    assert any(map(math.isnan, convention.pose((0.0,) * 3, (math.nan, 0.0, 0.0, 1.0))[1]))
    assert convention.pose((0.0,) * 3, (0.0,) * 4)[1] == (0.0,) * 4
    longer = convention.pose((0.0,) * 3, (0.0, 3.0, 0.0, 4.0))[1]
    assert math.isclose(math.hypot(*longer), 5.0)


@pytest.mark.parametrize('convention', [
    AxisConvention(), AxisConvention(UNITY, UNITY, 'wxyz', 0.001), AxisConvention(OPENXR, REP_103),
], ids=['identity', 'permutation', 'general'])
def test_conversion_is_cheap(convention):
    pose = (1.0, 2.0, 3.0), (0.0, 0.0, 0.0, 1.0)
    least_s = min(timeit.repeat(lambda: convention.pose(*pose), number=1000, repeat=20)) / 1000
    assert least_s < 3e-6
