# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of mesh_node."""

from __future__ import annotations

from collections.abc import Mapping
import re
from typing import Any

import numpy as np

from motion_avatar_ros.body.mesh import MESH_FILES, BodyMesh, load_builtin_mesh
from motion_avatar_ros.body.smpl_file import load_smpl
from motion_avatar_ros.body.vertex_colors import ColorBy
from motion_avatar_ros.ros.parameters import Parameter, ParameterError

MESH_PARAMETERS = (
    Parameter('body_topic', 'avatar_node/joint_states', 'topic of the body JointState'),
    Parameter('description_topic', 'avatar_node/robot_description',
              "latched topic of the avatar's URDF; bone lengths are taken from it if it arrives"),
    Parameter('resolution', 'coarse',
              'built-in mesh: coarse has 2,454 triangles, fine 26,756 (2 MB per message)',
              choices=tuple(MESH_FILES)),
    Parameter('body_model', '',
              'your SMPL, SMPL-H or SMPL-X file, .npz or .pkl, instead of the built-in mesh'),
    Parameter('betas', '', "its shape: up to as many numbers as it has, such as '0.5,-1.2'"),
    Parameter('rate_hz', 60.0, 'meshes per second at most', 0.1, 1000.0),
    Parameter('color', '#9eb2cc', 'colour of the mesh: #rrggbb or #rrggbbaa'),
    Parameter('color_by', ColorBy.NOTHING.value,
              'what colours say beside that one: part of the body; speed, blue at 3 m/s; '
              'confidence, orange where there is none',
              choices=tuple(each.value for each in ColorBy)),
    Parameter('confidence_topic', 'avatar_node/confidence', 'JointState for that'),
    Parameter('lifetime_s', 1.0,
              'the mesh disappears that long after the last message; 0 keeps it', 0.0, 3600.0),
    Parameter('marker_namespace', 'body', 'namespace of the marker'),
)


def load_body_mesh(values: Mapping[str, Any]) -> BodyMesh:
    """
    Return the mesh that is asked for.

    Raises:
        ParameterError: `betas` are no numbers, or asked for without a model.
        MeshFileError: the model's file cannot be used.
    """
    try:
        betas = np.array([float(each) for each in values['betas'].split(',') if each.strip()])
    except ValueError:
        raise ParameterError(
            f"parameter 'betas' is '{values['betas']}'; allowed: numbers, such as '0.5,-1.2'"
        ) from None
    if values['body_model']:
        return load_smpl(values['body_model'], betas)
    if betas.size:
        raise ParameterError("parameter 'betas' needs a body_model; the built-in mesh has none")
    return load_builtin_mesh(values['resolution'])


def color_rgba(values: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """
    Return the colour, each channel 0 .. 1.

    Raises:
        ParameterError: the text is no colour.
    """
    text = values['color']
    if re.fullmatch(r'#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})', text) is None:
        raise ParameterError(
            f"parameter 'color' is '{text}'; allowed: #rrggbb or #rrggbbaa, such as #9eb2cc")
    channels = [int(text[start:start + 2], 16) / 255.0 for start in range(1, len(text), 2)]
    red, green, blue, alpha = (*channels, 1.0)[:4]
    return red, green, blue, alpha
