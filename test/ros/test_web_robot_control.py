# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's buttons on the page: what each asks for, and that a stop goes before everything."""

from __future__ import annotations

import pytest

from motion_avatar_ros.ros.web_robot_control import (
    DISENGAGE, ENGAGE, RESET, STOP, WebRobotControl,
)
from motion_avatar_ros.ros.web_view import WebView, WebViewSettings


@pytest.fixture
def view():
    page = WebView(WebViewSettings(port=0))
    yield page
    page.close()


def click(control: WebRobotControl) -> None:
    """Do what a click on the first button does."""
    control._requests.append(control._next)


def test_there_are_no_buttons_without_a_robot(view):
    control = WebRobotControl(view)
    control.show(None, '', 0.0)
    assert not control._engage.visible and not control._stop.visible
    control.show('disengaged', 'nobody has engaged', 0.0)
    assert control._engage.visible and control._stop.visible
    assert '**disengaged**, nobody has engaged' in control._state.content
    control.show(None, '', 1.0)
    assert not control._engage.visible and not control._stop.visible


@pytest.mark.parametrize(('state', 'asked', 'label'), [
    ('disengaged', ENGAGE, 'engage robot'), ('aligning', DISENGAGE, 'disengage robot'),
    ('engaged', DISENGAGE, 'disengage robot'), ('hold', DISENGAGE, 'disengage robot'),
    ('stopped', RESET, 'release stop')])
def test_the_first_button_asks_for_what_is_next(view, state, asked, label):
    control = WebRobotControl(view)
    control.show(state, 'so', 0.0)
    click(control)
    assert control.take_request() == asked and control.take_request() is None
    assert control._engage.label == label


def test_a_stop_goes_before_what_was_clicked_earlier_and_forgets_it(view):
    control = WebRobotControl(view)
    click(control)
    control._requests.append(STOP)
    click(control)
    assert control.take_request() == STOP and control.take_request() is None


def test_an_answer_stays_a_while_and_goes(view):
    control = WebRobotControl(view)
    control.show_answer(False, 'no joint states', 0.0)
    control.show('disengaged', '', 1.0)
    assert '*refused: no joint states*' in control._state.content
    control.show('disengaged', '', 9.0)
    assert 'refused' not in control._state.content
