# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot on the web page: a rigid mesh per joint, of which only transforms travel. No ROS."""

from __future__ import annotations

import numpy as np
import viser

from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_shapes import robot_shapes
from motion_avatar_ros.ros.web_view import WebView


class RobotFigure:
    """A robot's visible parts."""

    def __init__(self, view: WebView, name: str, robot: RobotModel) -> None:
        """Put the robot on the page, unseen until its first pose."""
        import pinocchio

        self._pin = pinocchio
        self._view = view
        self._robot = robot
        self._numbers = {joint.name: number for number, joint in enumerate(robot.joints)}
        scene, path = view.server.scene, view.scene_path(name)
        scene.remove_by_name(path)  # of a robot before this one
        self._root = scene.add_frame(path, show_axes=False, visible=False)
        self._frames: dict[int, viser.FrameHandle] = {}
        for number, shape in enumerate(robot_shapes(robot)):
            if shape.joint not in self._frames:
                self._frames[shape.joint] = scene.add_frame(
                    f'{path}/{shape.joint + 1}', show_axes=False)
            scene.add_mesh_simple(
                f'{path}/{shape.joint + 1}/{number}', shape.vertices.astype(np.float32),
                shape.faces.astype(np.uint32), color=shape.rgb, flat_shading=False,
                side='double')

    def show(
        self, joints: dict[str, float], position_m: np.ndarray, quaternion_xyzw: np.ndarray
    ) -> None:
        """Draw it with joints [rad] by name, its base link at a place in the tracking space."""
        q = np.concatenate((position_m, quaternion_xyzw, np.zeros(len(self._numbers))))
        for name, value in joints.items():
            if name in self._numbers:
                q[7 + self._numbers[name]] = value
        data = self._robot.data
        self._pin.forwardKinematics(self._robot.model, data, q)
        with self._view.server.atomic():
            for joint, frame in self._frames.items():
                place = data.oMi[joint + 2]
                frame.position = place.translation
                frame.wxyz = np.roll(self._pin.Quaternion(place.rotation).coeffs(), 1)
            self._root.visible = True

    def hide(self) -> None:
        """Take it from the page until the next pose."""
        self._root.visible = False
