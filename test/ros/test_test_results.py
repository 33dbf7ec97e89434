# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The closing line of `make test` cannot be green without tests that ran and passed."""

from __future__ import annotations

import pytest

from motion_avatar_ros.ros import test_results as results

PASSED, FAILED = '<testcase name="a"/>', '<testcase name="b"><failure message="no"/></testcase>'
ERROR = '<testcase name="c"><error/></testcase>'
SKIPPED = '<testcase name="d"><skipped/></testcase>'


@pytest.mark.parametrize(('cases', 'status', 'line'), [
    (PASSED + PASSED + SKIPPED, 0, '2 passed, 0 failed, 1 skipped'),
    (PASSED + FAILED, 1, '1 passed, 1 failed, 0 skipped'),
    (PASSED + ERROR, 1, '1 passed, 1 failed, 0 skipped'),
    (SKIPPED, 1, '0 passed, 0 failed, 1 skipped'),
    ('', 1, '0 passed, 0 failed, 0 skipped'),
])
def test_only_passed_tests_make_it_green(tmp_path, capsys, cases, status, line):
    (tmp_path / 'motion_avatar_ros').mkdir()
    (tmp_path / 'motion_avatar_ros' / 'pytest.xml').write_text(
        f'<testsuites><testsuite>{cases}</testsuite></testsuites>', encoding='utf-8')
    assert results.main([str(tmp_path)]) == status
    assert capsys.readouterr().out == f'{line}\n'


def test_no_result_file_is_a_failure(tmp_path, capsys):
    assert results.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == '0 passed, 0 failed, 0 skipped\n'


def test_a_result_file_cut_off_by_a_crash_is_a_failure(tmp_path):
    (tmp_path / 'motion_avatar_ros').mkdir()
    (tmp_path / 'motion_avatar_ros' / 'pytest.xml').write_text('<testsuites><testsui')
    assert results.main([str(tmp_path)]) == 1
