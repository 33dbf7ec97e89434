# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The policies in config/security allow each node what it does, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
import threading
import time
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('tf2_msgs', reason='needs tf2_msgs')
for _needed in ('pinocchio', 'mujoco', 'viser', 'websockets'):
    pytest.importorskip(_needed)

from policy_file import (  # noqa: E402
    Interface, PolicyError, differences, graph_interface, read_policy,
)
import rclpy  # noqa: E402
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from motion_avatar_ros.estimation.random_model import write_random_baseline  # noqa: E402
from motion_avatar_ros.nodes.composed_nodes import NODE_CLASSES  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402

FOLDER = Path(__file__).resolve().parents[2] / 'config' / 'security'
NAMES = tuple(NODE_CLASSES)
EVERYWHERE = {'/rosout', '/parameter_events', '/diagnostics'}
TIMEOUT_S, QUIET_S = 60.0, 1.5


def policy_of(name: str) -> tuple[str, str, Interface]:
    return read_policy(FOLDER / f'{name}.policy.xml')


class Chain:
    """All nodes as they are by default, with a simulated robot and a page that somebody uses."""

    def __init__(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        rclpy.init()
        self.observer = rclpy.create_node('observer')
        self._executor = SingleThreadedExecutor()
        self.nodes: dict[str, Any] = {}
        given: dict[str, dict[str, Any]] = {
            'avatar_node': {'model': str(model), 'device': 'cpu'},
            'retarget_node': {'robot': 'g1'}, 'sim_robot_node': {'robot': 'g1'},
            'viewer_node': {'port': 0, 'mesh': 'coarse'},
            'webxr_tracker_node': {'port': 0, 'https': False}}
        for name, class_name in NODE_CLASSES.items():
            kind = getattr(import_module(f'motion_avatar_ros.nodes.{name}'), class_name)
            node = kind(parameter_overrides=[
                Parameter(key, value=value) for key, value in given.get(name, {}).items()])
            self.nodes[name] = node
            self._executor.add_node(node)
        for node in self.nodes.values():
            if hasattr(node, 'start'):
                node.start()
        viewer = self.nodes['viewer_node']
        monkeypatch.setattr(viewer._view.server, 'get_clients', lambda: {0: None})
        for markers in viewer._robot._markers:
            markers._box.value = True
        monkeypatch.setattr(viewer._record._page, 'take_request', lambda asked=[1]: bool(
            asked and asked.pop()))
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def interfaces(self) -> dict[str, Interface]:
        """Return what each node does, once nothing new has come for a while."""
        began_s = changed_s = time.monotonic()
        found: dict[str, Interface] = {}
        while time.monotonic() < began_s + TIMEOUT_S:
            time.sleep(0.1)
            now = {name: graph_interface(self.observer, f'/{name}') for name in NAMES}
            if now != found:
                found, changed_s = now, time.monotonic()
            elif self.is_busy and time.monotonic() > changed_s + QUIET_S:
                break
        return found

    @property
    def is_busy(self) -> bool:
        """Whether the page draws, records, and shows the robot's markers."""
        viewer = self.nodes['viewer_node']
        return viewer._record._recording is not None and all(
            markers._subscription is not None for markers in viewer._robot._markers)

    def close(self) -> None:
        self._executor.shutdown(timeout_sec=5.0)
        self._thread.join(5.0)
        for node in self.nodes.values():
            node.close() if hasattr(node, 'close') else node.destroy_node()
        self.observer.destroy_node()
        rclpy.try_shutdown()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass


@pytest.fixture
def chain(ros_domain, tmp_path, monkeypatch) -> Iterator[Chain]:
    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))
    running = Chain(write_random_baseline(tmp_path / 'model'), monkeypatch)
    yield running
    running.close()


def test_every_node_may_do_what_it_does_and_nothing_else(chain):
    found = chain.interfaces()
    assert chain.is_busy
    assert {name: differences(policy_of(name)[2], found[name]) for name in NAMES} == {
        name: [] for name in NAMES}


@pytest.mark.parametrize('name', NAMES)
def test_each_node_has_an_enclave_and_a_policy_of_its_own(name):
    enclave, node, rights = policy_of(name)
    assert (enclave, node) == (f'/motion_avatar/{name}', f'/{name}')
    assert EVERYWHERE <= rights['publish']


def test_only_who_must_can_move_anything():
    rights = {name: policy_of(name)[2] for name in NAMES}
    who = {right: {name for name in NAMES if topic in rights[name][right]}
           for right, topic in (('publish', '/retarget_node/joint_trajectory'),
                                ('request', '/retarget_node/engage'))}
    assert who == {'publish': {'retarget_node'}, 'request': {'viewer_node'}}
    assert {name for name in NAMES if '/tf' in rights[name]['publish']} == {
        'tracker_player_node', 'webxr_tracker_node', 'retarget_node'}
    assert {name for name in NAMES if '/avatar_node/joint_states' in rights[name]['publish']} == {
        'avatar_node'}


def test_there_is_no_policy_of_a_node_that_is_not_there():
    assert {path.name for path in FOLDER.iterdir()} == {f'{name}.policy.xml' for name in NAMES}


@pytest.mark.parametrize(('text', 'new'), [
    ('version="0.2.0"', 'version="0.1.0"'), ('<topic>~/mesh</topic>', '<topic>/*</topic>'),
    ('<topic>~/mesh</topic>', '<service>~/mesh</service>'),
    ('<topic>~/mesh</topic>', '<topic>~/mesh</topic><topic>~/mesh</topic>'),
    ('publish="ALLOW"', 'reply="ALLOW"'), ('publish="ALLOW"', 'publish="MAYBE"'),
    ('</profiles>', '<profile ns="/" node="x"/></profiles>')])
def test_a_file_that_is_no_strict_policy_is_told(tmp_path, text, new):
    content = (FOLDER / 'mesh_node.policy.xml').read_text(encoding='utf-8')
    assert text in content
    (tmp_path / 'x.xml').write_text(content.replace(text, new, 1), encoding='utf-8')
    with pytest.raises(PolicyError):
        read_policy(tmp_path / 'x.xml')


def test_what_a_policy_lacks_and_what_it_needs_not_is_told():
    rights = policy_of('mesh_node')[2]
    more = {**rights, 'subscribe': rights['subscribe'] | {'/secret'}}
    assert differences(rights, more) == ['subscribe /secret: missing']
    assert differences(more, rights) == ['subscribe /secret: needless']
