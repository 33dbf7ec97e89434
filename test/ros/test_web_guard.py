# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Who gets the viewer's page, and whose clicks count: asked of the real server."""

from __future__ import annotations

from contextlib import contextmanager
import http.client
import ssl

import pytest
import viser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from motion_avatar_ros.ros.web_certificate import server_context
from motion_avatar_ros.ros.web_guard import PageGuard
from motion_avatar_ros.ros.web_view import WebPageError, WebView, WebViewSettings

TOKEN = 'letmein-1'


@contextmanager
def served(**settings):
    view = WebView(WebViewSettings(port=0, **settings))
    try:
        yield view
    finally:
        view.close()


def get(view: WebView, path: str = '/', **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection('127.0.0.1', view.server.get_port(), timeout=5.0)
    connection.request('GET', path, headers=headers)
    return connection.getresponse()


def socket_status(view: WebView, origin: str | None, **headers: str) -> int:
    """Open the page's WebSocket as a page of `origin` would; return the status of the answer."""
    try:
        with connect(
                f'ws://localhost:{view.server.get_port()}', origin=origin, compression=None,
                subprotocols=[f'viser-v{viser.__version__}'], additional_headers=headers):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


def test_on_this_machine_only_its_own_page_may_press_buttons():
    with served() as view:
        own = f'http://localhost:{view.server.get_port()}'
        assert view.invitation == view.page == own
        assert get(view).status == 200
        assert socket_status(view, own) == 101
        assert socket_status(view, 'http://evil.example') == 403
        assert socket_status(view, None) == 403


def test_a_strangers_name_that_points_here_gets_nothing():
    with served() as view:
        assert get(view, Host='evil.example').status == 400
        assert get(view, Host=f'evil.example:{view.server.get_port()}').status == 400
        assert get(view, Host='[::1]:80').status == 200


def test_another_address_needs_a_token():
    with pytest.raises(WebPageError, match='with a token only'):
        WebView(WebViewSettings(host='0.0.0.0', port=0))


def test_the_token_of_the_address_becomes_a_cookie_and_nothing_is_served_without():
    with served(token=TOKEN) as view:
        own = f'http://localhost:{view.server.get_port()}'
        assert view.invitation == f'{own}/?token={TOKEN}' and TOKEN not in view.page
        assert get(view).status == 401
        assert socket_status(view, own) == 401
        admitted = get(view, f'/?token={TOKEN}')
        assert (admitted.status, admitted.headers['Location']) == (303, '/')
        cookie = admitted.headers['Set-Cookie']
        assert 'HttpOnly' in cookie and 'SameSite=Strict' in cookie
        cookie = cookie.partition(';')[0]
        assert get(view, Cookie=cookie).status == 200
        assert get(view, Cookie=f'other=1; {cookie}').status == 200
        assert socket_status(view, own, Cookie=cookie) == 101
        assert socket_status(view, 'http://evil.example', Cookie=cookie) == 403


def test_who_guesses_is_not_listened_to_any_more():
    with served(token=TOKEN) as view:
        statuses = [get(view, f'/?token=wrong-{number}').status for number in range(6)]
        assert statuses == [401] * 5 + [429]
        assert get(view, f'/?token={TOKEN}').status == 429


def test_on_a_network_the_page_is_encrypted_and_its_cookie_goes_no_other_way(tmp_path):
    tls = server_context('', '', tmp_path)
    with served(host='0.0.0.0', token=TOKEN, tls=tls) as view:
        assert view.page.startswith('https://')
        trusting = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(
            '127.0.0.1', view.server.get_port(), timeout=5.0, context=trusting)
        connection.request('GET', f'/?token={TOKEN}')
        answer = connection.getresponse()
        assert answer.status == 303 and 'Secure' in answer.headers['Set-Cookie']


def test_a_page_server_that_cannot_be_guarded_is_not_served(monkeypatch):
    def unguarded(self, serve, *arguments, **options):
        return serve(*arguments, **options)

    monkeypatch.setattr(PageGuard, '_serve', unguarded)
    with pytest.raises(WebPageError, match='lets everybody in'):
        WebView(WebViewSettings(port=0))
