# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Left and right exchanged: poses, and the words for them."""

from __future__ import annotations

import re

import numpy as np

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import MIRRORED_JOINT, PELVIS

_ACROSS_BODY = np.diag([-1.0, 1.0, 1.0])    # x of SMPL's axes is left
_ACROSS_WORLD = np.diag([1.0, -1.0, 1.0])
_OTHER = {'left': 'right', 'right': 'left'}
_SIDE = re.compile(
    r'\b(?P<side>left|right)(?=(?:-?(?:wards?|most|sides?|hand|handed|foot|footed|leg|arm))?\b)'
    r'|\b(?P<against>(?:counter|anti)[- ]?)?clockwise\b', re.IGNORECASE)


def mirrored_motion(motion: Motion) -> Motion:
    """Return a motion with left and right exchanged, in a world mirrored at y = 0."""
    local = _ACROSS_BODY @ motion.poses.local_rotations[:, list(MIRRORED_JOINT)] @ _ACROSS_BODY
    local[:, PELVIS] = _ACROSS_WORLD @ motion.poses.local_rotations[:, PELVIS] @ _ACROSS_BODY
    return Motion(
        BodyPose(local, motion.poses.root_position @ _ACROSS_WORLD), motion.rate_hz)


def mirrored_text(text: str) -> str:
    """Return a text with the words for left and right, and for the two turns, exchanged."""
    return _SIDE.sub(_other_side, text)


def _other_side(match: re.Match[str]) -> str:
    word = match.group()
    if match['side']:
        other = _OTHER[word.lower()]
    else:
        other = 'clockwise' if match['against'] else 'counterclockwise'
    return other.capitalize() if word[0].isupper() else other
