# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Style that tools can check: flake8, quotes, docstrings and type hints."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUFF = ('ruff', 'check', '--isolated', '--no-cache', '--quiet', '--output-format', 'concise',
        '--line-length', '99', '--target-version', 'py311',
        '--config', 'lint.pydocstyle.convention="google"',
        '--config', 'lint.flake8-quotes.inline-quotes="single"')
# A summary may stand on the first or, as in ROS code, on the second line of a docstring.
EVERYWHERE = ('--select', 'Q,D2,D3,D4', '--ignore', 'D212,D417')
PACKAGE = ('--select', 'ANN,D100,D101,D102,D103', '--ignore', 'ANN204,ANN401')
QUIET_PACKAGE = ('--select', 'T20')


def _check(command: tuple[str, ...], files: list[Path]) -> None:
    names = [str(path.relative_to(ROOT)) for path in files]
    result = subprocess.run(
        [sys.executable, '-m', *command, *names], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        pytest.fail(result.stdout, pytrace=False)


@pytest.fixture
def library_files(python_files: list[Path]) -> list[Path]:
    return [path for path in python_files if path.is_relative_to(ROOT / 'motion_avatar_ros')]


def test_flake8_finds_nothing(python_files):
    _check(('flake8', '--jobs=1'), python_files)


def test_quotes_and_docstrings_have_the_agreed_form(python_files):
    _check((*RUFF, *EVERYWHERE), python_files)


def test_whatever_is_public_has_a_docstring_and_type_hints(library_files):
    _check((*RUFF, *PACKAGE), library_files)


def test_nothing_but_commands_prints(library_files):
    nodes_and_library = [path for path in library_files if 'commands' not in path.parts]
    _check((*RUFF, *QUIET_PACKAGE), nodes_and_library)


def test_the_checks_see_what_they_are_for(tmp_path):
    bad = tmp_path / 'bad.py'
    bad.write_text('import os\nname = "x"\n\n\ndef f(x):\n    print(x)\n', encoding='utf-8')
    rules = ','.join(group[1] for group in (EVERYWHERE, PACKAGE, QUIET_PACKAGE))
    ruff = subprocess.run([sys.executable, '-m', *RUFF, '--select', rules, str(bad)],
                          capture_output=True, text=True).stdout
    assert all(code in ruff for code in ('Q000', 'D100', 'D103', 'ANN001', 'T201')), ruff
    flake8 = subprocess.run([sys.executable, '-m', 'flake8', '--jobs=1', str(bad)],
                            capture_output=True, text=True).stdout
    assert 'F401' in flake8
