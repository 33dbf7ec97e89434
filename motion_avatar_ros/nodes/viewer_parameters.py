# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of viewer_node, and how its page is served by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motion_avatar_ros.nodes.body_view import BODY_VIEW_PARAMETERS
from motion_avatar_ros.nodes.record_control import RECORD_PARAMETERS
from motion_avatar_ros.nodes.robot_view import ROBOT_VIEW_PARAMETERS
from motion_avatar_ros.nodes.tracker_sources import TRACKER_PARAMETERS
from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.ros.web_access import is_this_machine, page_token
from motion_avatar_ros.ros.web_certificate import server_context
from motion_avatar_ros.ros.web_view import FOLLOW_CHOICES, WebViewSettings

VIEWER_PARAMETERS = (
    Parameter('host', '127.0.0.1',
              'address to serve at; 0.0.0.0 serves who knows the token on other machines too'),
    Parameter('port', 8080, 'TCP port of the page; 0 takes the first free one from 8080 on',
              0, 65535),
    Parameter('token', '',
              'what a visitor must know, 6 to 64 letters, digits and . _ ~ -, on a command line '
              'not digits alone; empty: a new random one at each start, none with host 127.0.0.1'),
    Parameter('https', True, 'serve over TLS where host is another than this machine'),
    Parameter('certificate', '',
              'PEM file of a certificate of your own; empty: a self-signed one, made on first '
              'use'),
    Parameter('key', '', 'PEM file of its key'),
    Parameter('rate_hz', 30.0, 'frames drawn per second', 1.0, 60.0),
    Parameter('follow', 'position',
              'what of the person the view follows; heading also keeps them seen from the front',
              choices=FOLLOW_CHOICES),
    *BODY_VIEW_PARAMETERS,
    Parameter('avatar_node', 'avatar_node',
              'node whose status the panel shows, whose operator it calibrates and whose model it '
              'lets choose'),
    Parameter('robot_node', 'retarget_node', 'node whose robot the page engages, stops, chooses'),
    Parameter('webxr_node', 'webxr_tracker_node',
              "node whose page for headsets is linked as 'use this headset' while it runs"),
    Parameter('prompt_topic', 'generator_node/prompt',
              'String of what is typed as motion; the box is there while somebody listens'),
    *RECORD_PARAMETERS,
    Parameter('body_id', 'avatar', 'prefix of the links of the avatar: <body_id>/pelvis ...'),
    *ROBOT_VIEW_PARAMETERS,
    *TRACKER_PARAMETERS,
)


def page_settings(values: Mapping[str, Any]) -> WebViewSettings:
    """
    Return how the page is to be served; the certificate is made if there is none.

    Raises:
        WebTokenError: a token that cannot be typed.
        WebCertificateError: the certificate cannot be made or used.
    """
    is_private = is_this_machine(values['host'])
    return WebViewSettings(
        host=values['host'], port=values['port'], follow=values['follow'],
        token=None if is_private and not values['token'] else page_token(values['token']),
        tls=server_context(values['certificate'], values['key']) if (
            values['https'] and not is_private) else None)
