# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of webxr_tracker_node and what its rows mean together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motion_avatar_ros.ros.parameters import Parameter, ParameterError
from motion_avatar_ros.ros.web_access import is_this_machine, page_token
from motion_avatar_ros.ros.web_certificate import server_context
from motion_avatar_ros.ros.webxr_server import WebXrServerSettings
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

WEBXR_PARAMETERS = (
    Parameter('host', '127.0.0.1',
              'address to serve at; 0.0.0.0 lets headsets on the network in'),
    Parameter('port', 8443, 'TCP port of the page; 0 takes any free one', 0, 65535),
    Parameter('https', True,
              'serve over TLS; false is allowed where host is this machine only, as with a '
              'headset on a USB cable'),
    Parameter('certificate', '',
              'PEM file of a certificate of your own; empty: a self-signed one, made on first '
              'use'),
    Parameter('key', '', 'PEM file of its key'),
    Parameter('token', '',
              'what a headset must know, 6 to 64 letters, digits and . _ ~ -, on a command line '
              'not digits alone; empty: a new random one at each start'),
    Parameter('fixed_frame', 'odom', 'frame the trackers move in: the floor of the headset'),
    Parameter('output', 'tf', 'send trackers on /tf, or as PoseStamped topics',
              choices=('tf', 'pose')),
    *(Parameter(f'trackers.{name}', f'{name}_tracker', f'TF frame of the {name} tracker')
      for name in TRACKER_NAMES),
    *(Parameter(f'pose_topics.{name}', f'{name}_tracker/pose',
                f'topic of the {name} tracker, with output: pose') for name in TRACKER_NAMES),
    Parameter('silence_s', 0.5,
              'without poses for so long the headset counts as lost; older poses are dropped',
              0.1, 10.0),
)


def tracker_targets(values: Mapping[str, Any]) -> tuple[str, ...]:
    """
    Return the TF frame or topic of each tracker.

    Raises:
        ParameterError: a name is empty or used twice.
    """
    prefix = 'trackers' if values['output'] == 'tf' else 'pose_topics'
    targets = tuple(values[f'{prefix}.{name}'] for name in TRACKER_NAMES)
    for name, target in zip(TRACKER_NAMES, targets):
        if not target.strip('/ ') or targets.count(target) > 1 or (
                prefix == 'trackers' and target == values['fixed_frame']):
            raise ParameterError(
                f"parameter '{prefix}.{name}' is '{target}'; allowed: a name of its own, neither "
                'empty nor that of another tracker or of the fixed frame')
    return targets


def server_settings(values: Mapping[str, Any]) -> WebXrServerSettings:
    """
    Return how the page is to be served; the certificate is made if there is none.

    Raises:
        ParameterError: plain HTTP on a network.
        WebTokenError: a token that cannot be typed.
        WebCertificateError: the certificate cannot be made or used.
    """
    host, token = values['host'], values['token']
    if not values['https'] and not is_this_machine(host):
        raise ParameterError(
            f"parameter 'https' is False with host '{host}'; allowed: only with 127.0.0.1, ::1 "
            'or localhost, since browsers give no headset to a page that is not secure')
    tls = server_context(values['certificate'], values['key']) if values['https'] else None
    return WebXrServerSettings(
        host=host, port=values['port'], tls=tls, token=page_token(token),
        silence_s=values['silence_s'])
