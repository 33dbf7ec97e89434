# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of avatar_node and what its rows mean together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motion_avatar_ros.estimation.ahead_estimator import MAX_AHEAD_S
from motion_avatar_ros.estimation.backend import BACKENDS
from motion_avatar_ros.nodes.filter_parameters import FILTER_PARAMETERS
from motion_avatar_ros.nodes.latency_parameters import AVATAR_LATENCY_PARAMETERS
from motion_avatar_ros.nodes.tracker_sources import TRACKER_PARAMETERS
from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.safety.confidence_watch import ConfidenceSettings
from motion_avatar_ros.safety.follow_budgets import FollowBudgets
from motion_avatar_ros.trackers.calibration_file import default_operators_folder
from motion_avatar_ros.trackers.calibration_guide import GuideTimes
from motion_avatar_ros.trackers.floor_watch import FloorSettings
from motion_avatar_ros.trackers.gate import GateLimits
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.swap import SwapSettings

_GATE, _SWAP, _FLOOR = GateLimits(), SwapSettings(), FloorSettings()
_GUIDE, _STALE, _CONFIDENCE = GuideTimes(), FollowBudgets(), ConfidenceSettings()

AVATAR_PARAMETERS = (
    Parameter('model', 'baseline', 'name of a shipped model, or a model folder'),
    Parameter('device', 'auto', 'where the model runs; auto takes CUDA where there is one',
              choices=('auto', 'cpu', 'cuda')),
    Parameter('device_fallback', True,
              'go on on the CPU when CUDA fails or is out of memory; off: hold'),
    Parameter('backend', 'auto',
              'what computes the model on a CPU; auto takes the fastest that is installed, ONNX '
              'Runtime or else torch', choices=BACKENDS),
    Parameter('threads', 1, 'CPU threads of the model', 1, 64),
    *TRACKER_PARAMETERS,
    Parameter('required_trackers', list(TRACKER_NAMES),
              'trackers without which the avatar holds; the head alone with a model that can do '
              'without hands, which are then inferred while they are lost'),
    Parameter('anchor_to_trackers', True,
              'put head, hands, pelvis and feet exactly where they are tracked; off: where the '
              'model thinks that they are'),
    Parameter('predict_ahead_s', 0.0,
              'poses are predicted for so much later than their trackers, and stamped so: makes '
              'up for latency, and trembles more', 0.0, MAX_AHEAD_S),
    Parameter('body_id', 'avatar', 'prefix of the links of the avatar: <body_id>/pelvis ...'),
    Parameter('publish_tf', False,
              'put the links on /tf; leave off when a robot_state_publisher does'),
    Parameter('human_frames', False,
              "put the operator's frames of REP-155 (ROS4HRI) on /tf: body_<body_id>, "
              'head_<body_id>, l_wrist_<body_id> ...'),
    Parameter('state_publisher', 'avatar_state_publisher',
              "robot_state_publisher whose robot_description follows the operator's size; empty "
              'for none'),
    Parameter('operator', '',
              'whose calibration is loaded at configure, and saved by ~/calibrate; empty: '
              'nobody, and none is saved'),
    Parameter('operators_folder', '',
              'folder of the calibrations; empty: motion_avatar_ros/operators under $ROS_HOME '
              'or ~/.ros'),
    Parameter('calibration.step_timeout_s', _GUIDE.step_timeout_s,
              'longest time for one step of a calibration', 3.0, 120.0),
    Parameter('limits.max_joint_rad_s', 30.0,
              'fastest rotation of a joint that is shown; 1 in 1000 frames of motion capture has '
              'a joint above 26', 1.0, 200.0),
    Parameter('limits.max_root_m_s', 8.0,
              'fastest movement of the root that is shown; a relocated operator is reached '
              'within limits.blend_s instead', 0.5, 100.0),
    Parameter('limits.blend_s', 0.5,
              'time to go from the held pose to the new estimate after a hold, a restart or a '
              'reset', 0.1, 10.0),
    Parameter('stale.head_s', _STALE.head_s,
              'the head without accepted samples for this long holds the avatar', 0.05, 5.0),
    Parameter('stale.hands_s', _STALE.hands_s,
              'so does a hand that is required; one that is not is inferred', 0.05, 5.0),
    Parameter('stale.others_s', _STALE.others_s, 'and so pelvis and feet', 0.05, 5.0),
    Parameter('stale.pose_s', _STALE.pose_s,
              'trackers of which no pose comes for this long hold it too; a pose whose inference '
              'took longer is not published', 0.05, 5.0),
    Parameter('confidence.least', _CONFIDENCE.least,
              'poses of less confidence, of the upper or the lower body, hold the avatar; 0: '
              'none does', 0.0, 1.0),
    Parameter('confidence.after_s', _CONFIDENCE.after_s,
              'when they have come for this long, until better ones have', 0.0, 10.0),
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
    *FILTER_PARAMETERS,
    Parameter('swap.apart_m', _SWAP.apart_m,
              'hands look exchanged when the left one is so far right of the right one', 0.1, 2.0),
    Parameter('swap.after_s', _SWAP.after_s, 'for this long', 0.1, 60.0),
    Parameter('floor.warn_m', _FLOOR.warn_m,
              'a drift of the floor beyond this is told', 0.01, 1.0),
    Parameter('floor.after_s', _FLOOR.after_s, 'when it has lasted this long', 1.0, 600.0),
    Parameter('floor.is_corrected', _FLOOR.is_corrected,
              'take a drift that is told slowly off every height'),
    Parameter('floor.max_correction_m', _FLOOR.max_correction_m, 'but never more than this',
              0.0, 0.5),
    Parameter('floor.correction_m_s', _FLOOR.correction_m_s, 'and no faster', 0.001, 0.1),
    *AVATAR_LATENCY_PARAMETERS,
)


def operators_folder(values: Mapping[str, Any]) -> Path:
    """Return the folder of the calibrations."""
    given = values['operators_folder']
    return Path(given).expanduser() if given else default_operators_folder()
