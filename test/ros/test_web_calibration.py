# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Calibration on the page: when the banner shows what, and that no text becomes markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from motion_avatar_ros.ros.calibration_report import CalibrationReport
from motion_avatar_ros.ros.web_calibration import WebCalibration, operator_markdown, prompt_html
from motion_avatar_ros.ros.web_view import WebView, WebViewSettings
from motion_avatar_ros.trackers.calibration import Calibration, TrackerFit, TrackerOffset

FOUND = Calibration(
    height_m=1.8, operator='anna', offsets={'left_hand': TrackerOffset((0.0, 0.0, -0.05))},
    fits={'left_hand': TrackerFit(0.004, 0.02, 0.001, 0.002)}, verdict='good')
RUNNING = CalibrationReport(
    'running', 'Nod slowly', step='head', progress=0.5, hint='nod farther')


@pytest.fixture
def view():
    page = WebView(WebViewSettings(port=0))
    yield page
    page.close()


@pytest.fixture
def page(view):
    return WebCalibration(view)


def test_nothing_covers_the_body_before_anybody_calibrates(page):
    page.show(None, 0.0)
    assert not page._banner.visible and not page._button.disabled
    page.show(CalibrationReport('idle', 'not calibrated'), 0.0)
    assert not page._banner.visible
    assert 'not calibrated' in page._operator.content


def test_click_is_taken_once(page):
    assert not page.take_request()
    page._asked.set()
    assert page.take_request()
    assert not page.take_request()


def test_prompt_covers_the_page_while_it_runs_and_the_button_rests(page):
    page.show(RUNNING, 0.0)
    assert page._banner.visible and page._button.disabled
    html = page._banner.content
    assert 'Nod slowly' in html and 'nod farther' in html and 'position:fixed' in html
    assert [part.split('%')[0] for part in html.split('width:')[-4:]] == ['100', '100', '50', '0']


def test_verdict_stays_a_while_and_goes(page):
    page.show(RUNNING, 0.0)
    page.show(CalibrationReport('done', 'good; anna: height 1.80 m', FOUND), 1.0)
    assert page._banner.visible and not page._button.disabled
    assert 'good</div>' in page._banner.content and 'anna: height' in page._banner.content
    page.show(CalibrationReport('done', 'good', FOUND), 15.0)
    assert page._banner.visible
    page.show(CalibrationReport('done', 'good', FOUND), 22.0)
    assert not page._banner.visible


def test_verdict_from_before_the_page_was_opened_is_no_news(page):
    page.show(CalibrationReport('refused', 'the arms were bent'), 0.0)
    assert not page._banner.visible


def test_next_calibration_takes_the_verdict_of_the_last_one_away(page):
    page.show_answer(False, 'the arms were bent', 0.0)
    page.show(None, 0.1)
    assert 'the arms were bent' in page._banner.content
    page.show(RUNNING, 0.2)
    assert 'Nod slowly' in page._banner.content


def test_panel_shows_size_and_offsets_of_the_operator(page):
    page.show(CalibrationReport('done', 'good', FOUND), 0.0)
    text = page._operator.content
    for word in ('anna', '1.80 m', '| left hand | 0.0 0.0 -5.0 | 0 0 0 |', 'good'):
        assert word in text


def test_text_that_comes_over_the_network_is_no_markup():
    evil = '<script>alert(1)</script>'
    html = prompt_html(replace(RUNNING, message=evil, hint=evil))
    assert '<script' not in html and '&lt;script&gt;' in html
    text = operator_markdown(CalibrationReport('idle', '', replace(FOUND, verdict=evil + '*a*')))
    assert '<script' not in text.replace('\\<', '') and '\\*a\\*' in text
