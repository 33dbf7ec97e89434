# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What RViz is told to show is what nodes publish, and it loads where RViz exists."""

from __future__ import annotations

from pathlib import Path
import re
import shutil
import signal
import subprocess
import time

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'config' / 'avatar.rviz'


def displays() -> list[dict]:
    return yaml.safe_load(CONFIG.read_text())['Visualization Manager']['Displays']


def topics() -> dict[str, str]:
    """Return the topic by the display's name."""
    named = {}
    for display in displays():
        topic = display.get('Topic') or display.get('Description Topic')
        if topic is not None:
            named[display['Name']] = topic['Value']
    return named


def test_mesh_avatar_robot_trackers_and_status_are_shown():
    assert {'Body mesh', 'Avatar', 'Robot', 'Trackers', 'Status'} <= {
        display['Name'] for display in displays() if display['Enabled']}


@pytest.mark.parametrize(('name', 'topic'), topics().items())
def test_every_topic_is_one_that_its_node_publishes(name, topic):
    node, _, own = topic.partition('/')
    assert (ROOT / 'motion_avatar_ros' / 'nodes' / f'{node}.py').is_file()
    sources = '\n'.join(
        path.read_text() for path in (ROOT / 'motion_avatar_ros' / 'nodes').glob('*.py'))
    listed = re.search(r"f'~/\{name\}'.*?for name in \(([^)]*)\)", sources, re.DOTALL)
    assert f"'~/{own}'" in sources or (listed is not None and f"'{own}'" in listed[1])


@pytest.mark.skipif(
    shutil.which('rviz2') is None or shutil.which('xvfb-run') is None,
    reason='rviz2 or xvfb-run is not installed')
def test_rviz_loads_it_without_complaint(ros_domain, tmp_path):
    log = tmp_path / 'log'
    with open(log, 'wb') as file:
        rviz = subprocess.Popen(
            ['xvfb-run', '-a', 'rviz2', '-d', str(CONFIG)], stdout=file,
            stderr=subprocess.STDOUT, start_new_session=True)
        time.sleep(8.0)
        assert rviz.poll() is None, log.read_text()
        rviz.send_signal(signal.SIGINT)
        rviz.wait(10)
    said = log.read_text().lower()
    assert not [word for word in ('failed', 'could not', 'unable') if word in said], said
