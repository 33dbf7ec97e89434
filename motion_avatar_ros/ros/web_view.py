# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The web page that shows a body: scene, camera and panel on one viser server. Knows no ROS.

Everything of the tracking space hangs under one scene node, which is moved instead of the
camera: the person stays in front of every visitor's own view, and nobody's orbiting is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
import errno
import io
import logging
import math
import socket
import ssl

import numpy as np
import viser

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.web_access import is_this_machine
from motion_avatar_ros.ros.web_certificate import lan_addresses
from motion_avatar_ros.ros.web_guard import PageGuard

FOLLOW_CHOICES = ('off', 'position', 'heading')

_BACKGROUND_TOP = (236, 239, 243)
_BACKGROUND_BOTTOM = (250, 250, 251)
_GRID_CELL = (226, 229, 233)
_GRID_SECTION = (202, 207, 214)
_CAMERA_M = (2.75, -1.6, 1.5)  # in front of a person at the origin who faces +x, to their right
_LOOK_AT_M = (0.0, 0.0, 0.92)
_CAMERA_FOV_RAD = math.radians(42.0)
_DEFAULT_PORT = 8080
_JUMP_M = 1.0  # farther is another place, which the view does not glide to
_SPACE = '/space'


class WebPageError(MotionAvatarError):
    """The page cannot be served at the asked address."""


@dataclass(frozen=True)
class WebViewSettings:
    """
    Where the page is served and how its camera behaves.

    Attributes:
        host: address to bind; 127.0.0.1 keeps the page on this machine.
        port: TCP port; 0 takes the first free one from 8080 on.
        follow: 'off', 'position' (the person stays in the middle) or 'heading' (and is always
            seen from the front).
        follow_time_constant_s: how slowly the view follows [s].
        token: to be known by whoever opens the page; None where it is this machine's only.
        tls: None for plain HTTP.
    """

    host: str = '127.0.0.1'
    port: int = _DEFAULT_PORT
    follow: str = 'position'
    follow_time_constant_s: float = 0.15
    token: str | None = None
    tls: ssl.SSLContext | None = None


class WebView:
    """One served page; content is drawn under `scene_path`."""

    def __init__(self, settings: WebViewSettings = WebViewSettings()):
        self._settings = settings
        self.server = _start_server(settings)
        self._place = _FollowedPlace(settings.follow_time_constant_s)
        self._follow: viser.GuiDropdownHandle[str] | None = None
        scene, gui = self.server.scene, self.server.gui
        gui.configure_theme(
            control_layout='floating', control_width='small', show_logo=False,
            show_share_button=False, brand_color=(58, 110, 165))
        gui.set_panel_label('motion avatar')
        scene.set_up_direction('+z')
        scene.world_axes.visible = False
        scene.set_background_image(_background())
        scene.configure_default_lights(enabled=True, cast_shadow=True)
        camera = self.server.initial_camera
        camera.position, camera.look_at, camera.fov = _CAMERA_M, _LOOK_AT_M, _CAMERA_FOV_RAD
        self._space = scene.add_frame(_SPACE, show_axes=False)
        scene.add_grid(
            self.scene_path('ground'), infinite_grid=True, cell_size=0.25, section_size=1.0,
            cell_color=_GRID_CELL, section_color=_GRID_SECTION, fade_distance=14.0,
            fade_from='origin', shadow_opacity=0.3)
        self._report = gui.add_markdown('waiting for a body …')

    @property
    def page(self) -> str:
        """Address of the page, without its token."""
        host = self.server.get_host()
        if host in ('0.0.0.0', '::'):
            host = next(iter(lan_addresses()), 'localhost')
        shown = 'localhost' if is_this_machine(host) else f'[{host}]' if ':' in host else host
        scheme = 'http' if self._settings.tls is None else 'https'
        return f'{scheme}://{shown}:{self.server.get_port()}'

    @property
    def invitation(self) -> str:
        """Address that opens the page."""
        token = self._settings.token
        return self.page if token is None else f'{self.page}/?token={token}'

    def add_follow_choice(self) -> None:
        """Put the choice of what the view follows on the page."""
        self._follow = self.server.gui.add_dropdown(
            'follow', FOLLOW_CHOICES, initial_value=self._settings.follow)

    @contextmanager
    def folder(self, label: str, is_open: bool = False) -> Iterator[None]:
        """Collect what is put on the panel meanwhile under a heading."""
        with self.server.gui.add_folder(label, expand_by_default=is_open):
            yield

    @staticmethod
    def scene_path(name: str) -> str:
        """Return the scene path of a thing that stands in the tracking space."""
        return f'{_SPACE}/{name}'

    def follow_person(self, position_m: np.ndarray, heading_rad: float, now_s: float) -> float:
        """
        Keep the person in the view, and return the heading [rad] that it is turned to.

        Args:
            position_m: (3,) pelvis in the tracking space [m].
            heading_rad: yaw of the person's forward direction [rad].
            now_s: steady time [s].
        """
        place = self._place.moved(
            position_m[:2], heading_rad, now_s,
            self._settings.follow if self._follow is None else self._follow.value)
        cos, sin = math.cos(place[2]), math.sin(place[2])
        x, y = -(cos * place[0] + sin * place[1]), sin * place[0] - cos * place[1]
        self._space.position = (x, y, 0.0)
        self._space.wxyz = (math.cos(place[2] / 2), 0.0, 0.0, -math.sin(place[2] / 2))
        return float(place[2])

    def show_report(self, markdown: str) -> None:
        """Replace the panel's text."""
        update_handle(self._report, content=markdown)

    def close(self) -> None:
        """Stop serving."""
        with redirect_stdout(io.StringIO()):
            self.server.stop()


