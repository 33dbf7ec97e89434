# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of generator_node."""

from __future__ import annotations

from motion_avatar_ros.generation.stream_request import StreamSettings
from motion_avatar_ros.ros.parameters import Parameter

MOTION, LEGS = 'motion', 'legs'
NEAREST_CAPTION = 'nearest_caption'

_STREAM = StreamSettings()

GENERATOR_PARAMETERS = (
    Parameter('model', 'mosa',
              f'name of a shipped generator, or a model folder; {NEAREST_CAPTION} plays the '
              'recording of `data` whose caption is nearest'),
    Parameter('data', '', f'folder with captions.json, for model: {NEAREST_CAPTION}'),
    Parameter('device', 'auto', 'where the model runs; auto takes CUDA where there is one',
              choices=('auto', 'cpu', 'cuda')),
    Parameter('threads', 1, 'CPU threads of the model', 1, 64),
    Parameter('mode', MOTION,
              f'{MOTION}: the whole body is generated; {LEGS}: pelvis and legs are, the rest is '
              "the operator's of `operator_topic`, and this node's body the one to follow",
              choices=(MOTION, LEGS)),
    Parameter('prompt', '', 'what is done at first; empty or stop: stand'),
    Parameter('seed', _STREAM.seed, 'the same motion for the same seed, prompts and times',
              0, 2**31 - 1),
    Parameter('rate_hz', 60.0, f'poses per second with mode: {MOTION}', 30.0, 240.0),
    Parameter('chunk_s', _STREAM.chunk_s, 'motion is made in pieces of this length', 1.0, 8.8),
    Parameter('ahead_s', _STREAM.ahead_s,
              'the next piece is made when less than this, or than that takes, is left',
              0.1, 5.0),
    Parameter('blend_s', _STREAM.blend_s, 'time from one piece into the next', 0.1, 0.5),
    Parameter('body_frame', 'odom',
              f"frame in which the body stands at the origin at first; with mode: {LEGS} the "
              "operator's is taken"),
    Parameter('body_id', 'avatar', 'prefix of the links of the avatar: <body_id>/pelvis ...'),
    Parameter('publish_tf', False,
              'put the links on /tf; leave off when a robot_state_publisher does'),
    Parameter('state_publisher', 'avatar_state_publisher',
              'robot_state_publisher whose robot_description is to be that of this body; empty '
              'for none'),
    Parameter('operator_topic', 'avatar_node/joint_states',
              f"the operator's body JointState, with mode: {LEGS}"),
    Parameter('operator_description_topic', 'avatar_node/robot_description',
              "latched topic of the operator's URDF, for their size"),
    Parameter('stale_after_s', 0.3,
              'without an operator for so long the whole body holds: nothing is published',
              0.05, 5.0),
    Parameter('max_age_s', 1.0, "an operator's body whose stamp is older is refused",
              0.05, 60.0),
    Parameter('limits.max_joint_rad_s', 30.0, 'fastest rotation of a joint that is shown',
              1.0, 200.0),
    Parameter('limits.max_root_m_s', 8.0, 'fastest movement of the root that is shown',
              0.5, 100.0),
    Parameter('limits.blend_s', 0.5,
              'time to go from the held pose to the new one after a hold, a restart or a reset',
              0.1, 10.0),
)
