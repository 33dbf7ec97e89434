# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Who may see and use the viewer's page: viser itself lets in everybody.

On this machine only: whoever is on it, but no page of another server that its browser shows
(such a page could otherwise engage a robot). On a network: whoever knows the token, which comes
with the address once and then stays in a cookie.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
import ssl
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import websockets.asyncio.server
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from motion_avatar_ros.ros.web_access import (
    HOST_PATTERN, TokenGate, Verdict, is_same_origin, is_this_machine,
)
from motion_avatar_ros.ros.web_files import text_response

_COOKIE = 'motion_avatar_token'
_DAY_S = 86400


class PageGuard:
    """Judges each request before the page's server sees it."""

    def __init__(self, token: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        """
        Get ready.

        Args:
            token: to be known by whoever comes; None serves this machine only.
            tls: None for plain HTTP.
        """
        self._gate = None if token is None else TokenGate(token)
        self._tls = tls
        #: Whether a server asks it.
        self.is_in_use = False

    @contextmanager
    def in_front(self) -> Iterator[None]:
        """
        Guard the one server that is started meanwhile.

        viser offers no place for it: the function by which it serves is another one meanwhile.
        Where it does not go by that function, `is_in_use` stays False.
        """
        serve = websockets.asyncio.server.serve
        websockets.asyncio.server.serve = partial(self._serve, serve)  # type: ignore
        try:
            yield
        finally:
            websockets.asyncio.server.serve = serve  # type: ignore[misc]

    def answer(self, address: str, request: Request) -> Response | None:
        """
        Return what a request gets instead of the page, or None to let it through.

        Args:
            address: of the client.
            request: without its body.
        """
        hosts = request.headers.get_all('Host')
        if len(hosts) != 1 or HOST_PATTERN.fullmatch(hosts[0]) is None or (
                self._gate is None and not is_this_machine(_name(hosts[0]))):
            return text_response(HTTPStatus.BAD_REQUEST, 'no Host header that could be right')
        if self._gate is not None:
            refusal = self._judge(address, request)
            if refusal is not None:
                return refusal
        if 'Upgrade' in request.headers:
            origins = request.headers.get_all('Origin')
            if len(origins) != 1 or not is_same_origin(
                    origins[0], hosts[0], self._tls is not None):
                return text_response(
                    HTTPStatus.FORBIDDEN, 'only the page of this server may connect')
        return None

    def _judge(self, address: str, request: Request) -> Response | None:
        """Look at the token: one in the address becomes a cookie."""
        assert self._gate is not None
        given = parse_qs(urlsplit(request.path).query).get('token', [''])[-1].strip()
        token = given or _cookie(request)
        if not token:
            return text_response(
                HTTPStatus.UNAUTHORIZED,
                'open the address that the node printed, with its ?token=... at the end')
        verdict = self._gate.check(address, token, time.monotonic())
        if verdict is Verdict.TOO_OFTEN:
            return text_response(
                HTTPStatus.TOO_MANY_REQUESTS, 'too many wrong tokens: wait a minute')
        if verdict is Verdict.WRONG:
            return text_response(
                HTTPStatus.UNAUTHORIZED, 'this is not the token that the node printed')
        if not given:
            return None
        secure = '' if self._tls is None else '; Secure'
        return Response(HTTPStatus.SEE_OTHER.value, HTTPStatus.SEE_OTHER.phrase, Headers([
            ('Location', '/'), ('Connection', 'close'), ('Content-Length', '0'),
            ('Cache-Control', 'no-store'), ('Referrer-Policy', 'no-referrer'),
            ('Set-Cookie', f'{_COOKIE}={given}; Path=/; Max-Age={_DAY_S}; HttpOnly; '
                           f'SameSite=Strict{secure}')]))

    def _serve(self, serve: Any, *arguments: Any, **options: Any) -> Any:
        inner = options.pop('process_request', None)

        def process(connection: ServerConnection, request: Request) -> Response | None:
            address = str((connection.remote_address or ('unknown',))[0])
            refusal = self.answer(address, request)
            if refusal is None and inner is not None:
                return inner(connection, request)  # type: ignore[no-any-return]
            return refusal

        self.is_in_use = True
        return serve(*arguments, process_request=process, ssl=self._tls, **options)


def _name(host: str) -> str:
    """Return a Host header without its port."""
    name = host if host.endswith(']') else host.rpartition(':')[0] or host
    return name.strip('[]')


def _cookie(request: Request) -> str:
    for header in request.headers.get_all('Cookie'):
        try:
            found = SimpleCookie(header).get(_COOKIE)
        except CookieError:
            continue
        if found is not None:
            return found.value
    return ''
