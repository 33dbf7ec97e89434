# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures on the web page: a skinned body and a tracker. Knows no ROS."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.mesh import REST_JOINTS_M, BodyMesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.body.skeleton import JOINT_COUNT, REST_OFFSETS_M
from motion_avatar_ros.body.skinning import skeleton_scale
from motion_avatar_ros.ros.web_view import WebView, update_handle

BODY_COLOUR = (176, 190, 207)
TRUTH_COLOUR = (240, 150, 70)
#: Colour of a tracker by name; any other tracker is grey.
TRACKER_COLOURS = {
    'head': (120, 84, 190), 'left_hand': (18, 150, 136), 'right_hand': (214, 78, 92),
    'pelvis': (200, 160, 40), 'left_foot': (18, 120, 190), 'right_foot': (200, 90, 160),
}
_OTHER_COLOUR = (120, 120, 120)
_OLD_OPACITY = 0.3


class SkinnedFigure:
    """A body mesh of which only the 22 joint transforms travel to the page."""

    def __init__(
        self, view: WebView, name: str, mesh: BodyMesh, offsets_m: np.ndarray = REST_OFFSETS_M,
        colour: tuple[int, int, int] = BODY_COLOUR, opacity: float | None = None,
    ):
        """
        Put the mesh on the page, unseen until its first pose.

        Args:
            view: the page.
            name: scene name; a figure of the same name is replaced.
            mesh: fitted to the built-in skeleton.
            offsets_m: (22, 3) of the skeleton to pose [m], SMPL axes.
            colour: RGB, 0 to 255.
            opacity: 0 to 1, or None for a solid body.
        """
        scale = skeleton_scale(offsets_m)
        self._view = view
        self._offsets_m = offsets_m
        self._opacity = opacity
        self._mesh = view.server.scene.add_mesh_skinned(
            view.scene_path(name), (scale * mesh.vertices).astype(np.float32),
            mesh.faces.astype(np.uint32),
            bone_wxyzs=np.tile((1.0, 0.0, 0.0, 0.0), (JOINT_COUNT, 1)),
            bone_positions=scale * REST_JOINTS_M, skin_weights=mesh.dense_weights,
            color=colour, opacity=opacity, cast_shadow=opacity is None, receive_shadow=False,
            visible=False)

    def show(self, pose: BodyPose) -> None:
        """Draw one pose."""
        rotations, positions = pose.global_joints(self._offsets_m)
        wxyz = np.roll(quaternion_from_matrix(rotations), 1, axis=-1)
        with self._view.server.atomic():
            for bone, orientation, position in zip(self._mesh.bones, wxyz, positions):
                bone.wxyz = orientation
                bone.position = position
            self._mesh.visible = True

    def fade(self, is_old: bool) -> None:
        """Draw it pale while what it shows is old."""
        update_handle(self._mesh, opacity=_OLD_OPACITY if is_old else self._opacity)

    def hide(self) -> None:
        """Take it from the page until the next pose."""
        self._mesh.visible = False


class TrackerFigure:
    """One tracker: a coloured ball with its three axes (x red, y green, z blue)."""

    def __init__(self, view: WebView, name: str):
        scene, path = view.server.scene, view.scene_path(f'trackers/{name}')
        self._frame = scene.add_frame(
            path, axes_length=0.14, axes_radius=0.006, origin_radius=0.0, visible=False)
        scene.add_icosphere(
            f'{path}/ball', radius=0.028, color=TRACKER_COLOURS.get(name, _OTHER_COLOUR),
            subdivisions=3)

    def show(self, position_m: np.ndarray, quaternion_xyzw: np.ndarray) -> None:
        """Draw it at a place [m] and orientation, xyzw, in the tracking space."""
        self._frame.position = position_m
        self._frame.wxyz = np.roll(quaternion_xyzw, 1)
        self._frame.visible = True
