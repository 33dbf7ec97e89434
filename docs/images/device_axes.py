# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Draws device_axes.png: the axes of a headset and two controllers on a T-pose, by profile quest.

Needs matplotlib, which the package does not: pip install matplotlib, then
python docs/images/device_axes.py from the repository's root.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib import pyplot
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL, ros_global_rotations
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import matrix_from_quaternion
from motion_avatar_ros.body.skeleton import JOINT_COUNT, TRACKED_JOINTS
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.trackers.device_profile_file import load_profile
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

COLOURS = ('#d62728', '#2ca02c', '#1f77b4')
LABELS = {'head': 'viewer', 'left_hand': 'left grip', 'right_hand': 'right grip'}
LENGTH_M = 0.2
# From the front, a little from above and from the operator's left.
VIEW = {'elev': 14.0, 'azim': 28.0}


def t_pose() -> BodyPose:
    """Return the rest pose, facing along x."""
    rotations = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    rotations[0] = ROS_FROM_SMPL
    return BodyPose(rotations, np.array([0.0, 0.0, 0.95]))


def draw_body(panel: pyplot.Axes, pose: BodyPose) -> None:
    """Draw the mesh, shaded."""
    mesh = load_builtin_mesh('fine')
    corners = Skinner(mesh).skin(pose)[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    light = 0.62 + 0.3 * np.clip(normals @ np.array([0.7, 0.35, 0.62]), -0.6, 1.0)
    panel.add_collection3d(Poly3DCollection(
        corners, facecolors=np.column_stack((light, light, light * 1.02, 0.4 * np.ones(
            len(light)))).clip(0.0, 1.0), linewidths=0.0))


def draw_axes(panel: pyplot.Axes, origin: np.ndarray, axes: np.ndarray, label: str) -> None:
    """Draw three axes, the columns of a matrix, with their names."""
    for column, (name, colour) in enumerate(zip('xyz', COLOURS)):
        tip = origin + LENGTH_M * axes[:, column]
        panel.plot(*np.column_stack((origin, tip)), color=colour, linewidth=2.6, zorder=10)
        panel.text(*(origin + 1.22 * LENGTH_M * axes[:, column]), name, color=colour, zorder=11,
                   fontsize=11, ha='center', va='center')
    above_m = 0.34 if 'hand' not in label and 'grip' not in label else -0.36
    panel.text(*(origin + np.array([0.0, 0.0, above_m])), label, zorder=11, fontsize=10,
               ha='center')


def main() -> None:
    """Draw what is sent, what the profile makes of it, and the joints, side by side."""
    profile = load_profile('quest')
    pose = t_pose()
    rotations, joints = pose.global_joints()
    rotations = ros_global_rotations(rotations)
    titles = ('as OpenXR has them: viewer and grips',
              'the same devices in REP-103 axes',
              'the joints they are worn at, by the offsets')
    figure = pyplot.figure(figsize=(17.0, 4.4))
    for number, title in enumerate(titles):
        panel = figure.add_subplot(1, 3, number + 1, projection='3d', computed_zorder=False)
        draw_body(panel, pose)
        for tracker, joint in zip(TRACKER_NAMES, TRACKED_JOINTS):
            offset = profile.offsets[tracker]
            device = rotations[joint] @ matrix_from_quaternion(
                np.array(offset.quaternion_xyzw)).T
            place = joints[joint] - device @ np.array(offset.position_m)
            if number == 0:
                convention = profile.conventions[tracker]
                draw_axes(panel, place, device @ convention.device.matrix, LABELS[tracker])
            elif number == 1:
                draw_axes(panel, place, device, tracker)
            else:
                draw_axes(panel, joints[joint], rotations[joint], tracker)
        panel.set(xlim=(-0.5, 0.5), ylim=(-0.95, 0.95), zlim=(0.9, 1.9))
        panel.set_box_aspect((1.0, 1.9, 1.0), zoom=1.28)
        panel.view_init(**VIEW)
        panel.set_axis_off()
        panel.text2D(0.5, 0.02, title, transform=panel.transAxes, ha='center', fontsize=12)
    figure.subplots_adjust(0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
    figure.savefig(Path(__file__).with_suffix('.png'), dpi=80)


if __name__ == '__main__':
    main()
