# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of the headset's page, answered to GET requests; there is nothing else to get."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files

from websockets.datastructures import Headers
from websockets.http11 import Response

_HTML, _SCRIPT, _STYLE = (
    'text/html; charset=utf-8', 'text/javascript; charset=utf-8', 'text/css; charset=utf-8')
_FILES = {
    '/': ('index.html', _HTML),
    '/page.css': ('page.css', _STYLE),
    '/page.js': ('page.js', _SCRIPT),
    '/link.js': ('link.js', _SCRIPT),
    '/frames.js': ('frames.js', _SCRIPT),
    '/headset.js': ('headset.js', _SCRIPT),
    '/scene.js': ('scene.js', _SCRIPT),
}


class WebFiles:
    """All files of the page, in memory."""

    def __init__(self) -> None:
        folder = files('motion_avatar_ros.ros') / 'web'
        self._files = {
            path: ((folder / name).read_bytes(), kind) for path, (name, kind) in _FILES.items()}

    def response(self, target: str, host: str, is_secure: bool) -> Response:
        """
        Answer a request.

        Args:
            target: path of the request, a query included.
            host: the Host header, known to be well formed.
            is_secure: whether the page is served over TLS.
        """
        found = self._files.get(target.partition('?')[0])
        if found is None:
            return text_response(HTTPStatus.NOT_FOUND, 'there is no such page')
        body, kind = found
        # Named beside 'self', which some browsers do not take for the WebSocket's scheme.
        socket = f"{'wss' if is_secure else 'ws'}://{host}"
        return _response(HTTPStatus.OK, kind, body, (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            f"connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"))


def text_response(status: HTTPStatus, text: str) -> Response:
    """Answer with one line of text."""
    return _response(
        status, 'text/plain; charset=utf-8', f'{text}\n'.encode(), "default-src 'none'")


def _response(status: HTTPStatus, kind: str, body: bytes, policy: str) -> Response:
    return Response(status.value, status.phrase, Headers([
        ('Connection', 'close'),
        ('Content-Length', str(len(body))),
        ('Content-Type', kind),
        ('Content-Security-Policy', policy),
        ('Permissions-Policy', 'xr-spatial-tracking=(self)'),
        ('X-Content-Type-Options', 'nosniff'),
        ('Referrer-Policy', 'no-referrer'),
        ('Cache-Control', 'no-store'),
    ]), body)
