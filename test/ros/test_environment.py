# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Set-up does nothing when nothing changed, all when something did, and says what is missing."""

from __future__ import annotations

from pathlib import Path
import platform
import subprocess
import sys

import pytest

from motion_avatar_ros.ros import environment

VENV_ERROR = 'The virtual environment was not created because ensurepip is not available.'


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Replace the slow steps; list which of them ran."""
    ran: list[str] = []

    def make(venv: Path, is_on_ros: bool) -> None:
        ran.append('make')
        (venv / 'bin').mkdir(parents=True, exist_ok=True)
        (venv / 'bin' / 'pip').touch()
        (venv / 'pyvenv.cfg').write_text(
            f'include-system-site-packages = {str(is_on_ros).lower()}\n'
            f'version = {platform.python_version()}\ncommand = python -m venv {venv}\n')

    config = tmp_path / 'config'
    config.mkdir()
    for path in environment.CONFIG.glob('*.txt'):
        (config / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.setattr(environment, 'CONFIG', config)
    monkeypatch.setattr(environment, '_make_venv', make)
    monkeypatch.setattr(environment, '_install', lambda venv, is_on_ros: ran.append('install'))
    monkeypatch.setattr(environment, '_build_tf2_msgs', lambda venv: ran.append('tf2_msgs'))
    return ran


def test_second_set_up_does_nothing(steps, tmp_path):
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    assert steps == ['make', 'install', 'tf2_msgs']
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    assert steps == ['make', 'install', 'tf2_msgs']


def test_changed_requirement_installs_again_into_the_same_environment(steps, tmp_path):
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    with open(environment.CONFIG / 'requirements.txt', 'a') as requirements:
        requirements.write('something==1.0\n')
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    assert steps[3:] == ['install', 'tf2_msgs']


def test_sourcing_ros_makes_the_environment_anew_without_wheels(steps, tmp_path):
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    environment.set_up(tmp_path / '.venv', is_on_ros=True)
    assert steps[3:] == ['make', 'install']
    names = [path.name for path in environment.requirement_files(is_on_ros=True)]
    assert 'requirements-ros.txt' not in names


def test_interrupted_install_is_taken_up_again(steps, tmp_path, monkeypatch):
    def fail(venv: Path, is_on_ros: bool) -> None:
        raise environment.SetupError('the line is dead')

    working = environment._install
    monkeypatch.setattr(environment, '_install', fail)
    with pytest.raises(environment.SetupError):
        environment.set_up(tmp_path / '.venv', is_on_ros=False)
    monkeypatch.setattr(environment, '_install', working)
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    assert steps == ['make', 'install', 'tf2_msgs']


def test_moved_checkout_makes_its_environment_anew(steps, tmp_path):
    environment.set_up(tmp_path / '.venv', is_on_ros=False)
    (tmp_path / '.venv').rename(tmp_path / 'moved')
    environment.set_up(tmp_path / 'moved', is_on_ros=False)
    assert steps[3] == 'make'


def test_missing_venv_package_is_named(tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stdout=VENV_ERROR, stderr='')
    monkeypatch.setattr(subprocess, 'run', lambda *arguments, **options: failed)
    package = 'python{}.{}-venv'.format(*sys.version_info[:2])
    with pytest.raises(environment.SetupError, match=f'apt install {package}'):
        environment._make_venv(tmp_path / '.venv', is_on_ros=False)


def test_too_old_python_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, 'OLDEST_PYTHON', (4, 0))
    with pytest.raises(environment.SetupError, match='make PYTHON='):
        environment.set_up(tmp_path / '.venv', is_on_ros=False)


def test_machine_without_wheels_is_told_to_install_ros(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, 'machine', lambda: 'aarch64')
    with pytest.raises(environment.SetupError, match='aarch64; install and source ROS 2'):
        environment.set_up(tmp_path / '.venv', is_on_ros=False)


def test_missing_compiler_is_said_and_set_up_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(environment.tf2_msgs_build, 'missing_tools', lambda: ['g++', 'cmake'])
    environment._build_tf2_msgs(tmp_path)
    (line,) = capsys.readouterr().out.splitlines()
    assert 'apt install g++ cmake' in line and 'input:=pose' in line


def test_sourced_ros_of_another_python_is_refused(monkeypatch):
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.setenv('AMENT_PREFIX_PATH', '/opt/ros/jazzy')
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(subprocess, 'run', lambda *arguments, **options: failed)
    with pytest.raises(environment.SetupError, match='PYTHON=/usr/bin/python3'):
        environment._is_on_ros()


def test_ros_that_is_named_but_not_sourced_means_wheels(monkeypatch, capsys):
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    assert environment._is_on_ros() is False
    assert 'nothing is sourced' in capsys.readouterr().out
