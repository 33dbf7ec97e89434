# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One suite for both transform buffers."""

from __future__ import annotations

import importlib.util

import pytest

from motion_avatar_ros.trackers.transform_buffer import ChainBuffer


@pytest.fixture(params=['chain', 'tf2'])
def buffer(request):
    """Give our own buffer, and tf2's where this host has it."""
    if request.param == 'chain':
        return ChainBuffer()
    if importlib.util.find_spec('tf2_py') is None:
        pytest.skip('tf2_py is not on this host: there is only our own buffer')
    from motion_avatar_ros.ros.tf2_buffer import Tf2Buffer
    return Tf2Buffer()
