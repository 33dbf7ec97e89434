# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A person and a robot in the same pose, side by side, from the front and from the side."""

from __future__ import annotations

import numpy as np
from PIL import Image

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.drawing import Solid, draw
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_shapes import RobotShape, capsule_shape, robot_shapes
from motion_avatar_ros.retarget.solver import RobotPose

_CELL_PX = (300, 400)
_PX_PER_M = 190.0
_VIEWS_DEG = (0.0, 60.0)
_PERSON_RGB = (175, 172, 160)
_STEPS, _STEP_S = 60, 0.1       # until the robot has arrived
#: Rotation vectors [rad] of a pose in which left and right, front and back differ.
_POSE = {
    'left_shoulder': (0.0, -0.9, -0.2), 'left_elbow': (0.0, -0.9, 0.0),
    'right_shoulder': (0.0, 0.0, 0.35), 'right_elbow': (0.0, 0.0, -1.2),
    'left_hip': (-0.7, 0.0, 0.0), 'left_knee': (0.9, 0.0, 0.0), 'left_ankle': (-0.2, 0.0, 0.0),
    'spine2': (0.0, 0.25, 0.0), 'head': (0.0, 0.2, 0.0),
}
_PELVIS_M = 0.94


def example_pose() -> BodyPose:
    """Return who faces +x on one leg, one arm forward, the other out with its hand up."""
    vectors = np.zeros((JOINT_COUNT, 3))
    for name, vector in _POSE.items():
        vectors[JOINT_INDEX[name]] = vector
    local = matrix_from_axis_angle(vectors)
    local[0] = ROS_FROM_SMPL @ local[0]
    return BodyPose(local, np.array([0.0, 0.0, _PELVIS_M]))


def robot_solids(
    robot: RobotModel, shapes: list[RobotShape], pose: RobotPose
) -> list[Solid]:
    """Return a robot's shapes where they are in a pose, in the world."""
    import pinocchio

    quaternion = pinocchio.Quaternion(np.asarray(pose.base_rotation)).coeffs()
    pinocchio.forwardKinematics(robot.model, robot.data, np.concatenate(
        (pose.base_position, quaternion, pose.joints)))
    solids = []
    for shape in shapes:
        place = robot.data.oMi[shape.joint + 2]
        solids.append(Solid(
            shape.vertices @ place.rotation.T + place.translation, shape.faces, shape.rgb))
    return solids


def visible_shapes(retargeter: Retargeter) -> list[RobotShape]:
    """Return what a robot looks like, capsules where its meshes are not found."""
    try:
        shapes = robot_shapes(retargeter.robot)
    except ValueError:
        shapes = []
    collision = retargeter.solver.collision
    if shapes or collision is None:
        return shapes
    return [capsule_shape(retargeter.robot, capsule) for capsule in collision.capsules]


def draw_side_by_side(retargeter: Retargeter, pose: BodyPose | None = None) -> Image.Image:
    """
    Draw a person, and the robot once it has arrived in the person's pose.

    Args:
        retargeter: of the robot; it begins afresh.
        pose: one pose; `example_pose` where none is given.
    """
    pose = pose or example_pose()
    retargeter.solver.reset()
    for _ in range(_STEPS):
        followed = retargeter.step(pose, _STEP_S)
    skinner = Skinner(load_builtin_mesh('fine'))
    on_floor = np.array([1.0, 1.0, 0.0])
    person = [Solid(
        skinner.skin(pose) - on_floor * pose.root_position, skinner.mesh.faces, _PERSON_RGB)]
    robot = robot_solids(retargeter.robot, visible_shapes(retargeter), RobotPose(
        followed.base_rotation, followed.base_position * (1.0 - on_floor), followed.joints))
    width, height = _CELL_PX
    picture = Image.new('RGB', (2 * len(_VIEWS_DEG) * width, height), 'white')
    for column, (solids, azimuth_deg) in enumerate(
            (each, azimuth) for azimuth in _VIEWS_DEG for each in (person, robot)):
        picture.paste(
            draw(solids, _CELL_PX, _PX_PER_M, azimuth_deg, ground_px=20), (column * width, 0))
    return picture
