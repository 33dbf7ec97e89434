# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of avatar_node and the rules that span several of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any

from motion_avatar_ros.ros.parameters import Parameter, ParameterError
from motion_avatar_ros.trackers.gate import GateLimits
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

_GATE = GateLimits()

AVATAR_PARAMETERS = (
    Parameter('model', 'baseline', 'name of a shipped model, or a model folder'),
    Parameter('device', 'auto', 'where the model runs; auto takes CUDA where there is one',
              choices=('auto', 'cpu', 'cuda')),
    Parameter('threads', 1, 'CPU threads of the model', 1, 64),
    Parameter('input', 'tf', 'where trackers come from: TF frames, or PoseStamped topics',
              choices=('tf', 'pose')),
    Parameter('fixed_frame', 'odom', 'frame of the floor: z up, z = 0 on the floor'),
    Parameter('trackers.head', 'head_tracker', 'TF frame of the head, REP-103 axes'),
    Parameter('trackers.left_hand', 'left_hand_tracker', 'TF frame of the left hand'),
    Parameter('trackers.right_hand', 'right_hand_tracker', 'TF frame of the right hand'),
    Parameter('pose_topics.head', 'head_tracker/pose', 'topic of the head, with input: pose'),
    Parameter('pose_topics.left_hand', 'left_hand_tracker/pose', 'topic of the left hand'),
    Parameter('pose_topics.right_hand', 'right_hand_tracker/pose', 'topic of the right hand'),
    Parameter('body_id', 'avatar', 'prefix of the links of the avatar: <body_id>/pelvis ...'),
    Parameter('publish_tf', False,
              'put the links on /tf; leave off when a robot_state_publisher does'),
    Parameter('limits.max_joint_rad_s', 30.0,
              'fastest rotation of a joint that is shown; 1 in 1000 frames of motion capture has '
              'a joint above 26', 1.0, 200.0),
    Parameter('limits.max_root_m_s', 8.0,
              'fastest movement of the root that is shown; a relocated operator is reached '
              'within limits.blend_s instead', 0.5, 100.0),
    Parameter('limits.blend_s', 0.5,
              'time to go from the held pose to the new estimate after a hold, a restart or a '
              'reset', 0.1, 10.0),
    Parameter('stale_after_s', 0.25,
              'a tracker without accepted samples for this long holds the avatar', 0.05, 5.0),
    Parameter('watchdog_period_s', 0.05, 'how often staleness is looked at', 0.01, 1.0),
    Parameter('gate.max_speed_m_s', _GATE.max_speed_m_s,
              'a tracker sample farther away than this speed allows is refused', 1.0, 1000.0),
    Parameter('gate.max_turn_rad_s', _GATE.max_turn_rad_s,
              'a tracker sample turned farther than this rate allows is refused', 1.0, 1000.0),
    Parameter('gate.relocate_after_s', _GATE.relocate_after_s,
              'a jump that lasts this long is believed as a new place', 0.05, 10.0),
    Parameter('gate.max_future_s', _GATE.max_future_s,
              'a stamp farther ahead of the clock is refused', 0.0, 10.0),
    Parameter('gate.max_age_s', _GATE.max_age_s,
              'a stamp farther behind the clock is refused', 0.05, 60.0),
)


@dataclass(frozen=True)
class TrackerSources:
    """
    Where each tracker comes from.

    Attributes:
        kind: 'tf' or 'pose'.
        names: TF frame or topic by tracker.
        parameters: the parameter that names it, by tracker.
    """

    kind: str
    names: dict[str, str]
    parameters: dict[str, str]


def tracker_sources(values: Mapping[str, Any]) -> TrackerSources:
    """
    Return the sources that the parameters name.

    Raises:
        ParameterError: a name is empty, serves two trackers, or is an output of this node.
    """
    kind = values['input']
    prefix = 'trackers' if kind == 'tf' else 'pose_topics'
    parameters = {tracker: f'{prefix}.{tracker}' for tracker in TRACKER_NAMES}
    names = {tracker: values[parameter] for tracker, parameter in parameters.items()}
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
    if kind == 'tf':
        for parameter, name in [*((parameters[t], names[t]) for t in names),
                                ('fixed_frame', values['fixed_frame'])]:
            _check_input_frame(parameter, name, values['body_id'])
        if values['fixed_frame'] in used_by:
            raise ParameterError(
                f"parameters 'fixed_frame' and '{used_by[values['fixed_frame']]}' are both "
                f"'{values['fixed_frame']}'; allowed: a tracker that moves in the fixed frame")
    return TrackerSources(kind, names, parameters)


def checked_body_id(values: Mapping[str, Any]) -> str:
    """Return body_id; ParameterError where it cannot prefix a frame."""
    body_id = values['body_id']
    if re.fullmatch(r'[A-Za-z_][A-Za-z0-9_]*', body_id) is None:
        raise ParameterError(
            f"parameter 'body_id' is '{body_id}'; allowed: letters, digits and underscores")
    return body_id


def gate_limits(values: Mapping[str, Any]) -> GateLimits:
    """Return the limits of the tracker gates."""
    prefix = 'gate.'
    return GateLimits(**{
        name.removeprefix(prefix): value
        for name, value in values.items() if name.startswith(prefix)})


def _check_input_frame(parameter: str, frame: str, body_id: str) -> None:
    if not frame.strip() or frame.startswith('/'):
        raise ParameterError(
            f"parameter '{parameter}' is '{frame}'; allowed: name of a frame, no leading /")
    if frame.startswith(f'{body_id}/'):
        raise ParameterError(
            f"parameter '{parameter}' is '{frame}', a link of the avatar that this node itself "
            f"moves; allowed: a frame outside '{body_id}/'")
