# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where trackers come from: the parameters that say so, and the rules that span them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any

from motion_avatar_ros.body.human_frames import HUMAN_LINKS, human_frame
from motion_avatar_ros.ros.parameters import Parameter, ParameterError
from motion_avatar_ros.trackers.device_profile import DeviceProfile
from motion_avatar_ros.trackers.device_profile_file import load_profile
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.pose_algebra import IDENTITY

ALL_TRACKER_NAMES = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
_Z_UP_FRAME = 'odom'
#: A ROS list cannot be empty, an entry of it can.
NO_NAMES = ['']

TRACKER_PARAMETERS = (
    Parameter('profile', 'generic',
              'what is worn and how it comes: frames, axes, delay and typical offsets of the '
              'devices; a file of config/trackers by name, or any YAML file'),
    Parameter('input', 'tf', 'where trackers come from: TF frames, or PoseStamped topics',
              choices=('tf', 'pose')),
    Parameter('fixed_frame', '',
              "frame of the source's world, which the trackers move in; empty: as in the "
              'profile, in the generic one odom'),
    Parameter('body_frame', '',
              'frame that the body is given in, z up; empty: fixed_frame where the profile says '
              'that its axes are those of REP-103, else odom'),
    Parameter('optional_trackers', NO_NAMES,
              'trackers to take beside head and hands, out of '
              f'{", ".join(OPTIONAL_TRACKER_NAMES)}; they may come and go'),
    *(Parameter(f'trackers.{name}', '',
                f'TF frame of the {name.replace("_", " ")}; empty: as in the profile, in the '
                f'generic one {name}_tracker')
      for name in ALL_TRACKER_NAMES),
    *(Parameter(f'pose_topics.{name}', f'{name}_tracker/pose',
                f'topic of the {name.replace("_", " ")}, with input: pose')
      for name in ALL_TRACKER_NAMES),
)


@dataclass(frozen=True)
class TrackerSources:
    """
    Where each tracker comes from.

    Attributes:
        kind: 'tf' or 'pose'.
        names: TF frame or topic by tracker, head and hands first.
        parameters: the parameter that names it, by tracker.
        profile: of the devices.
        fixed_frame: TF frame of the source's world.
        body_frame: TF frame of the body, z up.
    """

    kind: str
    names: dict[str, str]
    parameters: dict[str, str]
    profile: DeviceProfile
    fixed_frame: str
    body_frame: str


def tracker_sources(values: Mapping[str, Any]) -> TrackerSources:
    """
    Return the sources that the parameters name.

    Raises:
        ParameterError: a name is empty, serves two trackers, or is an output of this node.
        MotionAvatarError: the profile is unknown or bad.
    """
    profile = load_profile(values['profile'])
    fixed_frame = values['fixed_frame'] or profile.fixed_frame
    kind = values['input']
    prefix = 'trackers' if kind == 'tf' else 'pose_topics'
    trackers = (*TRACKER_NAMES, *_optional_trackers(values))
    parameters = {tracker: f'{prefix}.{tracker}' for tracker in trackers}
    names = {tracker: values[parameter] for tracker, parameter in parameters.items()}
    if kind == 'tf':
        names = {tracker: name or profile.frames[tracker] for tracker, name in names.items()}
    used_by: dict[str, str] = {}
    for tracker, name in names.items():
        parameter = parameters[tracker]
        if not name.strip('/ '):
            noun = 'frame' if kind == 'tf' else 'topic'
            raise ParameterError(f"parameter '{parameter}' is empty; allowed: name of a {noun}")
        if name in used_by:
            raise ParameterError(
                f"parameters '{used_by[name]}' and '{parameter}' are both '{name}'; allowed: "
                'another name for each tracker')
        used_by[name] = parameter
    own = values['body_id'], values.get('human_frames', False)
    body_frame = values['body_frame'] or default_body_frame(profile, fixed_frame)
    for parameter, name in (('fixed_frame', fixed_frame), ('body_frame', body_frame)):
        _check_input_frame(parameter, name, *own)
        if kind == 'tf' and name in used_by:
            raise ParameterError(
                f"parameters '{parameter}' and '{used_by[name]}' are both '{name}'; allowed: a "
                'tracker that moves in the fixed frame')
    if kind == 'tf':
        for tracker, name in names.items():
            _check_input_frame(parameters[tracker], name, *own)
    return TrackerSources(kind, names, parameters, profile, fixed_frame, body_frame)


def default_body_frame(profile: DeviceProfile, fixed_frame: str) -> str:
    """Return the frame of the body: the source's own where that is z up and its own z-up one."""
    is_z_up = profile.world_quaternion_xyzw == IDENTITY[1]
    return fixed_frame if is_z_up else _Z_UP_FRAME


def checked_names(
    values: Mapping[str, Any], parameter: str, allowed: tuple[str, ...]
) -> tuple[str, ...]:
    """
    Return the names that a list holds, in the order of `allowed`.

    Raises:
        ParameterError: one of them is none of `allowed`.
    """
    names = [name for name in values[parameter] if name]
    for name in names:
        if name not in allowed:
            raise ParameterError(
                f"parameter '{parameter}' holds '{name}'; allowed: {', '.join(allowed)}")
    return tuple(name for name in allowed if name in names)


def checked_body_id(values: Mapping[str, Any]) -> str:
    """Return body_id; ParameterError where it cannot prefix a frame."""
    body_id = values['body_id']
    if re.fullmatch(r'[A-Za-z0-9_]+', body_id) is None:
        raise ParameterError(
            f"parameter 'body_id' is '{body_id}'; allowed: letters, digits and underscores")
    return body_id


def _optional_trackers(values: Mapping[str, Any]) -> tuple[str, ...]:
    return checked_names(values, 'optional_trackers', OPTIONAL_TRACKER_NAMES)


def _check_input_frame(
    parameter: str, frame: str, body_id: str, has_human_frames: bool
) -> None:
    if not frame.strip() or frame.startswith('/'):
        raise ParameterError(
            f"parameter '{parameter}' is '{frame}'; allowed: name of a frame, no leading /")
    if has_human_frames and frame in {human_frame(link, body_id) for link in HUMAN_LINKS}:
        raise ParameterError(
            f"parameter '{parameter}' is '{frame}', which human_frames has this node itself "
            "move; allowed: another frame, or another body_id")
    if frame.startswith(f'{body_id}/'):
        raise ParameterError(
            f"parameter '{parameter}' is '{frame}', a link of the avatar that this node itself "
            f"moves; allowed: a frame outside '{body_id}/'")
