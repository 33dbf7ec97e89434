# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The server of the headset's page and its WebSocket, on a thread of its own. Knows no ROS.

One headset at a time. A second one is refused while the first sends; it gets the place when the
first has sent no pose for 2 s, when it says 'take over', or when it is the same page that
reconnects. Whoever loses the place is told, and does not come back by itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
import errno
from http import HTTPStatus
import json
import logging
import socket
import ssl
import threading
import time
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.web_access import HOST_PATTERN, TokenGate, Verdict, is_same_origin
from motion_avatar_ros.ros.web_certificate import lan_addresses
from motion_avatar_ros.ros.web_files import WebFiles, text_response
from motion_avatar_ros.ros.webxr_session import (
    OnFrame, WebXrAbuseError, WebXrSession, json_object,
)

PROTOCOL_VERSION = 1
SOCKET_PATH = '/headset'
#: Codes that close a WebSocket; the page knows them.
WRONG_TOKEN, TOO_MANY_WRONG_TOKENS, BUSY, TAKEN_OVER, BAD_PROTOCOL = range(4001, 4006)
GOING_AWAY = 1001

_TAKEOVER_S = 2.0
_HELLO_S = 5.0
_GONE_S = 10.0  # without a message for so long a connection is taken for dead
_FIRST_PINGS, _FIRST_PING_S, _PING_S = 8, 0.05, 0.25
_PINGS_PER_STATUS = 4
_MAX_MESSAGE_BYTES = 2048
_MAX_TEXT = 200
_START_S, _STOP_S = 10.0, 5.0
_LOG = logging.getLogger('motion_avatar_ros.webxr')


class WebXrServerError(MotionAvatarError):
    """The page cannot be served at the asked address."""


