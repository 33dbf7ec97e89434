# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that several workers share: what runs against the clock never meets its like."""

from __future__ import annotations

import pytest

pytest.importorskip('xdist')
from worker_schedule import PATIENT, ROOT, scope_of  # noqa: E402


def test_what_runs_against_the_clock_has_one_worker_and_the_rest_goes_by_file():
    for name in ('nodes/test_avatar_node', 'nodes/test_retarget_node', 'commands/test_demo'):
        assert scope_of(f'test/{name}.py') == 'clock'
    for name in ('body/test_axes', 'ros/test_lifecycle'):
        assert scope_of(f'test/{name}.py') == f'test/{name}.py'


def test_no_test_in_a_ros_domain_is_taken_for_one_that_only_computes(request):
    files = {item.nodeid.split('::')[0] for item in request.session.items
             if 'ros_domain' in item.fixturenames}
    assert {file for file in files - PATIENT if scope_of(file) != 'clock'} == set()


def test_every_file_that_is_called_patient_is_there():
    assert [file for file in PATIENT if not (ROOT / file).is_file()] == []
