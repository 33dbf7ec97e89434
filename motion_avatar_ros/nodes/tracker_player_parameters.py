# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of tracker_player_node and what its rows mean together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.motion_loop import TRANSITIONS
from motion_avatar_ros.body.procedural_motion import MOTION_NAMES, builtin_motion
from motion_avatar_ros.ros.own_frames import BODY_ID, ROBOT_FRAME_PREFIX
from motion_avatar_ros.ros.parameters import Parameter, ParameterError
from motion_avatar_ros.trackers.injected_faults import (
    FAULT_KINDS, FaultInjector, FaultSettings,
)
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import Disturbance, TrackerPlayback

_ALL_TRACKERS = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
#: A ROS list cannot be empty, an entry of it can.
_NONE = ['']

_NOT_FOR_BAGS = (
    'clip', 'latency_s', 'noise.position_m', 'noise.rotation_rad', 'dropout.per_s', 'faults.kinds')

PLAYER_PARAMETERS = (
    Parameter('motion', 'mix', 'built-in motion to play when no clip is given',
              choices=MOTION_NAMES),
    Parameter('clip', '', 'AMASS-style .npz file to play instead; empty: built-in motion'),
    Parameter('bag', '', 'rosbag2 bag to play instead: its folder, or a .mcap or .db3 file'),
    Parameter('bag_namespace', '',
              "namespace of the bag's topics: robot1 plays its /robot1/tf as /tf"),
    Parameter('bag_stamps', 'shifted',
              'stamps of a bag: all moved by one constant to the present, or original, for a '
              'simulated clock that runs through the time of the recording',
              choices=('shifted', 'original')),
    Parameter('body_id', BODY_ID,
              "frames <body_id>/... in a bag are an avatar's and are not played"),
    Parameter('robot_prefix', ROBOT_FRAME_PREFIX,
              'frames in a bag that begin so are of a robot that followed and are not played; '
              'empty: all are'),
    Parameter('rate_hz', 60.0, 'frames per second; a bag has its own', 1.0, 1000.0),
    Parameter('speed', 1.0, 'speed of the motion: 2 plays twice as fast', 0.05, 10.0),
    Parameter('loop', True, 'start over at the end; otherwise fall silent there'),
    Parameter('loop_transition', 'glide',
              'a clip that does not end where it began: glide back to its first pose at walking '
              'speed, without ground truth meanwhile, or jump there in one frame',
              choices=TRANSITIONS),
    Parameter('start_delay_s', 0.0, 'time from start to the first frame', 0.0, 600.0),
    Parameter('output', 'tf', 'send trackers on /tf, or as PoseStamped topics',
              choices=('tf', 'pose')),
    Parameter('fixed_frame', 'odom', 'frame the trackers move in'),
    Parameter('optional_trackers', _NONE,
              'trackers to send beside head and hands, out of ' + ', '.join(
                  OPTIONAL_TRACKER_NAMES)),
    *(Parameter(f'trackers.{name}', f'{name}_tracker', f'TF frame of the {name} tracker')
      for name in _ALL_TRACKERS),
    *(Parameter(f'pose_topics.{name}', f'{name}_tracker/pose',
                f'topic of the {name} tracker, with output: pose') for name in _ALL_TRACKERS),
    Parameter('publish_ground_truth', True,
              'publish the whole body of the clip on ~/ground_truth, stamped like the trackers'),
    Parameter('latency_s', 0.0, 'how much older than its sending a pose is, by its stamp',
              0.0, 10.0),
    Parameter('noise.position_m', 0.0, 'standard deviation per axis of position noise', 0.0, 1.0),
    Parameter('noise.rotation_rad', 0.0, 'standard deviation per axis of rotation noise',
              0.0, 1.0),
    Parameter('dropout.per_s', 0.0, 'mean number of dropouts of a tracker per second',
              0.0, 10.0),
    Parameter('dropout.duration_s', 0.5, 'length of a dropout', 0.0, 60.0),
    Parameter('dropout.trackers', list(TRACKER_NAMES),
              'trackers that drop out, each on its own'),
    Parameter('faults.kinds', _NONE,
              'faults to play one after the other, to see what they do: all, or some of '
              + ', '.join(FAULT_KINDS)),
    Parameter('faults.per_min', 6.0, 'mean number of them in a minute', 0.1, 600.0),
    Parameter('faults.longest_s', 2.0, 'none lasts longer', 0.05, 60.0),
    Parameter('seed', 0, 'of noise, dropouts and faults', 0, 2**31 - 1),
)


