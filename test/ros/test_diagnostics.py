# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures people debug by: a rate that lies after a stop, percentiles, what is published."""

from __future__ import annotations

import time

from diagnostic_msgs.msg import DiagnosticArray
import pytest
import rclpy
from rclpy.node import Node

from motion_avatar_ros.ros.diagnostics import (
    ERROR, WARN, DiagnosticsPublisher, LatencyMeter, RateMeter,
)
from motion_avatar_ros.ros.qos import DIAGNOSTICS


def test_rate_of_regular_events():
    meter = RateMeter(window_s=2.0)
    for tick in range(121):
        meter.tick(tick / 60.0)
    assert meter.rate_hz(2.0) == pytest.approx(60.0, rel=0.01)


def test_rate_falls_at_once_after_a_stop_and_reaches_zero():
    meter = RateMeter(window_s=2.0)
    for tick in range(61):
        meter.tick(tick / 60.0)
    assert meter.rate_hz(1.5) < 45.0
    assert meter.rate_hz(3.1) == 0.0


def test_percentiles_of_the_newest_durations_only():
    meter = LatencyMeter(capacity=100)
    assert meter.percentile_ms(50) is None
    for _ in range(100):
        meter.add(9.0)
    for duration_ms in range(100):
        meter.add(duration_ms / 1000.0)
    assert meter.values('inference') == {
        'inference_p50_ms': pytest.approx(49.5), 'inference_p99_ms': pytest.approx(98.01)}


def test_status_is_published_with_its_values(ros_domain):
    rclpy.init()
    node = Node('diagnosed')
    received: list[DiagnosticArray] = []
    node.create_subscription(DiagnosticArray, '/diagnostics', received.append, DIAGNOSTICS)
    publisher = DiagnosticsPublisher(node, 'diagnosed', period_s=0.05)
    publisher.add(lambda: (WARN, 'one line', {'rate_hz': 60.0, 'age_ms': None, 'poses': 3}))
    deadline_s = time.monotonic() + 5.0
    while not received and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.05)
    publisher.destroy()
    node.destroy_node()
    rclpy.try_shutdown()
    [status] = received[0].status
    assert (status.level, status.message) == (bytes([WARN]), 'one line')
    assert {v.key: v.value for v in status.values} == {
        'rate_hz': '60', 'age_ms': 'none', 'poses': '3'}


def test_check_that_fails_is_told_and_does_not_end_the_node(ros_domain):
    rclpy.init()
    node = Node('diagnosed')
    received: list[DiagnosticArray] = []
    node.create_subscription(DiagnosticArray, '/diagnostics', received.append, DIAGNOSTICS)
    diagnostics = DiagnosticsPublisher(node, 'diagnosed', period_s=0.05)

    def fail():
        raise IndexError('deque mutated')

    diagnostics.add(fail, 'clock')
    diagnostics.add(lambda: (WARN, 'a headset says \udce9', {'agent': '\udce9'}), 'client')
    deadline_s = time.monotonic() + 10.0
    while not received and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.1)
    node.destroy_node()
    rclpy.shutdown()
    clock, client = received[-1].status
    assert clock.level == bytes([ERROR]) and 'IndexError: deque mutated' in clock.message
    assert client.message == 'a headset says ?' and client.values[0].value == '?'
