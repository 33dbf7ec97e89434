# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Robots of example-robot-data, as retargeters."""

from __future__ import annotations

from functools import lru_cache

import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.retarget.retargeter import Retargeter  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402


@lru_cache
def retargeter(robot: str) -> Retargeter:
    try:
        find_urdf(robot)
    except UrdfError as error:
        pytest.skip(str(error))
    return Retargeter.load(robot)


@pytest.fixture(scope='session')
def robots():
    """Return a function from the name of an example to its retargeter."""
    return retargeter
