# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules of this package that no common linter knows."""

from __future__ import annotations

from pathlib import Path
import re

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADER = ('# Copyright 2026 motion_avatar_ros contributors\n'
          '# SPDX-License-Identifier: Apache-2.0\n')
MAX_LINES = 400
MAX_BYTES = 4 * 2**20
MAX_WEIGHTS_BYTES = 8 * 2**20
MAX_MODELS_BYTES = 32 * 2**20
VAGUE_NAME = re.compile(r'(^|_)(utils?|helpers?|managers?|misc|common)(_|$)')
UNSAFE_SUFFIXES = {'.pkl', '.pickle', '.pt', '.pth', '.ckpt', '.bvh', '.amc'}
# Written apart, so that this file does not contain what it looks for.
MACHINE_PATHS = re.compile('|'.join(
    rf'(?<![\w.])/{folder}/' for folder in ('work', 'root', 'farm', r'home/\w+')))
REGISTRY_HOSTS = re.compile('|'.join(
    name.replace(' ', r'\.') for name in (
        'pypi org', 'pythonhosted org', 'npmjs (org|com)', 'deb debian org', 'archive ubuntu com',
        'download pytorch org', 'conda anaconda org', 'proxy golang org')))
TEXT_SUFFIXES = {'', '.py', '.md', '.rst', '.txt', '.yaml', '.yml', '.xml', '.cfg', '.rviz',
                 '.json', '.sh', '.html', '.js', '.urdf'}

#: Import direction: a sub-package imports only from itself and from those left of it.
LAYERS = ('body', 'trackers', 'networks', 'diffusion', 'estimation', 'generation', 'retarget',
          'safety', 'training', 'generation_evaluation', 'ros', 'nodes', 'commands')
IMPORT = re.compile(r'^\s*(?:from|import) motion_avatar_ros\.(\w+)', re.MULTILINE)
ROS_IMPORT = re.compile(
    r'^\s*(?:from|import) (rclpy|\w+_msgs|tf2_\w+|launch\w*|ament_\w+|std_srvs)\b', re.MULTILINE)


@pytest.fixture(scope='session')
def texts(package_files: list[Path]) -> dict[Path, str]:
    return {path.relative_to(ROOT): path.read_text(encoding='utf-8')
            for path in package_files if path.suffix in TEXT_SUFFIXES}


@pytest.fixture(scope='session')
def sources(texts: dict[Path, str]) -> dict[Path, str]:
    return {path: text for path, text in texts.items() if path.suffix == '.py'}


def _layer(path: Path) -> str:
    is_inside = path.parts[0] == 'motion_avatar_ros' and len(path.parts) > 2
    return path.parts[1] if is_inside else ''


def test_every_source_file_has_the_licence_header(sources):
    assert [str(path) for path, text in sources.items() if not text.startswith(HEADER)] == []


def test_no_source_file_is_longer_than_allowed(sources):
    lengths = {str(path): text.count('\n') for path, text in sources.items()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_file_name_hides_what_the_file_is_about(sources):
    assert [str(path) for path in sources if VAGUE_NAME.search(path.stem)] == []


def test_no_pickle_motion_data_or_oversized_file_is_committed(package_files):
    sizes = {path.relative_to(ROOT): path.stat().st_size for path in package_files}
    assert [str(path) for path in sizes if path.suffix in UNSAFE_SUFFIXES] == []
    assert {str(path): size for path, size in sizes.items() if size > (
        MAX_WEIGHTS_BYTES if path.suffix == '.safetensors' else MAX_BYTES)} == {}
    assert sum(size for path, size in sizes.items() if path.parts[0] == 'models') \
        <= MAX_MODELS_BYTES


@pytest.mark.parametrize('pattern', [MACHINE_PATHS, REGISTRY_HOSTS], ids=['path', 'registry'])
def test_no_file_names_one_machine_or_a_package_registry(texts, pattern):
    found = {str(path): match.group() for path, text in texts.items()
             if (match := pattern.search(text)) and path.name != 'LICENSE'}
    assert found == {}


def test_sub_packages_import_only_from_those_before_them(sources):
    wrong = [f'{path} imports {name}' for path, text in sources.items() if _layer(path) in LAYERS
             for name in IMPORT.findall(text)
             if name in LAYERS and LAYERS.index(name) > LAYERS.index(_layer(path))]
    assert wrong == []


def test_the_library_knows_no_ros(sources):
    library = LAYERS[:LAYERS.index('ros')]
    wrong = [f'{path} imports {name}' for path, text in sources.items()
             if _layer(path) in library for name in ROS_IMPORT.findall(text)]
    assert wrong == []


def test_the_rules_see_what_they_are_for():
    assert MACHINE_PATHS.search('open("/' + 'work/main")')
    assert not MACHINE_PATHS.search('https://example.com/' + 'work/main, frame' + 'work/x')
    assert REGISTRY_HOSTS.search('https://pypi' + '.org/simple')
    assert VAGUE_NAME.search('mesh_utils') and not VAGUE_NAME.search('commonality')
    assert IMPORT.findall('from motion_avatar_ros.nodes.x import y') == ['nodes']
    assert ROS_IMPORT.findall('    from sensor_msgs.msg import Joy') == ['sensor_msgs']
