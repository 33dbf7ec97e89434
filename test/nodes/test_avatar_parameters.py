# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tracker names that would feed the avatar with itself, or one tracker for two."""

from __future__ import annotations

import pytest

from motion_avatar_ros.nodes.avatar_parameters import (
    AVATAR_PARAMETERS, checked_body_id, gate_limits, tracker_sources,
)
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.trackers.gate import GateLimits

DEFAULTS = {parameter.name: parameter.default for parameter in AVATAR_PARAMETERS}


@pytest.mark.parametrize('changes, word', [
    ({'trackers.head': 'avatar/head'}, "outside 'avatar/'"),
    ({'trackers.head': 'operator_2/head', 'body_id': 'operator_2'}, 'operator_2/'),
    ({'fixed_frame': 'avatar/pelvis'}, 'fixed_frame'),
    ({'trackers.head': 'left_hand_tracker'}, 'trackers.left_hand'),
    ({'trackers.head': ''}, 'empty'),
    ({'trackers.head': '  '}, 'empty'),
    ({'trackers.head': '/head_tracker'}, 'no leading /'),
    ({'fixed_frame': ''}, 'fixed_frame'),
    ({'fixed_frame': 'head_tracker'}, 'trackers.head'),
    ({'input': 'pose', 'pose_topics.head': ''}, 'pose_topics.head'),
    ({'input': 'pose', 'pose_topics.head': 'left_hand_tracker/pose'}, 'pose_topics.left_hand'),
])
def test_a_name_that_cannot_work_is_refused_by_parameter(changes, word):
    with pytest.raises(ParameterError, match='allowed') as caught:
        tracker_sources(DEFAULTS | changes)
    assert word in str(caught.value)
    assert '\n' not in str(caught.value)


def test_defaults_are_the_documented_frames_and_rows_not_in_use_are_not_judged():
    sources = tracker_sources(DEFAULTS | {'pose_topics.head': ''})
    assert sources.names == {
        'head': 'head_tracker', 'left_hand': 'left_hand_tracker',
        'right_hand': 'right_hand_tracker'}


@pytest.mark.parametrize('body_id', ['', 'a b', 'a/b', '1st', 'ä'])
def test_a_body_id_that_breaks_frames_is_refused(body_id):
    with pytest.raises(ParameterError, match='body_id'):
        checked_body_id({'body_id': body_id})


def test_gate_rows_reach_the_gate():
    assert gate_limits(DEFAULTS) == GateLimits()
    assert gate_limits(DEFAULTS | {'gate.max_age_s': 3.0}) == GateLimits(max_age_s=3.0)