@dataclass(frozen=True)
class PlayedTrackers:
    """
    The trackers that are sent, in the order of every frame.

    Attributes:
        names: such as 'head'.
        targets: TF frame or topic of each.
    """

    names: tuple[str, ...]
    targets: tuple[str, ...]


def played_trackers(values: Mapping[str, Any]) -> PlayedTrackers:
    """
    Return the trackers that the parameters name.

    Raises:
        ParameterError: an optional tracker is unknown, or a name is empty or used twice.
    """
    optional = _names(values, 'optional_trackers', OPTIONAL_TRACKER_NAMES)
    names = (*TRACKER_NAMES, *optional)
    prefix = 'trackers' if values['output'] == 'tf' else 'pose_topics'
    targets = tuple(values[f'{prefix}.{name}'] for name in names)
    for name, target in zip(names, targets):
        if not target.strip('/ ') or targets.count(target) > 1 or (
                prefix == 'trackers' and target == values['fixed_frame']):
            raise ParameterError(
                f"parameter '{prefix}.{name}' is '{target}'; allowed: a name of its own, neither "
                'empty nor that of another tracker or of the fixed frame')
    return PlayedTrackers(names, targets)


def bag_pose_topics(values: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return the PoseStamped topics of trackers to look for in a bag.

    Raises:
        ParameterError: a parameter is set that a bag cannot follow.
    """
    for name in _NOT_FOR_BAGS:
        default = next(row.default for row in PLAYER_PARAMETERS if row.name == name)
        if values[name] != default:
            raise ParameterError(
                f"parameter '{name}' is {values[name]!r}, but a bag is played as it was "
                f'recorded; allowed with a bag: {default!r}')
    return tuple(dict.fromkeys(
        values[f'pose_topics.{name}'] for name in _ALL_TRACKERS
        if values[f'pose_topics.{name}'].strip('/ ')))


def make_playback(values: Mapping[str, Any], names: tuple[str, ...]) -> TrackerPlayback:
    """
    Load what is to be played.

    Raises:
        MotionFileError: the clip cannot be read.
        ParameterError: a tracker that should drop out is not sent.
    """
    disturbance = Disturbance(
        position_m=values['noise.position_m'],
        rotation_rad=values['noise.rotation_rad'],
        dropout_per_s=values['dropout.per_s'],
        dropout_s=values['dropout.duration_s'],
        dropout_trackers=_names(values, 'dropout.trackers', names),
        seed=values['seed'],
    )
    return TrackerPlayback(
        _motion(values), values['rate_hz'], names, values['speed'], values['loop'],
        values['loop_transition'], disturbance)


def make_faults(values: Mapping[str, Any], names: tuple[str, ...]) -> FaultInjector:
    """
    Return what disturbs the frames on their way.

    Raises:
        ParameterError: a kind of fault is unknown.
    """
    kinds = _names(values, 'faults.kinds', ('all', *FAULT_KINDS))
    return FaultInjector(FaultSettings(
        FAULT_KINDS if 'all' in kinds else kinds, values['faults.per_min'],
        values['faults.longest_s'], values['seed']), names)


def _motion(values: Mapping[str, Any]) -> Motion:
    if values['clip']:
        return load_motion(values['clip'])
    return builtin_motion(values['motion'], values['rate_hz'] / values['speed'])


def _names(
    values: Mapping[str, Any], parameter: str, allowed: tuple[str, ...]
) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in values[parameter] if name))
    for name in names:
        if name not in allowed:
            raise ParameterError(
                f"parameter '{parameter}' holds '{name}'; allowed: {', '.join(allowed)}")
    return names
