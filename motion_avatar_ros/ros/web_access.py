# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Who may talk to the page's WebSocket: the token, how often it may be guessed, the origin."""

from __future__ import annotations

from collections import deque
from enum import Enum
import hmac
import ipaddress
import re
import secrets

from motion_avatar_ros.errors import MotionAvatarError

TOKEN_DIGITS = 8
#: Characters that need no escaping in the fragment of an address.
TOKEN_PATTERN = re.compile(r'[A-Za-z0-9._~-]{6,64}')
HOST_PATTERN = re.compile(r'(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?')

_WINDOW_S = 60.0
_WRONG_PER_ADDRESS = 5
_WRONG_IN_ALL = 60  # of 10^8 tokens per minute: years to guess one
_MAX_ADDRESSES = 1024


class Verdict(Enum):
    """What a token is worth."""

    RIGHT = 'right'
    WRONG = 'wrong'
    TOO_OFTEN = 'too often'


class WebTokenError(MotionAvatarError):
    """A token that cannot be part of an address."""


def page_token(given: str) -> str:
    """
    Return the token that is given, or where it is empty a new one.

    Raises:
        WebTokenError: it cannot be used.
    """
    if given and TOKEN_PATTERN.fullmatch(given) is None:
        raise WebTokenError(
            "parameter 'token' cannot be used; allowed: 6 to 64 letters, digits and . _ ~ -, or "
            'nothing for a random one')
    return given or random_token()


def random_token() -> str:
    """Return a new token, short enough to be typed in a headset."""
    return f'{secrets.randbelow(10 ** TOKEN_DIGITS):0{TOKEN_DIGITS}d}'


class TokenGate:
    """
    Compares tokens, and stops listening to who guesses.

    After 5 wrong tokens in a minute an address is refused, and after 60 from anywhere all
    addresses are that have never had the right one; neither is told whether its token was right.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._wrong: dict[str, deque[float]] = {}
        self._all_wrong: deque[float] = deque(maxlen=_WRONG_IN_ALL)
        self._known: set[str] = set()

    def check(self, address: str, token: str, now_s: float) -> Verdict:
        """
        Judge a token.

        Args:
            address: of the client, without its port.
            token: as given.
            now_s: steady time.
        """
        wrong = self._wrong.get(address, deque())
        if _is_full(wrong, _WRONG_PER_ADDRESS, now_s) or (
                address not in self._known and _is_full(self._all_wrong, _WRONG_IN_ALL, now_s)):
            return Verdict.TOO_OFTEN
        if hmac.compare_digest(token.encode(errors='replace'), self._token):
            self._known.add(address)
            self._wrong.pop(address, None)
            return Verdict.RIGHT
        if address not in self._wrong and len(self._wrong) >= _MAX_ADDRESSES:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong.setdefault(address, deque(maxlen=_WRONG_PER_ADDRESS)).append(now_s)
        self._all_wrong.append(now_s)
        return Verdict.WRONG


def is_this_machine(host: str) -> bool:
    """Tell whether a host's name or address is one by which only this machine is reached."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == 'localhost'


def is_same_origin(origin: str | None, host: str, is_secure: bool) -> bool:
    """
    Tell whether a WebSocket was opened by a page of this very server.

    Args:
        origin: the Origin header, which every browser sends.
        host: the Host header.
        is_secure: whether the server speaks TLS.
    """
    return origin is not None and origin.lower() == f'{_scheme(is_secure)}://{host}'.lower()


def _scheme(is_secure: bool) -> str:
    return 'https' if is_secure else 'http'


def _is_full(times_s: deque[float], allowed: int, now_s: float) -> bool:
    return len(times_s) >= allowed and now_s - times_s[0] < _WINDOW_S
