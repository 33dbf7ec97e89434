# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""URDFs as they come: broken, huge, hostile, or with joints that a body is not posed by."""

from __future__ import annotations

import os
from xml.etree import ElementTree

import pytest

from motion_avatar_ros.retarget.urdf import (
    DEFAULT_VELOCITY_RAD_S, MAX_BYTES, UrdfError, find_urdf, parse_urdf, read_urdf,
)


def urdf(joint='<limit lower="-1" upper="1" velocity="2" effort="3"/>', kind='revolute'):
    return f"""<robot name="two">
      <link name="a"><visual><geometry><mesh filename="package://none/a.stl"/></geometry></visual>
      </link>
      <link name="b"/>
      <joint name="j" type="{kind}"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>{joint}
      </joint></robot>"""


def joint_of(text):
    parsed = parse_urdf(text)
    joint = ElementTree.fromstring(parsed.xml).find('joint')
    return joint.get('type'), joint.find('limit'), parsed.notes


def test_missing_meshes_do_not_matter_and_limits_are_kept():
    parsed = parse_urdf(urdf())
    assert 'mesh' not in parsed.xml and parsed.notes == ()
    limit = ElementTree.fromstring(parsed.xml).find('joint/limit')
    assert [float(limit.get(key)) for key in ('lower', 'upper', 'velocity')] == [-1.0, 1.0, 2.0]


@pytest.mark.parametrize(('kind', 'joint', 'becomes', 'note'), [
    ('continuous', '', 'revolute', 'velocity'),
    ('revolute', '<limit lower="-1" upper="1" velocity="0"/>', 'revolute', 'no velocity limit'),
    ('revolute', '<limit velocity="1"/>', 'revolute', 'no range'),
    ('revolute', '<limit lower="-1" upper="1" velocity="1"/><mimic joint="k"/>', 'fixed',
     'follows another'),
    ('prismatic', '<limit lower="0" upper="1" velocity="1"/>', 'fixed', 'prismatic'),
    ('fixed', '', 'fixed', None),
])
def test_joints_of_every_kind_are_settled_and_what_was_changed_is_noted(
    kind, joint, becomes, note
):
    settled, limit, notes = joint_of(urdf(joint, kind))
    assert settled == becomes
    if note is None:
        assert notes == ()
    else:
        assert any(note in line and "'j'" in line for line in notes)
    if becomes == 'revolute':
        assert float(limit.get('lower')) < float(limit.get('upper'))
        assert float(limit.get('velocity')) in (1.0, DEFAULT_VELOCITY_RAD_S)


def drawn(mesh: str) -> str:
    return (f'<link name="b"><visual><geometry><mesh filename="{mesh}"/></geometry></visual>'
            '</link>')


@pytest.mark.parametrize(('text', 'word'), [
    ('', 'no XML'), ('<robot', 'no XML'), ('<html/>', 'no URDF'), ('<robot/>', 'no URDF'),
    ('<!DOCTYPE r [<!ENTITY x "y">]><robot><link name="a"/></robot>', 'entities'),
    (urdf('<limit lower="low" upper="1"/>'), "lower of joint 'j' is 'low'"),
    (urdf('<limit lower="nan" upper="1"/>'), 'not a number'),
    (urdf(kind='hinge'), "of type 'hinge'"),
    (urdf().replace('<child link="b"/>', '<child link="c"/>'), "child 'c'"),
    (urdf().replace('<child link="b"/>', ''), "child ''"),
    (urdf().replace('<parent link="a"/>', '<parent link="b"/>'), 'hangs on itself'),
    (urdf().replace('<link name="b"/>', '<link name="b"/><link name="c"/>'),
     '2 links have no parent'),
    pytest.param('x' * (MAX_BYTES + 1), 'more than', id='huge'),
    (urdf().replace('<link name="b"/>', drawn('package://r/../../secret.stl')), 'leaves its'),
    (urdf().replace('<link name="b"/>', drawn('package://r/%2e%2e/secret.stl')), 'leaves its'),
])
def test_what_is_no_usable_urdf_is_refused_in_one_line(text, word):
    with pytest.raises(UrdfError, match=word) as refusal:
        parse_urdf(text)
    assert '\n' not in str(refusal.value)


def test_files_that_are_missing_huge_or_binary_are_refused(tmp_path):
    with pytest.raises(UrdfError, match='no such file; examples: g1'):
        find_urdf(tmp_path / 'none.urdf')
    huge = tmp_path / 'huge.urdf'
    huge.write_bytes(b' ' * (MAX_BYTES + 1))
    with pytest.raises(UrdfError, match='more than'):
        read_urdf(huge)
    binary = tmp_path / 'binary.urdf'
    binary.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(UrdfError, match='cannot be read'):
        read_urdf(binary)


def test_a_mesh_of_two_gigabytes_is_refused_and_one_beside_the_file_may_be_above_it(tmp_path):
    mesh = tmp_path / 'huge.stl'
    with open(mesh, 'wb') as file:
        os.truncate(file.fileno(), 2 * 1024 ** 3)
    (tmp_path / 'urdf').mkdir()
    robot = tmp_path / 'urdf' / 'r.urdf'
    robot.write_text(urdf().replace('<link name="b"/>', drawn('../huge.stl')))
    with pytest.raises(UrdfError, match='huge.stl.* has more than'):
        read_urdf(robot)
    os.truncate(mesh, 100)
    assert '/urdf/../huge.stl"' in read_urdf(robot).description