def update_handle(handle: object, **values: object) -> None:
    """Set those properties that change: each setting travels to every visitor."""
    for name, value in values.items():
        if getattr(handle, name) != value:
            setattr(handle, name, value)


class _FollowedPlace:
    """Smoothed place (x, y [m], yaw [rad]) that the view keeps in its middle."""

    def __init__(self, time_constant_s: float):
        self._time_constant_s = time_constant_s
        self._place: np.ndarray | None = None
        self._time_s = 0.0

    def moved(
        self, position_m: np.ndarray, heading_rad: float, now_s: float, follow: str
    ) -> np.ndarray:
        wanted = np.array([position_m[0], position_m[1], heading_rad])
        is_jump = self._place is not None and math.dist(wanted[:2], self._place[:2]) > _JUMP_M
        if self._place is None or (is_jump and follow != 'off'):
            self._place = wanted  # a first sight is from the front, whatever is followed
        elif follow != 'off':
            step = wanted - self._place
            step[2] = math.remainder(step[2], 2 * math.pi) if follow == 'heading' else 0.0
            elapsed_s = max(now_s - self._time_s, 0.0)
            gain = np.array([1.0, 1.0, 0.15]) / self._time_constant_s
            self._place = self._place + step * (1.0 - np.exp(-elapsed_s * gain))
        self._time_s = now_s
        return self._place


def _start_server(settings: WebViewSettings) -> viser.ViserServer:
    if settings.follow not in FOLLOW_CHOICES:
        raise WebPageError(f"follow '{settings.follow}': allowed are {', '.join(FOLLOW_CHOICES)}")
    logging.getLogger('websockets').setLevel(logging.CRITICAL)
    port = settings.port or _DEFAULT_PORT
    if settings.token is None and not is_this_machine(settings.host):
        raise WebPageError(f"host '{settings.host}' is served with a token only")
    _check_address(settings.host, settings.port)  # viser would wait for ever
    guard = PageGuard(settings.token, settings.tls)
    with redirect_stdout(io.StringIO()), guard.in_front():  # viser prints a banner
        server = viser.ViserServer(
            host=settings.host, port=port, label='motion avatar', verbose=False)
        if not guard.is_in_use:
            server.stop()
            raise WebPageError(
                f'this version of viser, {viser.__version__}, lets everybody in; allowed: 1.1')
        if settings.port and server.get_port() != port:  # viser goes on to the next free port
            server.stop()
            raise _port_taken(port)
    return server


def _check_address(host: str, port: int) -> None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _port_taken(port) from None
        raise WebPageError(f"cannot serve at host '{host}' port {port}: {error}") from None


def _port_taken(port: int) -> WebPageError:
    return WebPageError(
        f'port {port} is taken; choose another, or 0 for the first free one from '
        f'{_DEFAULT_PORT} on')


def _background() -> np.ndarray:
    """Return a vertical gradient (H, W, 3) uint8, the colour of a photographer's backdrop."""
    fraction = np.linspace(0.0, 1.0, 256)[:, None, None]
    top, bottom = np.array(_BACKGROUND_TOP), np.array(_BACKGROUND_BOTTOM)
    return np.broadcast_to(
        (top + fraction * (bottom - top)).round().astype(np.uint8), (256, 4, 3)).copy()
