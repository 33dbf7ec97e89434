# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that several workers share: what runs against the clock never runs beside its like."""

from __future__ import annotations

import pytest

pytest.importorskip('xdist')
from worker_schedule import scope_of  # noqa: E402


def test_what_runs_against_the_clock_has_one_worker_and_the_rest_goes_by_file():
    assert scope_of('test/nodes/test_avatar_node.py::test_a') == 'clock'
    assert scope_of('test/commands/test_node_processes.py::test_a[b::c]') == 'clock'
    assert scope_of('test/body/test_axes.py::test_a') == 'test/body/test_axes.py'


def test_no_test_of_nodes_is_taken_for_one_that_only_computes(request):
    of_nodes = {item.nodeid for item in request.session.items
                if 'ros_domain' in item.fixturenames}
    assert {node_id for node_id in of_nodes if scope_of(node_id) != 'clock'} == set()
