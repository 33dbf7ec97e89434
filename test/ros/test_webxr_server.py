# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The headset's server without ROS: who gets in, what is let through, and abuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import json
import math
import os
import re
import socket
import ssl
import time
from urllib.error import HTTPError
from urllib.request import urlopen

from headset_client import DEVICES, LEVEL, HeadsetClient, socket_to
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from motion_avatar_ros.ros.web_certificate import own_certificate, server_context
from motion_avatar_ros.ros.webxr_server import (
    BAD_PROTOCOL, BUSY, GOING_AWAY, TAKEN_OVER, TOO_MANY_WRONG_TOKENS, WRONG_TOKEN, WebXrServer,
    WebXrServerError, WebXrServerSettings,
)
from motion_avatar_ros.trackers.webxr_frame import encode_frame

TOKEN = '01234567'


def wait_for(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, 'timed out'
        time.sleep(0.01)


class Rig:
    """A running server and what it handed over."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.frames: list = []
        self.server = WebXrServer(
            WebXrServerSettings('127.0.0.1', 0, tls, TOKEN, 0.5),
            lambda frame, taken_ns: self.frames.append((frame, taken_ns, time.monotonic_ns())))
        self.server.start()
        self.page = self.server.page
        self.counts = self.server.counts

    def headset(self, **arguments) -> HeadsetClient:
        client = HeadsetClient(self.page, **{'token': TOKEN, **arguments})
        wait_for(lambda: client.is_welcome or client.refusal)
        if client.is_welcome:
            wait_for(lambda: self.server.session.clock.is_known)
        return client


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.server.stop()


def test_frames_come_through_with_the_time_they_were_taken(rig):
    with rig.headset() as headset:
        headset.send_frames(0.3)
        time.sleep(0.1)
        headset.send_frame(age_ms=30.0)
        wait_for(lambda: len(rig.frames) == 23)
    ages_ms = [1e-6 * (received - taken) for _, taken, received in rig.frames]
    assert all(age >= 0.0 for age in ages_ms)
    assert sorted(ages_ms)[11] < 10.0
    assert 25.0 < ages_ms[-1] < 200.0
    assert rig.frames[0][0].poses['left_hand'][0] == pytest.approx((0.4, 0.3, 1.1))


def test_headset_learns_round_trip_and_clock_error(rig):
    with rig.headset() as headset:
        wait_for(headset.got_status)
        status = [message for message in headset.messages if message['type'] == 'status'][-1]
        assert 0.0 <= status['rtt_ms'] < 500.0 and 0.0 <= status['clock_error_ms'] < 500.0


@pytest.mark.parametrize('token', ['', '0123456', '012345678', 'x' * 1000, '０１２３４５６７'])
def test_wrong_token_is_refused_with_words(rig, token):
    headset = rig.headset(token=token)
    assert headset.refusal['code'] == WRONG_TOKEN and 'token' in headset.refusal['text']
    assert headset.wait_closed() == WRONG_TOKEN
    assert rig.counts['refused_tokens'] == 1
    assert rig.server.session is None


def test_guessing_is_stopped_even_for_the_right_token_until_the_minute_is_over(rig, monkeypatch):
    for _ in range(5):
        rig.headset(token='wrong').wait_closed()
    assert rig.headset().refusal['code'] == TOO_MANY_WRONG_TOKENS
    monkeypatch.setattr('motion_avatar_ros.ros.web_access._WINDOW_S', 0.0)
    with rig.headset() as headset:
        assert headset.is_welcome


def test_second_headset_is_refused_while_the_first_sends_and_the_first_goes_on(rig):
    with rig.headset(name='first') as first:
        first.send_frame()
        second = rig.headset(name='second')
        assert second.refusal['code'] == BUSY and '127.0.0.1' in second.refusal['text']
        assert second.wait_closed() == BUSY
        before = len(rig.frames)
        first.send_frame()
        wait_for(lambda: len(rig.frames) > before)
    assert rig.counts['refused_clients'] == 1


def test_take_over_moves_the_place_and_nothing_of_the_first_comes_through_any_more(rig):
    with rig.headset(name='first') as first:
        first.send_frame()
        with rig.headset(name='second', take_over=True) as second:
            assert first.wait_closed() == TAKEN_OVER
            assert first.refusal['code'] == TAKEN_OVER
            before = len(rig.frames)
            second.send_frame()
            wait_for(lambda: len(rig.frames) == before + 1)
            assert rig.server.session.page == 'second'


def test_silent_first_headset_loses_the_place_without_being_asked(rig, monkeypatch):
    monkeypatch.setattr('motion_avatar_ros.ros.webxr_server._TAKEOVER_S', 0.2)
    with rig.headset(name='first') as first:
        first.send_frame()
        time.sleep(0.3)
        with rig.headset(name='second') as second:
            assert second.is_welcome
            assert first.wait_closed() == TAKEN_OVER


def test_page_that_reconnects_gets_its_own_place_back_at_once(rig):
    with rig.headset(name='same') as ghost:
        ghost.send_frame()
        with rig.headset(name='same') as headset:
            assert headset.is_welcome
            headset.send_frame()
            wait_for(lambda: len(rig.frames) == 2)


def test_headset_that_comes_back_after_a_close_starts_with_a_fresh_clock(rig):
    with rig.headset(clock_ms=5e6) as headset:
        headset.send_frame()
        wait_for(lambda: len(rig.frames) == 1)
    wait_for(lambda: rig.server.session is None)
    with rig.headset(clock_ms=10.0) as headset:  # the page was loaded anew
        headset.send_frame()
        wait_for(lambda: len(rig.frames) == 2)
    assert rig.frames[1][1] > rig.frames[0][1]


def test_connection_that_died_silently_is_given_up(rig, monkeypatch):
    monkeypatch.setattr('motion_avatar_ros.ros.webxr_server._GONE_S', 0.4)
    headset = rig.headset()
    headset.cut()
    wait_for(lambda: rig.server.session is None)
    assert headset.wait_closed() == GOING_AWAY


GARBAGE = [
    b'', b'\x00', b'\x01' * 7, os.urandom(120), os.urandom(1500), b'\x02' * 16, '', 'null', '[]',
    '{', '{"type": 5}', '{"type": "session", "state": "flying"}', '[' * 1900,
    '"' + '€' * 500 + '"',
    encode_frame(1, math.nan, 1.0, DEVICES), encode_frame(1, 1e300, 1e301, DEVICES),
    encode_frame(1, 5.0, 1.0, DEVICES), encode_frame(1, -5.0, 1.0, DEVICES),
    b'\x02\0\0\0' + b'\1\0\0\0' + b'\xff' * 8,
]


def test_garbage_is_counted_and_the_good_frames_around_it_come_through(rig):
    with rig.headset() as headset:
        for message in GARBAGE:
            headset.send(message)
            headset.send_frame()
        wait_for(lambda: len(rig.frames) == len(GARBAGE))
    assert rig.counts['malformed'] == len(GARBAGE)


def test_endless_garbage_ends_the_connection_and_the_next_headset_is_welcome(rig):
    headset = rig.headset()
    with pytest.raises(ConnectionClosed):
        for _ in range(100_000):
            headset.send(b'garbage')
    assert headset.wait_closed() == BAD_PROTOCOL
    with rig.headset() as next_one:
        assert next_one.is_welcome


def test_oversized_message_ends_the_connection(rig):
    headset = rig.headset()
    headset.send(b'x' * 100_000)
    assert headset.wait_closed() == 1009
    wait_for(lambda: rig.server.session is None)


def test_frames_faster_than_any_headset_are_thinned_and_a_flood_is_cut_off(rig):
    headset = rig.headset()
    for _ in range(600):
        headset.send_frame()
    wait_for(lambda: rig.counts['frames_too_fast'] > 0)
    assert len(rig.frames) <= 2 * 250
    with pytest.raises(ConnectionClosed):
        for _ in range(100_000):
            headset.send_frame()
    headset.wait_closed()
    assert rig.counts['floods'] == 1
    assert len(rig.frames) < 2500


def test_pose_that_is_not_finite_or_guessed_is_left_out_and_counted(rig):
    with rig.headset() as headset:
        headset.send_frame({
            **DEVICES, 'head': ('viewer', False, ((math.nan, 1.6, 0.0), LEVEL)),
            'left_hand': ('controller', True, DEVICES['left_hand'][2])})
        wait_for(lambda: len(rig.frames) == 1)
    assert set(rig.frames[0][0].poses) == {'right_hand'}
    assert rig.counts['head_not_finite'] == rig.counts['left_hand_emulated'] == 1


def test_late_repeated_and_missed_frames_are_counted_and_not_believed(rig):
    with rig.headset() as headset:
        headset.send_frame(age_ms=600.0)  # older than silence_s
        headset.send_frame()
        headset.send_frame(age_ms=300.0)  # older than the one before
        headset.send_frame(skip=4)
        wait_for(lambda: len(rig.frames) == 2)
    assert rig.counts['frames_late'] == 1
    assert rig.counts['frames_out_of_order'] == 1
    assert rig.counts['frames_missed'] == 4


def test_frame_without_any_pose_is_no_sign_of_tracking(rig):
    with rig.headset() as headset:
        headset.send_frame({})
        headset.send_json({'type': 'session', 'state': 'hidden'})
        wait_for(lambda: rig.server.session.state == 'hidden')
        assert rig.frames == [] and not rig.server.session.is_sending(10.0)


@pytest.mark.parametrize('hello', [
    b'\x01\x02', 'no json', '[]', '{}', '{"type": "hello"}', '{"type": "hello", "token": 1}',
    json.dumps({'type': 'frame', 'token': TOKEN, 'page': 'x', 'version': 1}),
    json.dumps({'type': 'hello', 'token': TOKEN, 'page': 'x', 'version': 99})])
def test_whoever_does_not_say_hello_rightly_is_sent_away(rig, hello):
    with socket_to(rig.page) as headset:
        headset.send(hello)
        with pytest.raises(ConnectionClosed):
            while True:
                headset.recv(timeout=5.0)
        assert headset.close_code == BAD_PROTOCOL


@pytest.mark.parametrize('origin', [None, 'https://evil.example', 'null', 'http://localhost:1'])
def test_pages_of_others_may_not_connect(rig, origin):
    with pytest.raises(InvalidStatus) as refused:
        socket_to(rig.page, origin=origin)
    assert refused.value.response.status_code == 403
    assert rig.counts['refused_origins'] == 1


def get(page: str, path: str):
    return urlopen(page.rstrip('/') + path, timeout=5.0)


def test_page_loads_nothing_from_elsewhere_and_its_files_are_all_there(rig):
    with get(rig.page, '/') as answer:
        html = answer.read().decode()
        policy = answer.headers['Content-Security-Policy']
        assert answer.headers['Content-Type'] == 'text/html; charset=utf-8'
    assert "default-src 'none'" in policy and 'unsafe' not in policy
    assert f'ws://localhost:{rig.server.port}' in policy
    assert TOKEN not in html
    names = set(re.findall(r'(?:src|href)="([^"]+)"', html)) - {'data:,'}
    for _ in range(3):  # what a script imports imports others
        for name in [*names]:
            with get(rig.page, f'/{name}') as answer:
                names |= {n[2:] for n in re.findall(r"from '([^']+)'", answer.read().decode())}
    assert names == {'page.css', 'page.js', 'link.js', 'frames.js', 'headset.js', 'scene.js'}
    for name in names:
        with get(rig.page, f'/{name}') as answer:
            kind = 'css' if name.endswith('css') else 'javascript'
            assert answer.headers['Content-Type'] == f'text/{kind}; charset=utf-8'
            assert 'http' + '://' not in answer.read().decode()


@pytest.mark.parametrize('path', [
    '/index.html', '/..', '/../webxr_server.py', '/%2e%2e/web_access.py', '/page.js/', '//page.js',
    '/.git/config', '/page'])
def test_there_is_nothing_else_to_get(rig, path):
    with pytest.raises(HTTPError) as missing:
        get(rig.page, path)
    assert missing.value.code == 404
    missing.value.close()


@pytest.mark.parametrize('request_lines', [
    b'GET / HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
    b'GET / HTTP/1.1\r\nHost: x; script-src *\r\n\r\n',
    b'POST / HTTP/1.1\r\nHost: x\r\n\r\n', b'\x16\x03\x01 not http\r\n\r\n',
    pytest.param(os.urandom(300), id='noise')])
def test_requests_that_are_no_browsers_get_no_page(rig, request_lines):
    with socket.create_connection(('127.0.0.1', rig.server.port), timeout=5.0) as raw:
        raw.sendall(request_lines)
        raw.shutdown(socket.SHUT_WR)
        answer = b''
        while part := raw.recv(65536):
            answer += part
    assert b' 200 ' not in answer.split(b'\r\n')[0]
    with get(rig.page, '/') as page:
        assert page.status == 200


def test_tls_serves_page_and_headset_and_survives_whoever_speaks_plainly(tmp_path):
    rig = Rig(server_context('', '', tmp_path))
    try:
        assert rig.page.startswith('https://localhost:')
        with socket.create_connection(('127.0.0.1', rig.server.port), timeout=5.0) as plain:
            plain.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            assert b'200' not in plain.recv(4096)
        trusting = ssl.create_default_context(cafile=str(own_certificate(tmp_path)))
        with urlopen(rig.page, timeout=5.0, context=trusting) as answer:
            assert answer.status == 200
        with rig.headset() as headset:
            headset.send_frame()
            wait_for(lambda: len(rig.frames) == 1)
    finally:
        rig.server.stop()


def test_stop_says_good_bye_and_frees_the_port(rig):
    headset = rig.headset()
    rig.server.stop()
    assert headset.wait_closed() == GOING_AWAY
    with socket.create_server(('127.0.0.1', rig.server.port)):
        pass


def test_taken_port_and_foreign_address_are_one_clear_line(rig):
    for host, port, words in (('127.0.0.1', rig.server.port, 'is taken'),
                              ('203.0.113.7', 0, '0.0.0.0')):
        with pytest.raises(WebXrServerError, match=words) as refused:
            WebXrServer(WebXrServerSettings(host, port, None, TOKEN, 0.5), print).start()
        assert '\n' not in str(refused.value)