@dataclass(frozen=True)
class WebXrServerSettings:
    """
    Where the page is served and to whom.

    Attributes:
        host: address to bind.
        port: TCP port; 0 takes any free one.
        tls: None serves plain HTTP, which browsers take for secure on this machine only.
        token: what a headset must know.
        silence_s: frames older than this are dropped.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None
    token: str
    silence_s: float


class WebXrServer:
    """Serves the page and hands over the frames of one headset."""

    def __init__(self, settings: WebXrServerSettings, on_frame: OnFrame) -> None:
        """
        Get ready.

        Args:
            settings: where and to whom.
            on_frame: is called in the server's thread with each good frame.
        """
        #: What was dropped or refused, by reason.
        self.counts: Counter[str] = Counter()
        #: The headset that has the place, or None.
        self.session: WebXrSession | None = None
        #: TCP port that is served.
        self.port = settings.port
        self._settings, self._on_frame = settings, on_frame
        self._gate = TokenGate(settings.token)
        self._files = WebFiles()
        self._holder: ServerConnection | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name='webxr_server', daemon=True)
        _LOG.setLevel(logging.CRITICAL)  # what strangers send is counted, not logged

    @property
    def page(self) -> str:
        """Address of the page, without the token."""
        host = self._settings.host
        if host in ('0.0.0.0', '::', ''):
            host = next(iter(lan_addresses()), 'localhost')
        elif host in ('127.0.0.1', '::1'):
            host = 'localhost'
        shown = f'[{host}]' if ':' in host else host
        return f"{'http' if self._settings.tls is None else 'https'}://{shown}:{self.port}/"

    def start(self) -> None:
        """
        Serve.

        Raises:
            WebXrServerError: the address cannot be served.
        """
        self._thread.start()
        try:
            self._started.result(_START_S)
        except OSError as error:
            raise _address_error(self._settings, error) from None

    def stop(self) -> None:
        """Close all connections and end the thread."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._stop.set)
            except RuntimeError:  # the loop has just ended
                pass
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            else:
                raise

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(self._on_loop_error)
        settings = self._settings
        limits: dict[str, Any] = {} if settings.tls is None else {'ssl_handshake_timeout': 10.0}
        async with serve(
            self._handle, settings.host, settings.port, ssl=settings.tls,
            process_request=self._on_request, compression=None, server_header=None,
            max_size=_MAX_MESSAGE_BYTES, open_timeout=_HELLO_S, ping_interval=None,
            close_timeout=1.0, logger=_LOG, **limits,
        ) as server:
            self.port = _port(server)
            self._started.set_result(None)
            await self._stop.wait()
            server.close(code=GOING_AWAY, reason='the node stops')

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.counts['broken_connections'] += 1  # such as a TLS connection cut off

    def _on_request(self, connection: ServerConnection, request: Request) -> Response | None:
        is_secure = self._settings.tls is not None
        hosts = request.headers.get_all('Host')
        if len(hosts) != 1 or HOST_PATTERN.fullmatch(hosts[0]) is None:
            return text_response(HTTPStatus.BAD_REQUEST, 'no Host header that could be right')
        if request.path != SOCKET_PATH:
            return self._files.response(request.path, hosts[0], is_secure)
        origins = request.headers.get_all('Origin')
        if len(origins) != 1 or not is_same_origin(origins[0], hosts[0], is_secure):
            self.counts['refused_origins'] += 1
            return text_response(HTTPStatus.FORBIDDEN, 'only the page of this server may connect')
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        session: WebXrSession | None = None
        asking: asyncio.Task[None] | None = None
        try:
            session = await self._admitted(connection)
            if session is None:
                return
            asking = asyncio.create_task(self._ask(connection, session))
            async for message in connection:
                if self.session is session:  # else it has lost the place and is being told
                    session.receive(message)
        except ConnectionClosed:
            pass
        except WebXrAbuseError as error:
            await _refuse(connection, BAD_PROTOCOL, str(error))
        finally:
            if asking is not None:
                asking.cancel()
            if session is not None and self.session is session:
                self.session = self._holder = None

    async def _admitted(self, connection: ServerConnection) -> WebXrSession | None:
        """Wait for a hello; return its session, or None when it was refused."""
        try:
            hello = json_object(_text(await asyncio.wait_for(connection.recv(), _HELLO_S)))
            token, page = hello.get('token'), hello.get('page')
            if hello.get('type') != 'hello' or not (
                    isinstance(token, str) and isinstance(page, str)):
                raise ValueError('no hello')
        except (ValueError, TimeoutError):
            self.counts['malformed'] += 1
            await _refuse(connection, BAD_PROTOCOL, 'this is not the protocol of the page')
            return None
        if hello.get('version') != PROTOCOL_VERSION:
            await _refuse(connection, BAD_PROTOCOL, 'the page is of another version: reload it')
            return None
        address = str((connection.remote_address or ('unknown',))[0])
        if not await self._knows_token(connection, address, token):
            return None
        busy = self._why_busy(page, hello.get('take_over') is True)
        if busy is not None:
            self.counts['refused_clients'] += 1
            await _refuse(connection, BUSY, busy)
            return None
        request = connection.request
        agent = request.headers.get('User-Agent', '') if request is not None else ''
        agent = agent.encode('ascii', 'replace').decode()
        session = WebXrSession(
            address, agent[:_MAX_TEXT], page[:_MAX_TEXT], self._settings.silence_s, self.counts,
            self._on_frame)
        before, self._holder, self.session = self._holder, connection, session
        if before is not None:
            self.counts['takeovers'] += 1
            farewell = asyncio.create_task(_refuse(
                before, TAKEN_OVER, f'another headset at {address} has taken over'))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)
        try:
            await connection.send(json.dumps({'type': 'welcome', 'version': PROTOCOL_VERSION}))
        except ConnectionClosed:  # it must not hold the place
            if self.session is session:
                self.session = self._holder = None
            raise
        return session

    async def _knows_token(self, connection: ServerConnection, address: str, token: str) -> bool:
        verdict = self._gate.check(address, token, time.monotonic())
        if verdict is Verdict.RIGHT:
            return True
        self.counts['refused_tokens'] += 1
        if verdict is Verdict.WRONG:
            await _refuse(connection, WRONG_TOKEN, 'this is not the token that the node printed')
        else:
            await _refuse(connection, TOO_MANY_WRONG_TOKENS,
                          'too many wrong tokens: wait a minute, then try again')
        return False

    def _why_busy(self, page: str, takes_over: bool) -> str | None:
        holder = self.session
        if holder is None or takes_over or holder.page == page:
            return None
        silent_s = time.monotonic() - (holder.pose_s or holder.began_s)
        if silent_s > _TAKEOVER_S:
            return None
        return f'another headset at {holder.address} is in use'

    async def _ask(self, connection: ServerConnection, session: WebXrSession) -> None:
        """Ask for the headset's time, tell it how things are, and notice when it is gone."""
        number = 0
        try:
            while time.monotonic() - session.heard_s < _GONE_S:
                await connection.send(session.ping())
                number += 1
                if number % _PINGS_PER_STATUS == 0:
                    await connection.send(_status(session))
                await asyncio.sleep(_FIRST_PING_S if number < _FIRST_PINGS else _PING_S)
            await connection.close(GOING_AWAY, 'nothing was heard for a while')
        except ConnectionClosed:
            pass


def _status(session: WebXrSession) -> str:
    error_s, rtt_s = session.clock.error_s, session.clock.rtt_s
    return json.dumps({
        'type': 'status',
        'rtt_ms': None if rtt_s is None else round(1e3 * rtt_s, 1),
        'clock_error_ms': None if error_s is None else round(1e3 * error_s, 1),
    })


async def _refuse(connection: ServerConnection, code: int, text: str) -> None:
    """Say why, then close; the reason of a close alone would be cut at 123 bytes."""
    try:
        await connection.send(json.dumps({'type': 'refused', 'code': code, 'text': text}))
        await connection.close(code, text[:100])
    except ConnectionClosed:
        pass


def _text(message: str | bytes) -> str:
    if isinstance(message, str):
        return message
    raise ValueError('not a text')


def _port(server: Server) -> int:
    for listening in server.sockets:
        if listening.family in (socket.AF_INET, socket.AF_INET6):
            return int(listening.getsockname()[1])
    return 0


def _address_error(settings: WebXrServerSettings, error: OSError) -> WebXrServerError:
    if error.errno == errno.EADDRINUSE:
        return WebXrServerError(
            f"port {settings.port} is taken; choose another by parameter 'port', or 0 for any "
            'free one')
    return WebXrServerError(
        f"cannot serve at host '{settings.host}' port {settings.port}: {error.strerror or error}; "
        "allowed: 127.0.0.1, 0.0.0.0, or an address of this machine")
