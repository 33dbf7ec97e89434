# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The environment the demo's processes share: a ROS domain of their own, Fast DDS transports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import tempfile

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.shipped_config import config_file

_LAST_DOMAIN_ID = 101  # higher domains reach the ports that the kernel hands out
_PROFILES = 'fastdds_profiles.xml'
#: Fast DDS 2.14 and older read the first name only, newer ones the second.
_PROFILES_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
_OLD_DISTROS = ('', 'humble', 'iron', 'jazzy')


class NoFreeDomainError(MotionAvatarError):
    """Every ROS domain of this host is held by another demo or test."""


@contextmanager
def demo_environment(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """
    Yield the variables to set for the demo's processes; what the user has set stays.

    A domain that was picked here is held by a file lock until the context ends, so that two
    demos on one host do not hear each other.

    Args:
        environment: the user's, such as os.environ.

    Raises:
        NoFreeDomainError: no domain is free.
    """
    added: dict[str, str] = {}
    lock = None
    if 'ROS_DOMAIN_ID' not in environment:
        domain_id, lock = _free_domain()
        added['ROS_DOMAIN_ID'] = str(domain_id)
    if 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in environment:
        added['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    profiles = config_file(_PROFILES)
    if profiles is not None and not any(name in environment for name in _PROFILES_VARIABLES):
        is_old = environment.get('ROS_DISTRO', '') in _OLD_DISTROS
        added[_PROFILES_VARIABLES[0 if is_old else 1]] = str(profiles)
    try:
        yield added
    finally:
        if lock is not None:
            os.close(lock)


def _free_domain() -> tuple[int, int]:
    """Return a domain id and the descriptor of the lock that holds it."""
    folder = Path(tempfile.gettempdir()) / f'motion_avatar_ros_domains_{os.getuid()}'
    folder.mkdir(exist_ok=True)
    for offset in range(_LAST_DOMAIN_ID):
        domain_id = 1 + (7 * os.getpid() + offset) % _LAST_DOMAIN_ID
        lock = os.open(folder / f'{domain_id}.lock', os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return domain_id, lock
    raise NoFreeDomainError(
        f'every ROS domain of 1 .. {_LAST_DOMAIN_ID} is in use by a demo or a test on this host; '
        'set ROS_DOMAIN_ID')
