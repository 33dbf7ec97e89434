# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the whole suite shares: a DDS domain per test, the files of the package, the workers.

Tests of several runs may share one machine, and nodes of two tests in one domain hear each
other. A domain is therefore held by a file lock for as long as its test runs.
"""

from __future__ import annotations

from collections.abc import Iterator
import fcntl
import itertools
import os
from pathlib import Path
import subprocess
import tempfile
import time
from typing import Any, IO

import pytest

LAST_DOMAIN_ID = 101  # higher domains reach the ports that the kernel hands out
ROOT = Path(__file__).resolve().parents[1]
BUILT_FOLDERS = {'.git', '.venv', 'build', 'install', 'log', 'runs', '__pycache__'}

# The models of the tests are so small that a second thread costs more than it brings.
os.environ.setdefault('OMP_NUM_THREADS', '1')
# Tests leave nothing in this user's cache, and find nothing there.
os.environ['MOTION_AVATAR_CACHE'] = ''

_starts = itertools.count(os.getpid() * 7)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, 'workerinput'):
        from worker_schedule import give_way  # needs pytest-xdist

        give_way()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute the tests over several workers (pytest -n 2), where pytest-xdist is there."""
    from worker_schedule import WorkerSchedule  # needs pytest-xdist

    return WorkerSchedule(config, log)


def _lock(domain_id: int) -> IO[str] | None:
    """Hold a domain for this process, or return None when another one holds it."""
    folder = Path(tempfile.gettempdir()) / f'motion_avatar_ros_domains_{os.getuid()}'
    folder.mkdir(exist_ok=True)
    handle = open(folder / f'{domain_id}.lock', 'w', encoding='utf-8')
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _hold_free_domain(wait_s: float = 60.0) -> tuple[int, IO[str]]:
    deadline_s = time.monotonic() + wait_s
    while time.monotonic() < deadline_s:
        start = next(_starts)
        for offset in range(LAST_DOMAIN_ID):
            domain_id = 1 + (start + offset) % LAST_DOMAIN_ID
            handle = _lock(domain_id)
            if handle is not None:
                return domain_id, handle
        time.sleep(0.2)
    raise RuntimeError(f'no free ROS domain in 1..{LAST_DOMAIN_ID} after {wait_s} s')


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """Give the test, and the processes it starts, a ROS domain of its own on this host."""
    domain_id, handle = _hold_free_domain()
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain_id))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'ros_log'))
    monkeypatch.setenv('ROS_HOME', str(tmp_path / 'ros_home'))  # no calibration of this user's
    for name in ('ROS_LOCALHOST_ONLY', 'ROS_STATIC_PEERS', 'ROS_DISCOVERY_SERVER'):
        monkeypatch.delenv(name, raising=False)
    with handle:
        yield domain_id


def _is_built(path: Path) -> bool:
    return not BUILT_FOLDERS.isdisjoint(path.relative_to(ROOT).parts)


@pytest.fixture(scope='session')
def package_files() -> list[Path]:
    """List the files that belong to the package: what git would commit, or all but builds."""
    listing = subprocess.run(
        ['git', '-C', str(ROOT), 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        capture_output=True, text=True, check=False) if (ROOT / '.git').exists() else None
    if listing is not None and listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.split('\0') if name]
    else:
        found = [path for path in ROOT.rglob('*') if not _is_built(path)]
    return sorted(path for path in found if path.is_file())


@pytest.fixture(scope='session')
def python_files(package_files: list[Path]) -> list[Path]:
    """List the Python files of the package."""
    return [path for path in package_files if path.suffix == '.py']
