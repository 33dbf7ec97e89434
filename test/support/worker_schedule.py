# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which worker of pytest-xdist runs which test: those against the clock one after the other.

A test of nodes, processes or durations keeps a core for itself: all of them go to one worker,
in their order. The files that only compute go one by one to whichever worker is free.
"""

from __future__ import annotations

from pathlib import Path
import re

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[2]
RUNS_AGAINST_THE_CLOCK = re.compile(
    r'\b(ros_domain|avatar_rig|Popen|Thread|sleep|monotonic|perf_counter)\b')


def scope_of(node_id: str) -> str:
    """Return what a test's worker is chosen by: its file, or 'clock' for all such files."""
    name = node_id.split('::')[0]
    text = (ROOT / name).read_text(encoding='utf-8')
    return 'clock' if RUNS_AGAINST_THE_CLOCK.search(text) else name


class WorkerSchedule(LoadScopeScheduling):
    """Gives each worker whole files, and one of them all files that run against the clock."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self._scopes: dict[str, str] = {}

    def _split_scope(self, nodeid: str) -> str:
        name = nodeid.split('::')[0]
        if name not in self._scopes:
            self._scopes[name] = scope_of(nodeid)
        return self._scopes[name]
