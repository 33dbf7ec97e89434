# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames on /tf that are this package's answers, and so no input: an avatar's and a robot's."""

from __future__ import annotations

BODY_ID = 'avatar'
ROBOT_FRAME_PREFIX = 'robot/'


def own_frames(
    body_id: str = BODY_ID, robot_frame_prefix: str = ROBOT_FRAME_PREFIX,
) -> tuple[str, ...]:
    """
    Return what the names of such frames begin with.

    Args:
        body_id: of the avatar, whose links are <body_id>/...
        robot_frame_prefix: of the links of the robot that follows it; '' for none.
    """
    return (f'{body_id}/', *((robot_frame_prefix,) if robot_frame_prefix else ()))
