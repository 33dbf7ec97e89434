# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which worker of pytest-xdist runs which test: those against the clock one after the other.

A test of nodes at their rates, of other processes or of durations must not meet another one of
its kind: all of them go to the first worker, in their order. The other files go one by one to
whichever worker is free. All workers but the first give way to it when cores are short.
"""

from __future__ import annotations

import os
from pathlib import Path
import re

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ROOT = Path(__file__).resolve().parents[2]
AGAINST_THE_CLOCK = re.compile(
    r'\b(ros_domain|avatar_rig|make_bench|Popen|Thread|sleep|monotonic|perf_counter)\b')
FIRST_WORKER = 'gw0'
CLOCK = 'clock'
#: Their tests wait for what has to come, in one process: they may be slow.
PATIENT = frozenset(f'test/{name}.py' for name in (
    'commands/test_calibrate',
    'commands/test_node_processes',
    'commands/test_progress',
    'nodes/test_mesh_node',
    'nodes/test_robot_view',
    'nodes/test_viewer_node',
    'ros/test_calibration_service',
    'ros/test_calibration_session',
    'ros/test_diagnostics',
    'ros/test_lifecycle',
    'ros/test_parameters',
    'ros/test_state_publisher',
    'ros/test_stream_checker',
    'ros/test_tf2_msgs_build',
    'test_ros_domain',
))


def give_way() -> None:
    """Let the processes of the first worker go first; called once in each worker."""
    if os.environ.get('PYTEST_XDIST_WORKER', FIRST_WORKER) != FIRST_WORKER:
        os.nice(19)  # what is against the clock hardly notices them


def scope_of(file: str) -> str:
    """Return what is given to one worker as a whole: a test file, or 'clock' for many of them."""
    if file in PATIENT:
        return file
    text = (ROOT / file).read_text(encoding='utf-8')
    return CLOCK if AGAINST_THE_CLOCK.search(text) else file


class WorkerSchedule(LoadScopeScheduling):
    """Gives each worker whole files, and the first all files that run against the clock."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self._scopes: dict[str, str] = {}

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split('::')[0]
        if file not in self._scopes:
            self._scopes[file] = scope_of(file)
        return self._scopes[file]

    def _assign_work_unit(self, node: WorkerController) -> None:
        if CLOCK in self.workqueue:
            self.workqueue.move_to_end(CLOCK, last=node.gateway.id != FIRST_WORKER)
        super()._assign_work_unit(node)
