# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The virtual environment that the package runs in, made by `make setup`.

On a host with a sourced ROS 2 it sees the system's packages and adds what has no apt package;
elsewhere it holds ROS 2 itself, from wheels, and tf2_msgs compiled once. A stamp keyed by all
that the environment depends on makes a second set-up a matter of milliseconds.

Runs on the standard library alone, under the host's Python, before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
import platform
import subprocess
import sys

from motion_avatar_ros.retarget import kernel_build
from motion_avatar_ros.ros import tf2_msgs_build

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'config'
#: The host's interpreter, also when this one is that of a virtual environment.
HOST_PYTHON = getattr(sys, '_base_executable', sys.executable)


class SetupError(RuntimeError):
    """A host on which the environment cannot be made; the text says what to do."""


def main() -> int:
    """Bring the environment of this checkout up to date; print what is done."""
    try:
        set_up(ROOT / '.venv', is_on_ros=_is_on_ros())
        _build_kernel()
    except (SetupError, tf2_msgs_build.Tf2MsgsBuildError) as error:
        sys.stderr.write(f'make setup: {error}\n')
        return 2
    return 0


def set_up(venv: Path, is_on_ros: bool) -> None:
    """Make or update the virtual environment, unless nothing changed since it was made.

    Args:
        venv: Its folder.
        is_on_ros: Whether ROS 2 comes from the host rather than from wheels.

    Raises:
        SetupError: The host lacks something, or pip failed.
    """
    _check_host(is_on_ros)
    stamp, key = venv / 'setup.stamp', _key(venv, is_on_ros)
    if _text(stamp) == key:
        return
    with open(CONFIG / 'requirements.txt', encoding='utf-8') as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if _text(stamp) == key:
            return
        stamp.unlink(missing_ok=True)
        if not _is_usable(venv, is_on_ros):
            _make_venv(venv, is_on_ros)
        _install(venv, is_on_ros)
        if not is_on_ros:
            _build_tf2_msgs(venv)
            _make_sourceable(venv)
        stamp.write_text(key, encoding='utf-8')
    _say(f'environment ready in {venv.name}')


def requirement_files(is_on_ros: bool) -> list[Path]:
    """List the requirement files that this kind of host installs."""
    names = ['requirements.txt', 'requirements-test.txt']
    return [CONFIG / name for name in names + ([] if is_on_ros else ['requirements-ros.txt'])]


def _is_on_ros() -> bool:
    """Tell whether a ROS 2 is sourced whose rclpy this Python can import."""
    distro = os.environ.get('ROS_DISTRO')
    if not distro:
        return False
    if not os.environ.get('AMENT_PREFIX_PATH'):
        _say(f'ROS_DISTRO is {distro} but nothing is sourced: ROS 2 from wheels is used')
        return False
    if subprocess.run([HOST_PYTHON, '-c', 'import rclpy'], capture_output=True).returncode:
        raise SetupError(
            f'ROS 2 {distro} is sourced but {HOST_PYTHON} cannot import its rclpy; '
            'use the Python it was built for: make PYTHON=/usr/bin/python3')
    return True


def _check_host(is_on_ros: bool) -> None:
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f'Python 3.11 or newer is needed and {HOST_PYTHON} is {version}; '
            'name another one: make PYTHON=python3.12')
    if not is_on_ros and (sys.platform, platform.machine()) != ('linux', 'x86_64'):
        raise SetupError(
            'the ROS 2 wheels are for Linux on x86_64 only and this is '
            f'{sys.platform} on {platform.machine()}; install and source ROS 2 here')


def _key(venv: Path, is_on_ros: bool) -> str:
    """Hash all that the environment depends on."""
    digest = hashlib.sha256()
    for path in sorted(CONFIG.glob('requirements*.txt')) + [CONFIG / 'constraints.txt']:
        digest.update(path.read_bytes())
    digest.update(Path(tf2_msgs_build.__file__).read_bytes())
    host = (str(venv), sys.version, sys.base_prefix, is_on_ros and os.environ['ROS_DISTRO'],
            is_on_ros or tf2_msgs_build.missing_tools())
    digest.update(repr(host).encode())
    return digest.hexdigest()


def _is_usable(venv: Path, is_on_ros: bool) -> bool:
    """Tell whether a virtual environment is there, whole, in its place and of this Python."""
    settings = dict(
        line.split(' = ', 1) for line in _text(venv / 'pyvenv.cfg').splitlines() if ' = ' in line)
    return (
        (venv / 'bin' / 'pip').is_file()
        and settings.get('version') == platform.python_version()
        and settings.get('include-system-site-packages') == str(is_on_ros).lower()
        and settings.get('command', '').endswith(str(venv))
    )


def _make_venv(venv: Path, is_on_ros: bool) -> None:
    _say(f'making {venv.name} with Python {platform.python_version()}')
    command = [HOST_PYTHON, '-m', 'venv', '--clear', str(venv)]
    if is_on_ros:
        command.append('--system-site-packages')
    result = subprocess.run(command, capture_output=True, text=True)
    output = result.stdout + result.stderr
    if result.returncode != 0 and 'ensurepip' in output:
        package = 'python{}.{}-venv'.format(*sys.version_info[:2])
        raise SetupError(f'Python cannot make virtual environments here: apt install {package}')
    if result.returncode != 0:
        raise SetupError(f"'{' '.join(command)}' failed: {output}")
    (venv / 'COLCON_IGNORE').touch()


def _install(venv: Path, is_on_ros: bool) -> None:
    files = requirement_files(is_on_ros)
    _say(f'installing {", ".join(str(path.relative_to(ROOT)) for path in files)} '
         '(minutes the first time)')
    command = [str(venv / 'bin' / 'python'), '-m', 'pip', 'install',
               '--disable-pip-version-check', '-c', str(CONFIG / 'constraints.txt')]
    for path in files:
        command += ['-r', str(path)]
    if not sys.stdout.isatty():
        command.append('--quiet')
    if subprocess.run(command).returncode != 0:
        raise SetupError('pip could not install the requirements: its message is above')


def _build_tf2_msgs(venv: Path) -> None:
    missing = tf2_msgs_build.missing_tools()
    if missing:
        _say(f'/tf needs a compiler once (apt install {" ".join(missing)}, then make setup): '
             'until then PoseStamped topics are the way in, input:=pose')
        return
    _say('compiling tf2_msgs, the message of /tf, which has no wheel')
    try:
        tf2_msgs_build.build(
            venv, CONFIG / 'requirements-tf2-msgs.txt', CONFIG / 'constraints.txt')
    except tf2_msgs_build.Tf2MsgsBuildError as error:
        _say(f'tf2_msgs was not built, so PoseStamped topics are the way in, input:=pose; {error}')


def _build_kernel() -> None:
    try:
        if kernel_build.build():
            _say('compiled the robot solver')
    except kernel_build.KernelBuildError as error:
        _say(f'no robot will follow: {error}')


def _make_sourceable(venv: Path) -> None:
    """Let install/setup.bash, which chains to this file, find the wheels and their Python."""
    (venv / 'local_setup.sh').write_text(
        f'export AMENT_PREFIX_PATH="{venv}${{AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}}"\n'
        f'export PATH="{venv}/bin:$PATH"\n', encoding='utf-8')
    (venv / 'local_setup.bash').write_text(f'. "{venv}/local_setup.sh"\n', encoding='utf-8')


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8')
    except FileNotFoundError:
        return ''


def _say(line: str) -> None:
    sys.stdout.write(f'make setup: {line}\n')
    sys.stdout.flush()


if __name__ == '__main__':
    sys.exit(main())
