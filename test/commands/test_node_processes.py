# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Child processes: none outlives its parent, each end is told."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from motion_avatar_ros.commands.node_processes import NodeProcesses

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = 'import time\ntime.sleep(60)\n'
STUBBORN = ('import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n'
            "print('ready', flush=True)\ntime.sleep(60)\n")
FAILING = "import sys\nsys.stderr.write('error: port 1 is taken\\n')\nsys.exit(2)\n"


@pytest.fixture
def environment(tmp_path):
    for name, text in (('sleeper', SLEEPER), ('stubborn', STUBBORN), ('failing', FAILING)):
        (tmp_path / f'{name}.py').write_text(text)
    paths = f'{tmp_path}{os.pathsep}{ROOT}'
    return {**os.environ, 'PYTHONPATH': paths}


def wait_until(condition, timeout_s=20.0):
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, 'timed out'
        time.sleep(0.05)


def is_running(pid):
    try:
        state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
    except FileNotFoundError:
        return False
    return state != 'Z'


def test_child_that_ends_is_told_with_status_and_last_words(environment, tmp_path):
    with NodeProcesses(environment, tmp_path) as processes:
        processes.start('a', 'sleeper', [])
        processes.start('b', 'failing', [])
        wait_until(lambda: processes.ended() is not None)
        assert processes.ended().line == 'b ended (exit status 2): error: port 1 is taken'


def test_killed_child_is_told_by_its_signal(environment, tmp_path):
    with NodeProcesses(environment, tmp_path) as processes:
        processes.start('a', 'sleeper', [])
        os.kill(processes.pids['a'], signal.SIGKILL)
        wait_until(lambda: processes.ended() is not None)
        assert processes.ended().line == 'a ended (signal SIGKILL)'


def test_child_that_ignores_the_interrupt_is_stopped_all_the_same(environment, tmp_path):
    with NodeProcesses(environment, tmp_path) as processes:
        processes.start('a', 'stubborn', [])
        wait_until(lambda: 'ready' in processes.log('a'))
        pid = processes.pids['a']
    assert not is_running(pid)


@pytest.mark.skipif(sys.platform != 'linux', reason='the kernel ties children to parents on Linux')
def test_killed_parent_leaves_no_orphan(environment, tmp_path):
    script = (
        'import os, sys, time\nfrom pathlib import Path\n'
        'from motion_avatar_ros.commands.node_processes import NodeProcesses\n'
        'processes = NodeProcesses(os.environ, Path(sys.argv[1]))\n'
        "processes.start('a', 'sleeper', [])\n"
        "print(processes.pids['a'], flush=True)\ntime.sleep(60)\n")
    parent = subprocess.Popen(
        [sys.executable, '-c', script, str(tmp_path)], env=environment, stdout=subprocess.PIPE,
        text=True)
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_running(child))
