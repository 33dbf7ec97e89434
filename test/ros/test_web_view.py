# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page: its address, what the view follows, what reaches the figures."""

from __future__ import annotations

import math
import socket

import numpy as np
import pytest

from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.ros.web_figures import SkinnedFigure, TrackerFigure
from motion_avatar_ros.ros.web_report import BodyReception, report_markdown
from motion_avatar_ros.ros.web_view import WebPageError, WebView, WebViewSettings


@pytest.fixture
def view():
    page = WebView(WebViewSettings(port=0))
    yield page
    page.close()


def in_view(view, point_m):
    """Return where a point of the tracking space stands on the page."""
    w, _, _, z = view._space.wxyz
    yaw = 2.0 * math.atan2(z, w)
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.array([[cos, -sin], [sin, cos]]) @ point_m[:2] + view._space.position[:2]


def test_taken_port_is_one_error_that_names_it():
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(WebPageError, match=f'port {port} is taken'):
            WebView(WebViewSettings(port=port))


def test_two_pages_with_port_zero_get_two_ports(view):
    second = WebView(WebViewSettings(port=0))
    try:
        assert second.page != view.page
    finally:
        second.close()


def test_address_of_another_machine_is_refused_and_does_not_hang():
    with pytest.raises(WebPageError, match='203.0.113.1'):
        WebView(WebViewSettings(host='203.0.113.1', port=0))


def test_first_sight_is_from_the_front_wherever_the_person_stands(view):
    place, heading = np.array([3.0, -2.0, 0.9]), 2.0
    view.follow_person(place, heading, 0.0)
    ahead = place + [math.cos(heading), math.sin(heading), 0.0]
    np.testing.assert_allclose(in_view(view, place), [0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(in_view(view, ahead), [1.0, 0.0], atol=1e-9)


def test_walking_person_stays_in_the_middle_and_a_teleport_is_followed_at_once(view):
    for frame in range(120):
        place = np.array([1.3 * frame / 30, 0.0, 0.9])
        view.follow_person(place, 0.0, frame / 30)
    assert np.linalg.norm(in_view(view, place)) < 0.4
    view.follow_person(place + [5.0, 0.0, 0.0], 0.0, 4.0)
    np.testing.assert_allclose(in_view(view, place + [5.0, 0.0, 0.0]), [0.0, 0.0], atol=1e-9)


def test_turning_person_does_not_spin_the_room_unless_asked(view):
    view.follow_person(np.zeros(3), 0.0, 0.0)
    view.follow_person(np.zeros(3), 1.5, 10.0)
    np.testing.assert_allclose(in_view(view, np.array([1.0, 0.0])), [1.0, 0.0], atol=1e-9)


def test_bones_take_the_global_transforms_of_the_pose(view):
    figure = SkinnedFigure(view, 'body', load_builtin_mesh('coarse'))
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    rotations = np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)).copy()
    rotations[0] = turn
    pose = BodyPose(rotations, np.array([1.0, 2.0, 3.0]))
    figure.show(pose)
    _, positions = pose.global_joints()
    shown = np.array([bone.position for bone in figure._mesh.bones])
    np.testing.assert_allclose(shown, positions, atol=1e-6)
    assert figure._mesh.bones[5].wxyz[0] == pytest.approx(math.sqrt(0.5))
    assert figure._mesh.bones[5].wxyz[3] == pytest.approx(math.sqrt(0.5))
    assert figure._mesh.visible


def test_tracker_is_unseen_until_its_first_sample_and_takes_xyzw(view):
    tracker = TrackerFigure(view, 'head')
    assert not tracker._frame.visible
    tracker.show(np.array([0.0, 0.0, 1.6]), np.array([0.0, 0.0, 1.0, 0.0]))
    assert tracker._frame.visible
    np.testing.assert_allclose(tracker._frame.wxyz, [0.0, 0.0, 0.0, 1.0])


def test_report_names_state_rates_and_faults():
    body = BodyReception('body', 59.42, 3.0, 7.25, None, 2)
    text = report_markdown(body, {'state': 'tracking', 'head.rate_hz': '60.02'})
    for word in ('tracking', '60.0 Hz', '59.4 Hz', '7.2 ms', '2 publishers', 'no pose for 3.0 s'):
        assert word in text
    assert 'not heard of' in report_markdown(body, None)


def test_report_of_a_generator_shows_what_is_done_as_nothing_but_text():
    body = BodyReception('generator_node/joint_states', 60.0, 0.0, 5.0, 9.0, publishers=1)
    text = report_markdown(body, {
        'state': 'tracking', 'prompt': '<b>walks</b> | [x](y)', 'generation_p50_ms': '102.3'})
    assert r'\<b\>walks\</b\> \| \[x\](y)' in text and '102.3 ms' in text
    assert 'device' not in text and 'input' not in text
    assert len(report_markdown(body, {'prompt': 'a' * 1000}).splitlines()[4]) < 110


def test_report_says_what_the_avatar_doubts_and_offers_a_headset_only_where_one_can_come():
    body = BodyReception('avatar/joint_states', 60.0, 0.0, 5.0, 9.0, publishers=1)
    text = report_markdown(body, {}, "set profile: 'quest'", 'https://192.0.2.7:8443/')
    assert "set profile: 'quest'" in text
    assert '[use this headset](https://192.0.2.7:8443/)' in text
    assert 'headset' not in report_markdown(body, {})
