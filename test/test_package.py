# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The package as ROS sees it: one version, importable executables, everything installed."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
import re
import runpy
import shutil
import subprocess
from typing import Any
import xml.etree.ElementTree as ElementTree

import pytest
import setuptools

import motion_avatar_ros

ROOT = Path(__file__).resolve().parents[1]
PACKAGE_XML = ElementTree.parse(ROOT / 'package.xml').getroot()
ROS_IMPORT = re.compile(
    r'^\s*(?:from|import) (rclpy|\w+_msgs|\w+_interfaces|tf2_\w+|launch\w*|ament_\w+|std_srvs)\b',
    re.MULTILINE)
ROS_PACKAGE_OF = {'tf2_ros': 'tf2_ros_py'}


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, 'setup', lambda **given: arguments.update(given))
    monkeypatch.chdir(ROOT)
    runpy.run_path('setup.py')
    return arguments


@pytest.fixture
def installed_prefix() -> Path:
    """Find where colcon installed the package whose tests it runs."""
    for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        if (Path(prefix) / 'share' / 'motion_avatar_ros' / 'package.xml').is_file():
            return Path(prefix)
    pytest.skip('the package is not installed: make test installs it with colcon')


def test_version_is_the_same_everywhere(setup_arguments):
    assert motion_avatar_ros.__version__ == setup_arguments['version']
    assert motion_avatar_ros.__version__ == PACKAGE_XML.findtext('version')


def test_every_executable_can_be_imported(setup_arguments):
    scripts = setup_arguments['entry_points']['console_scripts']
    assert len(scripts) >= 5
    for script in scripts:
        module, function = script.split(' = ')[1].split(':')
        assert callable(getattr(importlib.import_module(module), function)), script


def test_every_launch_config_and_model_file_is_installed(setup_arguments, package_files):
    installed = {name for _, names in setup_arguments['data_files'] for name in names}
    owned = {str(path.relative_to(ROOT)) for path in package_files
             if path.relative_to(ROOT).parts[0] in ('launch', 'config', 'models', 'resource')}
    assert owned - installed == set()
    assert 'package.xml' in installed


def test_every_data_file_inside_the_package_is_installed(setup_arguments, package_files):
    package = ROOT / 'motion_avatar_ros'
    installed = {path for pattern in setup_arguments['package_data']['motion_avatar_ros']
                 for path in package.glob(pattern)}
    compiled = {ROOT / path for extension in setup_arguments['ext_modules']
                for path in (*extension.sources, *extension.depends)}
    data = {path for path in package_files
            if path.is_relative_to(package) and path.suffix != '.py'}
    assert data - installed - compiled == set()


def test_what_is_compiled_is_installed(installed_prefix):
    """Without it all but robots works, so a build goes on when its compiler is missing."""
    if shutil.which('gcc') is None:
        pytest.skip('needs gcc')
    assert list(installed_prefix.rglob('motion_avatar_ros/retarget/_kernel*.so'))


def test_every_imported_ros_package_is_declared(package_files):
    declared = {element.text for element in PACKAGE_XML.iter('exec_depend')}
    for path in package_files:
        if path.suffix == '.py' and path.relative_to(ROOT).parts[0] != 'test':
            for name in ROS_IMPORT.findall(path.read_text(encoding='utf-8')):
                assert ROS_PACKAGE_OF.get(name, name) in declared, f'{path} imports {name}'


def test_rosdep_is_not_asked_for_what_it_cannot_install():
    declared = {element.text for kind in ('depend', 'exec_depend', 'test_depend', 'build_depend')
                for element in PACKAGE_XML.iter(kind)}
    assert not [key for key in declared if re.search('torch|viser|safetensors|smplx|pip', key)]


def test_every_requirement_is_pinned_to_one_version():
    for path in [*ROOT.glob('config/requirements*.txt'), ROOT / 'config' / 'constraints.txt']:
        for line in path.read_text(encoding='utf-8').splitlines():
            assert line.startswith('#') or re.fullmatch(r'[\w.-]+==[\w.]+', line), (path, line)


def test_ament_finds_the_installed_package(installed_prefix):
    index = installed_prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    assert (index / 'motion_avatar_ros').is_file()


def test_an_installed_executable_runs_from_any_folder(installed_prefix, tmp_path):
    executable = installed_prefix / 'lib' / 'motion_avatar_ros' / 'motion_avatar'
    result = subprocess.run(
        [str(executable), '--help'], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert 'evaluate' in result.stdout
