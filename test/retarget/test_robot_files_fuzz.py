# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Robots and mappings of strangers: a robot that can be posed, or one clear line."""

from __future__ import annotations

from pathlib import Path
from random import Random

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, mutated_values, random_bytes
import numpy as np
import pytest
import yaml

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.retarget.body_plan import (  # noqa: E402
    BodyPlan, BodyPlanError, find_body_plan,
)
from motion_avatar_ros.retarget.mapping_file import MappingError, read_mapping  # noqa: E402
from motion_avatar_ros.retarget.robot_model import RobotModel  # noqa: E402
from motion_avatar_ros.retarget.robot_shapes import robot_shapes  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, parse_urdf, read_urdf  # noqa: E402

SHIPPED = Path(__file__).parents[2] / 'config' / 'robots'
SMALL = """<?xml version="1.0"?>
<robot name="small">
  <link name="base"><inertial><mass value="2"/><origin xyz="0 0 0.1" rpy="0 0 0"/>
    <inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>
    <visual><origin xyz="0 0 0"/><geometry><box size="0.1 0.2 0.3"/></geometry></visual></link>
  <link name="arm"><visual><geometry><cylinder radius="0.1" length="0.4"/></geometry></visual>
    <collision><geometry><mesh filename="package://a/b.stl" scale="1 1 1"/></geometry></collision>
  </link>
  <link name="hand"><visual><geometry><sphere radius="0.05"/></geometry>
    <material name="red"><color rgba="1 0 0 1"/></material></visual></link>
  <link name="finger"/>
  <joint name="shoulder" type="revolute"><parent link="base"/><child link="arm"/>
    <origin xyz="0 0.1 0.3" rpy="0 0.1 0"/><axis xyz="0 1 0"/>
    <limit lower="-1.5" upper="1.5" velocity="3" effort="20"/></joint>
  <joint name="wrist" type="continuous"><parent link="arm"/><child link="hand"/>
    <origin xyz="0 0 0.4"/><axis xyz="0 0 1"/><dynamics damping="0.1"/></joint>
  <joint name="grip" type="prismatic"><parent link="hand"/><child link="finger"/>
    <axis xyz="1 0 0"/><limit lower="0" upper="0.04" velocity="1" effort="1"/>
    <mimic joint="wrist" multiplier="2"/></joint>
</robot>
"""


def whole(text: str) -> RobotModel:
    """Return a robot as every node reads it: parsed, modelled, drawn, its body plan looked for."""
    robot = RobotModel(parse_urdf(text))
    robot_shapes(robot)
    try:
        find_body_plan(robot.joints)
    except BodyPlanError as error:
        assert str(error).isprintable()
    return robot


def check(robot: RobotModel) -> None:
    """Require joints that can be posed."""
    assert robot.joints
    for joint in robot.joints:
        assert np.isfinite(joint.position).all() and np.isfinite(joint.mass_center).all()
        assert abs(np.linalg.norm(joint.axis) - 1.0) < 1e-6
        assert np.isfinite([joint.lower, joint.upper]).all() and joint.lower < joint.upper
        assert 0.0 < joint.velocity < np.inf


def test_a_fuzzed_urdf_is_a_robot_that_can_be_posed_or_refused():
    seeds = [SMALL]
    fuzz('URDF', lambda random: mutated_text(random, seeds), whole, (UrdfError,), 1000, check)


def test_fuzzed_descriptions_of_a_humanoid_are_robots_or_refused(robots):
    seeds = [robots('g1').robot.kinematics_xml]
    fuzz('URDF of G1', lambda random: mutated_text(random, seeds, most=8), whole, (UrdfError,),
         60, check)


def test_the_bytes_of_a_fuzzed_urdf_are_a_robot_or_refused(tmp_path):
    path = tmp_path / 'robot.urdf'

    def draw(random: Random) -> bytes:
        if random.random() < 0.9:
            return mutated_bytes(random, [SMALL.encode()], most=2)
        return random_bytes(random, (
            b'<robot>', b'<?xml version="1.0" encoding="utf-16"?>', b'\xff\xfe<'))

    def parse(data: bytes) -> RobotModel:
        path.write_bytes(data)
        return RobotModel(read_urdf(path))

    fuzz('URDF bytes', draw, parse, (UrdfError,), 300, check)


def test_a_fuzzed_mapping_is_a_plan_of_the_robot_or_refused(robots, tmp_path):
    robot = robots('g1').robot
    path = tmp_path / 'mapping.yaml'
    seeds = [(SHIPPED / f'{name}.yaml').read_text() for name in ('g1', 'g1', 'talos')]

    def draw(random: Random) -> bytes:
        if random.random() < 0.5:
            values = mutated_values(random, yaml.safe_load(seeds[0]))
            return yaml.safe_dump(values, sort_keys=False).encode('utf-8', 'surrogatepass')
        if random.random() < 0.2:
            return mutated_bytes(random, [seed.encode() for seed in seeds])
        return mutated_text(random, seeds).encode('utf-8', 'surrogatepass')

    def parse(data: bytes) -> BodyPlan:
        path.write_bytes(data)
        return read_mapping(path, robot)

    def is_plan(plan: BodyPlan) -> None:
        np.testing.assert_allclose(plan.axes.T @ plan.axes, np.eye(3), atol=1e-2)
        for limb in plan.limbs.values():
            assert limb.middle in limb.joints and limb.end in limb.joints
            assert len(set(limb.joints)) == len(limb.joints)
            assert np.isfinite([limb.root_m, limb.middle_m, limb.end_m]).all()
            assert max(limb.lengths_m) < 100.0
            np.testing.assert_allclose(limb.end_turn @ limb.end_turn.T, np.eye(3), atol=1e-6)

    fuzz('mapping YAML', draw, parse, (MappingError,), 200, is_plan)
