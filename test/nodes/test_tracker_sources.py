# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tracker names that would feed the avatar with itself, or one tracker for two."""

from __future__ import annotations

from pathlib import Path
import re

import pytest

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS
from motion_avatar_ros.nodes.tracker_sources import checked_body_id, tracker_sources
from motion_avatar_ros.ros.parameters import ParameterError

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = {parameter.name: parameter.default for parameter in AVATAR_PARAMETERS}


@pytest.mark.parametrize('changes, word', [
    ({'trackers.head': 'avatar/head'}, "outside 'avatar/'"),
    ({'trackers.head': 'operator_2/head', 'body_id': 'operator_2'}, 'operator_2/'),
    ({'fixed_frame': 'avatar/pelvis'}, 'fixed_frame'),
    ({'trackers.head': 'left_hand_tracker'}, 'trackers.left_hand'),
    ({'optional_trackers': ['left_foot', 'knee']}, 'knee'),
    ({'optional_trackers': ['pelvis'], 'trackers.pelvis': 'head_tracker'}, 'trackers.pelvis'),
    ({'trackers.head': '  '}, 'empty'),
    ({'trackers.head': '/head_tracker'}, 'no leading /'),
    ({'fixed_frame': ' '}, 'fixed_frame'),
    ({'body_frame': '/odom'}, 'body_frame'),
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


@pytest.mark.parametrize('body_id', ['', 'a b', 'a/b', 'a-b', 'ä'])
def test_a_body_id_that_breaks_frames_is_refused(body_id):
    with pytest.raises(ParameterError, match='body_id'):
        checked_body_id({'body_id': body_id})


def test_frames_that_are_not_named_are_the_profiles_and_names_win():
    sources = tracker_sources(DEFAULTS | {'profile': 'quest', 'trackers.left_hand': 'glove'})
    assert sources.names == {
        'head': 'openxr_view', 'left_hand': 'glove', 'right_hand': 'openxr_right_grip'}


def test_optional_trackers_come_after_head_and_hands_in_one_order():
    sources = tracker_sources(DEFAULTS | {'optional_trackers': ['right_foot', 'pelvis', '']})
    assert list(sources.names)[3:] == ['pelvis', 'right_foot']


def test_unknown_profile_is_refused_with_the_known_ones():
    with pytest.raises(MotionAvatarError, match='generic') as caught:
        tracker_sources(DEFAULTS | {'profile': 'kinect'})
    assert 'kinect' in str(caught.value)


@pytest.mark.parametrize('changes, frames', [
    ({}, ('odom', 'odom')),
    ({'fixed_frame': 'map'}, ('map', 'map')),
    ({'profile': 'quest'}, ('openxr_stage', 'odom')),
    ({'profile': 'quest', 'body_frame': 'room'}, ('openxr_stage', 'room')),
])
def test_body_is_never_given_in_a_frame_that_is_not_z_up(changes, frames):
    sources = tracker_sources(DEFAULTS | changes)
    assert (sources.fixed_frame, sources.body_frame) == frames


def test_ids_of_rep_155_may_begin_with_a_digit():
    assert checked_body_id({'body_id': '67dd1'}) == '67dd1'


def test_a_tracker_that_is_a_frame_of_the_human_is_refused_where_they_are_published():
    own = {'body_id': 'tracker', 'trackers.head': 'head_tracker'}
    assert tracker_sources(DEFAULTS | own).names['head'] == 'head_tracker'
    with pytest.raises(ParameterError, match="'head_tracker', which human_frames has"):
        tracker_sources(DEFAULTS | own | {'human_frames': True})


def test_what_the_page_on_frames_says_of_rep_155_is_taken():
    text = (ROOT / 'docs' / 'frames.md').read_text(encoding='utf-8')
    given = dict(re.findall(r'-p (\S+):=(\S+)', text))
    assert given.pop('human_frames') == 'true' and checked_body_id(given) == 'id_67dd1'
    assert tracker_sources(DEFAULTS | given | {'human_frames': True}).names == {
        'head': 'head_67dd1', 'left_hand': 'l_wrist_67dd1', 'right_hand': 'r_wrist_67dd1'}
