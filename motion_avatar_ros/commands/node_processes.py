# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Nodes as child processes that never outlive their parent.

Each child is in a session of its own, so that a Ctrl-C at the terminal reaches the parent only,
which then stops the children in order; should the parent be killed, the kernel signals them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import ctypes
from dataclasses import dataclass
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1
_STOP_SIGNALS = ((signal.SIGINT, 5.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0))
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == 'linux' else None


@dataclass(frozen=True)
class EndedNode:
    """A child that ended: its name, exit status (negative: signal) and last words."""

    name: str
    status: int
    last_words: str

    @property
    def line(self) -> str:
        """What happened, in one line."""
        if self.status < 0:  # what it said last has nothing to do with it
            return f'{self.name} ended (signal {signal.Signals(-self.status).name})'
        words = f': {self.last_words}' if self.last_words else ''
        return f'{self.name} ended (exit status {self.status}){words}'


class NodeProcesses:
    """Starts, watches and stops node processes; a context manager."""

    def __init__(self, environment: Mapping[str, str], log_folder: Path) -> None:
        self._environment = dict(environment)
        self._log_folder = log_folder
        self._children: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> NodeProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Process id by name."""
        return {name: child.pid for name, child in self._children.items()}

    def start(self, name: str, module: str, arguments: Sequence[str]) -> None:
        """Run `python -m module arguments` as child `name`."""
        parent = os.getpid()

        def tie_to_parent() -> None:
            # A shell without job control starts its children with SIGINT ignored.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

        with open(self._log_file(name), 'wb') as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, '-m', module, *arguments], env=self._environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=tie_to_parent)

    def ended(self) -> EndedNode | None:
        """Return a child that ended by itself, or None."""
        for name, child in self._children.items():
            status = child.poll()
            if status is not None:
                lines = [line for line in self.log(name).splitlines() if line.strip()]
                return EndedNode(name, status, lines[-1].strip() if lines else '')
        return None

    def log(self, name: str) -> str:
        """Return what a child wrote so far."""
        try:
            return self._log_file(name).read_text(errors='replace')
        except FileNotFoundError:
            return ''

    def stop(self) -> None:
        """Interrupt all children, wait, and go on to harder signals for those that stay."""
        for stop_signal, patience_s in _STOP_SIGNALS:
            alive = [child for child in self._children.values() if child.poll() is None]
            for child in alive:
                child.send_signal(stop_signal)
            deadline_s = time.monotonic() + patience_s
            for child in alive:
                try:
                    child.wait(max(0.0, deadline_s - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue

    def _log_file(self, name: str) -> Path:
        return self._log_folder / f'{name}.log'
