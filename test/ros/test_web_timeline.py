# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""States of the last minute as bands."""

from __future__ import annotations

import re

import pytest

from motion_avatar_ros.ros.web_timeline import COLOURS, StateTimeline
from motion_avatar_ros.ros.web_view import WebView, WebViewSettings
from motion_avatar_ros.safety.engage_gate import EngageState
from motion_avatar_ros.safety.watchdog import FollowState


@pytest.fixture
def timeline():
    page = WebView(WebViewSettings(port=0))
    yield StateTimeline(page)
    page.close()


def bands(timeline: StateTimeline) -> list[tuple[float, float, str]]:
    found = re.findall(
        r'x="([\d.]+)" y="0" width="([\d.]+)" height="4" fill="([^"]+)"', timeline._html.content)
    return [(float(left), float(width), colour) for left, width, colour in found]


def test_every_state_of_avatar_and_robot_has_a_colour():
    assert {state.value for state in (*FollowState, *EngageState)} == set(COLOURS)


def test_a_band_lasts_as_long_as_its_state_and_old_ones_leave(timeline):
    timeline.add(100.0, {'avatar': 'tracking'})
    timeline.add(110.0, {'avatar': 'hold'})
    timeline.add(130.0, {'avatar': 'hold'})
    assert bands(timeline) == [
        (30.0, 10.0, COLOURS['tracking']), (40.0, 20.0, COLOURS['hold'])]
    timeline.add(165.0, {'avatar': 'hold'})
    assert bands(timeline) == [(0.0, 5.0, COLOURS['tracking']), (5.0, 55.0, COLOURS['hold'])]
    timeline.add(1000.0, {'avatar': 'hold'})
    assert bands(timeline) == [(0.0, 60.0, COLOURS['hold'])]


def test_silence_is_a_gap_and_is_said(timeline):
    timeline.add(0.0, {'avatar': None})
    assert not timeline._html.visible    # nobody was heard of
    timeline.add(10.0, {'avatar': 'tracking'})
    timeline.add(20.0, {'avatar': None})
    timeline.add(30.0, {'avatar': None})
    assert bands(timeline) == [(40.0, 10.0, COLOURS['tracking'])]
    assert 'silent' in timeline._html.content


def test_an_unknown_state_is_shown_as_text_and_not_as_markup(timeline):
    timeline.add(0.0, {'avatar': '<script>'})
    assert '<script>' not in timeline._html.content
    assert '&lt;script&gt;' in timeline._html.content
