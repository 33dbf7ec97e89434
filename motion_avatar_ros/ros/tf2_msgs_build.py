# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Build of tf2_msgs/TFMessage for hosts where ROS 2 comes from wheels, which lack tf2_msgs.

The message is generated and compiled once from the definition below and installed into the
virtual environment beside the wheels' own libraries, where `from tf2_msgs.msg import TFMessage`
finds it without anything being sourced. Its type hash is that of every ROS 2 host, so that both
talk to each other.

Runs on the standard library alone: it is part of setting up the environment.
"""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path
import re
import shutil
import subprocess
import sysconfig
import tempfile

SOURCES = {
    'msg/TFMessage.msg': 'geometry_msgs/TransformStamped[] transforms\n',
    'package.xml': """<?xml version="1.0"?>
<package format="3">
  <name>tf2_msgs</name>
  <version>0.36.0</version>
  <description>The message of /tf and /tf_static.</description>
  <maintainer email="maintainers@motion-avatar-ros.example">motion_avatar_ros</maintainer>
  <license>Apache-2.0</license>
  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  <depend>geometry_msgs</depend>
  <exec_depend>rosidl_default_runtime</exec_depend>
  <member_of_group>rosidl_interface_packages</member_of_group>
  <export>
    <build_type>ament_cmake</build_type>
  </export>
</package>
""",
    'CMakeLists.txt': """cmake_minimum_required(VERSION 3.20)
project(tf2_msgs)
find_package(ament_cmake REQUIRED)
find_package(geometry_msgs REQUIRED)
find_package(rosidl_default_generators REQUIRED)
rosidl_generate_interfaces(${PROJECT_NAME} "msg/TFMessage.msg" DEPENDENCIES geometry_msgs)
ament_export_dependencies(rosidl_default_runtime)
ament_package()
""",
}

# The wheels name the Python of the container they were built in; CMake refuses missing folders.
_CONTAINER_INCLUDE = re.compile(r'/opt/python/[^;"]*/include/python[0-9.]+')
_CONTAINER_SITE_PACKAGES = re.compile(r'/opt/python/[^;"]*/site-packages')


class Tf2MsgsBuildError(RuntimeError):
    """A step of the build that failed; the text is its command and the end of its output."""


def missing_tools() -> list[str]:
    """Name what this host lacks to compile the message, as apt packages; empty when ready."""
    found = {
        'g++': shutil.which('g++') or shutil.which('clang++'),
        'cmake': shutil.which('cmake'),
        'make': shutil.which('make'),
        'python3-dev': (Path(sysconfig.get_paths()['include']) / 'Python.h').is_file(),
    }
    return [name for name, is_there in found.items() if not is_there]


def build(venv: Path, requirements: Path, constraints: Path) -> None:
    """Compile the message and install it into a virtual environment that has the wheels.

    Args:
        venv: The virtual environment; the wheels' CMake files in it are corrected in place.
        requirements: What generates and compiles the code; installed to a temporary folder.
        constraints: Exact versions of everything that pip may bring along.

    Raises:
        Tf2MsgsBuildError: A command of the build failed.
    """
    python = venv / 'bin' / 'python'
    with tempfile.TemporaryDirectory(prefix='tf2_msgs_') as folder:
        work = Path(folder)
        tools, source, build_folder = work / 'tools', work / 'tf2_msgs', work / 'build'
        _run([python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
              '--no-warn-script-location', '--prefix', tools,
              '-r', requirements, '-c', constraints])
        _correct_include_paths(python, [venv, tools])
        for name, text in SOURCES.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text, encoding='utf-8')
        environment = _build_environment(venv, tools)
        _run(['cmake', '-S', source, '-B', build_folder, '-DCMAKE_BUILD_TYPE=Release',
              '-DBUILD_TESTING=OFF', f'-DPython3_EXECUTABLE={python}',
              f'-DCMAKE_INSTALL_PREFIX={venv}'], environment)
        _run(['cmake', '--build', build_folder, '--parallel', str(os.cpu_count() or 1)],
             environment)
        _run(['cmake', '--install', build_folder], environment)


def _build_environment(venv: Path, tools: Path) -> dict[str, str]:
    prefixes = f'{tools}{os.pathsep}{venv}'
    site_packages = os.pathsep.join(str(path) for path in tools.glob('lib*/python*/*-packages'))
    return os.environ | {
        'AMENT_PREFIX_PATH': prefixes,
        'CMAKE_PREFIX_PATH': prefixes,
        'PYTHONPATH': site_packages,
        'PATH': f'{venv / "bin"}{os.pathsep}{os.environ["PATH"]}',
    }


def _correct_include_paths(python: Path, prefixes: Sequence[Path]) -> None:
    """Replace the build container's Python folders in the wheels' exported CMake targets."""
    ask = 'import sysconfig as s; print(s.get_paths()["include"]); print(s.get_paths()["purelib"])'
    include, site_packages = _run([python, '-c', ask]).splitlines()
    for prefix in prefixes:
        for path in prefix.glob('share/*/cmake/*_generator_pyExport.cmake'):
            text = path.read_text(encoding='utf-8')
            text = _CONTAINER_INCLUDE.sub(include, text)
            path.write_text(_CONTAINER_SITE_PACKAGES.sub(site_packages, text), encoding='utf-8')


def _run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> str:
    words = [str(word) for word in command]
    result = subprocess.run(
        words, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        tail = '\n'.join(result.stdout.splitlines()[-15:])
        raise Tf2MsgsBuildError(f"'{' '.join(words)}' failed:\n{tail}")
    return result.stdout
