# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`benchmark mesh`: a mesh as patched bytes beside a Marker built of Points, to one raw subscriber.

Then the bytes are sent at a rate to a subscriber in another process, which counts what came and
how old it was.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
import json
import multiprocessing
import os
import sys
import time
from typing import Any

import numpy as np

from motion_avatar_ros.body.mesh import BodyMesh, load_builtin_mesh
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.body.smpl_file import load_smpl
from motion_avatar_ros.commands.demo_environment import demo_environment
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.errors import MotionAvatarError

_TOPIC = 'mesh_benchmark'
_SMPL_TRIANGLES = 13_776
_SLOW_FRAMES, _FAST_FRAMES = 15, 150
_DISCOVERY_S = 10.0
_RECEIVED_DEPTH = 10
_LAST_S = 0.5       # after the last message, for what is on the way


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--body-model', metavar='FILE',
        help=f'SMPL file; default: as many triangles of the built-in mesh, {_SMPL_TRIANGLES:,}')
    parser.add_argument('--rate-hz', type=positive_number, default=60.0)
    parser.add_argument(
        '--seconds', type=positive_number, default=10.0, help='to the other process (default: 10)')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Measure both ways, then the way to another process."""
    mesh = load_builtin_mesh('fine') if arguments.body_model is None else (
        load_smpl(arguments.body_model))
    if arguments.body_model is None:
        mesh = _part(mesh, _SMPL_TRIANGLES)
    with demo_environment(os.environ) as added:
        os.environ.update(added)
        values = _measured(mesh, arguments.rate_hz, arguments.seconds)
    for key, value in values.items():
        sys.stdout.write(f'{key:28}{value:12.3f}\n')
    if arguments.json:
        sys.stdout.write(json.dumps(values) + '\n')
    return 0


def _part(mesh: BodyMesh, triangles: int) -> BodyMesh:
    """Return the first triangles of a mesh and their vertices."""
    used, faces = np.unique(mesh.faces[:triangles], return_inverse=True)
    return BodyMesh(
        mesh.vertices[used], faces.reshape(-1, 3).astype(np.int32), mesh.weight_joints[used],
        mesh.weight_values[used], mesh.rest_joints)


def _measured(mesh: BodyMesh, rate_hz: float, seconds: float) -> dict[str, float]:
    import rclpy
    from visualization_msgs.msg import Marker

    from motion_avatar_ros.ros.mesh_marker import MeshMarker
    from motion_avatar_ros.ros.qos import MARKERS

    skinner, poses = Skinner(mesh), builtin_motion('wave', rate_hz).poses
    context = multiprocessing.get_context('spawn')
    frames, orders, results = int(seconds * rate_hz), context.Queue(), context.Queue()
    receiver = context.Process(target=_receive, args=(orders, results), daemon=True)
    receiver.start()
    rclpy.init()
    try:
        node = rclpy.create_node('mesh_benchmark')
        marker = MeshMarker(mesh.faces, 'odom')
        publisher = node.create_publisher(Marker, _TOPIC, MARKERS)
        deadline_s = time.monotonic() + _DISCOVERY_S
        while publisher.get_subscription_count() == 0:
            if time.monotonic() > deadline_s:
                raise MotionAvatarError('the subscriber in another process was not found')
            time.sleep(0.05)

        def publish(make: Callable[..., Any], frame: int) -> None:
            vertices = skinner.skin(poses[frame % len(poses.root_position)])
            publisher.publish(make(vertices, time.time_ns()))

        slow = _milliseconds(lambda frame: publish(marker.slow_message, frame), _SLOW_FRAMES)
        fast = _milliseconds(lambda frame: publish(marker.message, frame), _FAST_FRAMES)
        time.sleep(_LAST_S)
        orders.put('begin')
        time.sleep(_LAST_S)
        started_cpu_s, start_s = time.process_time(), time.monotonic()
        for frame in range(frames):
            time.sleep(max(start_s + frame / rate_hz - time.monotonic(), 0.0))
            publish(marker.message, frame)
        cpu = (time.process_time() - started_cpu_s) / (time.monotonic() - start_s)
        time.sleep(_LAST_S)
        orders.put('end')
        ages_ms = np.array(results.get(timeout=_DISCOVERY_S))
        receiver.join(_DISCOVERY_S)
        node.destroy_node()
    finally:
        rclpy.try_shutdown()
    return {
        'triangles': len(mesh.faces), 'median_ms': float(np.median(fast)),
        'p99_ms': float(np.quantile(fast, 0.99)), 'points_median_ms': float(np.median(slow)),
        'ratio_to_points': float(np.median(slow) / np.median(fast)),
        'cpu_percent': 100.0 * cpu, 'rate_hz': rate_hz, 'sent': frames,
        'received': len(ages_ms), 'dropped': frames - len(ages_ms),
        'latency_p50_ms': float(np.median(ages_ms)) if len(ages_ms) else float('nan'),
        'latency_p99_ms': float(np.quantile(ages_ms, 0.99)) if len(ages_ms) else float('nan'),
    }


def _milliseconds(work: Callable[[int], None], frames: int) -> np.ndarray:
    """Return how long each frame took; the first is not counted."""
    times = []
    for frame in range(frames + 1):
        start_s = time.perf_counter()
        work(frame)
        times.append(1e3 * (time.perf_counter() - start_s))
    return np.array(times[1:])


def _receive(orders: Any, results: Any) -> None:
    """Take messages in a process of its own; from `begin` to `end` their ages [ms] are kept."""
    import struct

    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from visualization_msgs.msg import Marker

    rclpy.init()
    node = rclpy.create_node('mesh_benchmark_receiver')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ages_ms: list[float] = []

    def take(data: bytes) -> None:
        seconds, nanoseconds = struct.unpack_from('<iI', data, 4)
        ages_ms.append((time.time_ns() - 1_000_000_000 * seconds - nanoseconds) * 1e-6)

    # Not only the newest: a moment without the processor is no loss on the way.
    node.create_subscription(
        Marker, _TOPIC, take,
        QoSProfile(depth=_RECEIVED_DEPTH, reliability=ReliabilityPolicy.RELIABLE), raw=True)
    order = ''
    while order != 'end':
        executor.spin_once(timeout_sec=0.02)
        if not orders.empty():
            order = orders.get()
            if order == 'begin':
                ages_ms.clear()
    results.put(ages_ms)
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown()
