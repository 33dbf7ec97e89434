# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""avatar_node and the player as processes: killed, restarted, stopped by a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time

import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from motion_avatar_ros.ros.stream_checker import StreamChecker

MAX_JOINT_RAD_S = 5.0
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(ros_domain, tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    processes: list[subprocess.Popen] = []

    def start(node: str, *parameters: str) -> subprocess.Popen:
        arguments = [word for parameter in parameters for word in ('-p', parameter)]
        with open(tmp_path / f'{node}.log', 'a', encoding='utf-8') as log:
            processes.append(subprocess.Popen(
                [sys.executable, '-m', f'motion_avatar_ros.nodes.{node}', '--ros-args',
                 *arguments],
                cwd=ROOT, stdout=log, stderr=subprocess.STDOUT))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
def checker(ros_domain) -> Iterator[StreamChecker]:
    rclpy.init()
    node = Node('checker')
    checker = StreamChecker(
        node, 'avatar_node/joint_states', 'tracker_player_node/ground_truth')
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def spin() -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            pass

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    yield checker
    executor.shutdown(timeout_sec=5.0)
    node.destroy_node()
    rclpy.try_shutdown()
    thread.join(5.0)


def wait_for_poses(checker: StreamChecker, count: int, timeout_s: float = 30.0) -> None:
    until, deadline_s = len(checker) + count, time.monotonic() + timeout_s
    while len(checker) < until and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert len(checker) >= until


def test_kill_9_of_the_player_holds_and_its_restart_resumes_without_a_jump(
        start, checker, random_model, tmp_path):
    avatar = start('avatar_node', f'model:={random_model}',
                   f'limits.max_joint_rad_s:={MAX_JOINT_RAD_S}')
    player = start('tracker_player_node', 'motion:=walk')
    wait_for_poses(checker, 60)

    player.send_signal(signal.SIGKILL)
    player.wait()
    time.sleep(1.0)
    held = len(checker)
    time.sleep(0.5)
    assert len(checker) == held
    assert avatar.poll() is None

    start('tracker_player_node', 'motion:=wave')
    wait_for_poses(checker, 60)
    report = checker.report()
    assert (report.invalid, report.out_of_order) == (0, 0)
    assert report.max_step_deg <= math.degrees(MAX_JOINT_RAD_S / 60.0) + 1e-5
    log = (tmp_path / 'avatar_node.log').read_text(encoding='utf-8')
    assert 'holding the last pose' in log
    assert 'Traceback' not in log


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_tracking_node_cleanly_and_silently(
        start, checker, random_model, tmp_path, number):
    avatar = start('avatar_node', f'model:={random_model}')
    start('tracker_player_node')
    wait_for_poses(checker, 10)
    before = (tmp_path / 'avatar_node.log').read_text(encoding='utf-8')
    avatar.send_signal(number)
    assert avatar.wait(10.0) == 0
    after = (tmp_path / 'avatar_node.log').read_text(encoding='utf-8')
    assert after[len(before):].strip() == ''


def test_two_interrupts_in_a_row_as_ros2_launch_sends_them_end_cleanly(
        start, checker, random_model):
    avatar = start('avatar_node', f'model:={random_model}')
    start('tracker_player_node')
    wait_for_poses(checker, 10)
    avatar.send_signal(signal.SIGINT)
    time.sleep(0.02)
    avatar.send_signal(signal.SIGINT)
    assert avatar.wait(10.0) == 0


def test_trackers_as_pose_topics(start, checker, random_model):
    start('avatar_node', f'model:={random_model}', 'input:=pose')
    start('tracker_player_node', 'output:=pose')
    wait_for_poses(checker, 60)
    assert checker.report().invalid == 0
