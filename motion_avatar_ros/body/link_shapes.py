# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Simple shapes of the avatar's links: capsules, boxes and a head, which read as a person."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from motion_avatar_ros.body.axes import ros_offsets
from motion_avatar_ros.body.skeleton import JOINT_INDEX, JOINT_NAMES, REST_OFFSETS_M

_COLOR = '0.62 0.70 0.80 1'
#: Radius [m] of the capsule from a joint to the joint after it.
_CAPSULES = {
    'spine1': ('spine2', 0.115), 'spine2': ('spine3', 0.12), 'spine3': ('neck', 0.08),
    'neck': ('head', 0.05),
} | {
    f'{side}_{joint}': (f'{side}_{after}', radius)
    for side in ('left', 'right')
    for joint, (after, radius) in {
        'hip': ('knee', 0.07), 'knee': ('ankle', 0.05), 'collar': ('shoulder', 0.06),
        'shoulder': ('elbow', 0.045), 'elbow': ('wrist', 0.036),
    }.items()
}
#: Radius [m] of the capsule across, between the left and the right joint after it.
_ACROSS = {'pelvis': ('hip', 0.085), 'spine3': ('collar', 0.1)}
#: Boxes: size and centre [m], REP-103 axes, y of a left limb; the right one is its mirror.
_BOXES = {
    'ankle': ((0.2, 0.08, 0.06), (0.045, 0.012, -0.045)),
    'foot': ((0.09, 0.09, 0.04), (0.035, 0.005, 0.0)),
    'wrist': ((0.085, 0.17, 0.03), (0.0, 0.09, 0.0)),
}
_HEAD_RADIUS_M = 0.1
_HEAD_CENTRE_M = np.array([0.025, 0.0, 0.085])
_NOSE_RADIUS_M = 0.02


def add_link_shapes(link: ElementTree.Element, joint: int, offsets_ros: np.ndarray) -> None:
    """
    Add the visuals of the link that hangs at a joint.

    Args:
        link: URDF element.
        joint: index of the joint.
        offsets_ros: (22, 3) parent to joint [m], REP-103 axes; shapes grow with them.
    """
    scale = float(np.linalg.norm(offsets_ros, axis=-1).sum()
                  / np.linalg.norm(ros_offsets(REST_OFFSETS_M), axis=-1).sum())
    name = JOINT_NAMES[joint]
    side, _, part = name.rpartition('_')
    if name in _CAPSULES:
        after, radius = _CAPSULES[name]
        _capsule(link, np.zeros(3), offsets_ros[JOINT_INDEX[after]], scale * radius)
    if name in _ACROSS:
        after, radius = _ACROSS[name]
        left, right = (offsets_ros[JOINT_INDEX[f'{side}_{after}']] for side in ('left', 'right'))
        _capsule(link, left, right, scale * radius)
    if name == 'pelvis':
        _capsule(link, np.zeros(3), offsets_ros[JOINT_INDEX['spine1']], scale * 0.11)
    elif name == 'head':
        centre = scale * _HEAD_CENTRE_M
        _sphere(link, centre, scale * _HEAD_RADIUS_M)
        forward = np.array([scale * _HEAD_RADIUS_M, 0.0, 0.0])  # a nose shows the direction
        _sphere(link, centre + forward, scale * _NOSE_RADIUS_M)
    elif part in _BOXES:
        size, centre = (scale * np.array(values) for values in _BOXES[part])
        mirror = np.array([1.0, -1.0 if side == 'right' else 1.0, 1.0])
        geometry = _visual(link, centre * mirror)
        ElementTree.SubElement(geometry, 'box', size=_text(size))


def _capsule(
    link: ElementTree.Element, start: np.ndarray, end: np.ndarray, radius_m: float
) -> None:
    x, y, z = end - start
    rpy = np.array([0.0, np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)])
    geometry = _visual(link, (start + end) / 2.0, rpy)
    ElementTree.SubElement(
        geometry, 'cylinder', radius=f'{radius_m:.4f}',
        length=f'{np.linalg.norm(end - start):.4f}')
    _sphere(link, start, radius_m)
    _sphere(link, end, radius_m)


def _sphere(link: ElementTree.Element, centre: np.ndarray, radius_m: float) -> None:
    ElementTree.SubElement(_visual(link, centre), 'sphere', radius=f'{radius_m:.4f}')


def _visual(
    link: ElementTree.Element, xyz: np.ndarray, rpy: np.ndarray = np.zeros(3)
) -> ElementTree.Element:
    visual = ElementTree.SubElement(link, 'visual')
    ElementTree.SubElement(visual, 'origin', xyz=_text(xyz), rpy=_text(rpy))
    geometry = ElementTree.SubElement(visual, 'geometry')
    material = ElementTree.SubElement(visual, 'material', name='avatar')
    ElementTree.SubElement(material, 'color', rgba=_COLOR)
    return geometry


def _text(values: np.ndarray) -> str:
    return ' '.join(f'{value:.4f}' for value in values)
