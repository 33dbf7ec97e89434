# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Guessing a token, and pages of other servers."""

from __future__ import annotations

import pytest

from motion_avatar_ros.ros.web_access import (
    HOST_PATTERN, TOKEN_PATTERN, TokenGate, Verdict, is_same_origin, random_token,
)

TOKEN = '01234567'


def test_right_token_is_right_and_others_are_wrong():
    gate = TokenGate(TOKEN)
    assert gate.check('a', TOKEN, 0.0) is Verdict.RIGHT
    for token in ('', '0', TOKEN + '0', TOKEN[:-1], '\ud800', TOKEN + '\0'):
        assert TokenGate(TOKEN).check('a', token, 0.0) is Verdict.WRONG


def test_address_that_guesses_is_not_listened_to_for_a_minute():
    gate = TokenGate(TOKEN)
    assert [gate.check('a', 'wrong', at) for at in range(5)] == [Verdict.WRONG] * 5
    assert gate.check('a', TOKEN, 59.9) is Verdict.TOO_OFTEN
    assert gate.check('b', TOKEN, 59.9) is Verdict.RIGHT
    assert gate.check('a', TOKEN, 60.1) is Verdict.RIGHT


def test_many_addresses_that_guess_do_not_lock_out_the_headset_that_was_let_in_before():
    gate = TokenGate(TOKEN)
    assert gate.check('headset', TOKEN, 0.0) is Verdict.RIGHT
    verdicts = [gate.check(f'address {number}', 'wrong', 1.0) for number in range(5000)]
    assert verdicts.count(Verdict.WRONG) == 60
    assert verdicts.count(Verdict.TOO_OFTEN) == 4940
    assert gate.check('new', TOKEN, 2.0) is Verdict.TOO_OFTEN
    assert gate.check('headset', TOKEN, 2.0) is Verdict.RIGHT
    assert gate.check('new', TOKEN, 62.0) is Verdict.RIGHT


def test_what_is_remembered_of_strangers_stays_small():
    gate = TokenGate(TOKEN)
    for number in range(5000):
        gate.check(f'address {number}', 'wrong', 100.0 * number)
    assert len(gate._wrong) <= 1024


def test_random_tokens_differ_and_can_be_typed():
    tokens = {random_token() for _ in range(50)}
    assert len(tokens) > 45
    assert all(len(token) == 8 and token.isdigit() for token in tokens)
    assert all(TOKEN_PATTERN.fullmatch(token) for token in tokens)


@pytest.mark.parametrize('origin, host, is_secure, expected', [
    ('https://robot:8443', 'robot:8443', True, True),
    ('https://Robot:8443', 'robot:8443', True, True),
    ('http://robot:8443', 'robot:8443', True, False),
    ('https://robot', 'robot:8443', True, False),
    ('https://evil.example', 'robot:8443', True, False),
    ('null', 'robot:8443', True, False),
    (None, 'robot:8443', True, False),
    ('http://localhost:8443', 'localhost:8443', False, True),
    ('https://[fd00::2]:8443', '[fd00::2]:8443', True, True),
])
def test_only_the_page_of_this_server_is_of_the_same_origin(origin, host, is_secure, expected):
    assert is_same_origin(origin, host, is_secure) is expected


@pytest.mark.parametrize('host, expected', [
    ('localhost:8443', True), ('192.0.2.7', True), ('[fd00::2]:8443', True), ('a b', False),
    ('x; script-src *', False), ("x'", False), ('', False), ('x:', False), ('x:123456', False),
])
def test_host_that_could_change_the_policy_is_no_host(host, expected):
    assert bool(HOST_PATTERN.fullmatch(host)) is expected
