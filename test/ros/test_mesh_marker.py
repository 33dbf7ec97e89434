# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Patched Marker bytes against Markers built the slow way."""

from __future__ import annotations

import time

from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.ros import mesh_marker
from motion_avatar_ros.ros.mesh_marker import MeshMarker
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from visualization_msgs.msg import Marker

STAMP_NS = 1_700_000_000_123_456_789


@pytest.fixture(scope='module')
def mesh():
    return load_builtin_mesh()


def moved(mesh, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return mesh.vertices + random.normal(size=mesh.vertices.shape)


@pytest.mark.parametrize('frame_id', ['odom', 'map', 'a/long/frame_of_some_length', 'w'])
@pytest.mark.parametrize('namespace', ['body', '', 'operator_2'])
def test_patched_message_is_that_of_rclpy_element_by_element(mesh, frame_id, namespace):
    marker = MeshMarker(mesh.faces, frame_id, namespace, (0.1, 0.2, 0.3, 0.4), 1.5)
    assert marker.is_fast
    vertices_m = moved(mesh, 1)
    fast = marker.message(vertices_m, STAMP_NS)
    slow = serialize_message(marker.slow_message(vertices_m, STAMP_NS))
    assert len(fast) == len(slow)
    assert deserialize_message(fast, Marker) == deserialize_message(slow, Marker)


def test_decoded_message_holds_this_frame_and_nothing_of_the_one_before(mesh):
    marker = MeshMarker(mesh.faces, 'odom', lifetime_s=0.25)
    first = marker.message(moved(mesh, 1), STAMP_NS)
    vertices_m = moved(mesh, 2)
    second = marker.message(vertices_m, STAMP_NS + 16_666_667)
    decoded = deserialize_message(second, Marker)
    points = np.array([(point.x, point.y, point.z) for point in decoded.points])
    np.testing.assert_array_equal(points, vertices_m[mesh.faces].reshape(-1, 3))
    stamp = decoded.header.stamp
    assert stamp.sec * 1_000_000_000 + stamp.nanosec == STAMP_NS + 16_666_667
    assert decoded.header.frame_id == 'odom'
    assert (decoded.type, decoded.action) == (Marker.TRIANGLE_LIST, Marker.ADD)
    assert (decoded.scale.x, decoded.scale.y, decoded.scale.z) == (1.0, 1.0, 1.0)
    assert decoded.pose.orientation.w == 1.0
    assert (decoded.lifetime.sec, decoded.lifetime.nanosec) == (0, 250_000_000)
    assert not decoded.colors
    assert first != second  # the bytes given out before are not written into


def test_vertex_colours_are_those_of_rclpy_and_none_of_the_frame_before(mesh):
    marker = MeshMarker(
        mesh.faces, 'odom', color_rgba=(0.1, 0.2, 0.3, 0.4), has_vertex_colors=True)
    assert marker.is_fast
    for seed in (1, 2):
        vertices_m = moved(mesh, seed)
        rgb = np.random.default_rng(seed).random(vertices_m.shape)
        fast = marker.message(vertices_m, STAMP_NS + seed, rgb)
        slow = serialize_message(marker.slow_message(vertices_m, STAMP_NS + seed, rgb))
        decoded = deserialize_message(fast, Marker)
        assert decoded == deserialize_message(slow, Marker)
        assert len(fast) == len(slow)
        colors = np.array([(each.r, each.g, each.b, each.a) for each in decoded.colors])
        np.testing.assert_array_equal(
            colors[:, :3], rgb[mesh.faces].reshape(-1, 3).astype(np.float32))
        assert (colors[:, 3] == np.float32(0.4)).all()


def test_one_triangle_works_too():
    marker = MeshMarker(np.array([[0, 1, 2]]), 'odom')
    assert marker.is_fast
    decoded = deserialize_message(marker.message(np.eye(3), 0), Marker)
    assert [point.y for point in decoded.points] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize('change', ['doubled_point', 'big_endian', 'other_stamp'])
def test_another_encoding_is_detected_and_falls_back_to_the_slow_way(mesh, monkeypatch, change):
    def other_encoding(message):
        data = serialize_message(message)
        if change == 'big_endian':
            return b'\x00\x00' + data[2:]
        if change == 'doubled_point':
            return data.replace(mesh_marker.struct.pack('<3d', *mesh_marker._SENTINELS[1]), b'')
        return data[:4] + data[8:12] + data[4:8] + data[12:]

    monkeypatch.setattr(mesh_marker, 'serialize_message', other_encoding)
    marker = MeshMarker(mesh.faces, 'odom')
    assert not marker.is_fast
    vertices_m = moved(mesh, 3)
    message = marker.message(vertices_m, STAMP_NS)
    assert isinstance(message, Marker)
    assert len(message.points) == 3 * len(mesh.faces)
    assert message.points[-1].z == vertices_m[mesh.faces[-1, -1], 2]


def test_patching_is_many_times_faster_than_building_points(mesh):
    marker, vertices_m = MeshMarker(mesh.faces, 'odom'), moved(mesh, 4)

    def fastest_s(work) -> float:
        times_s = []
        for _ in range(5):
            started_s = time.perf_counter()
            work()
            times_s.append(time.perf_counter() - started_s)
        return min(times_s)

    slow_s = fastest_s(lambda: serialize_message(marker.slow_message(vertices_m, STAMP_NS)))
    fast_s = fastest_s(lambda: marker.message(vertices_m, STAMP_NS))
    assert slow_s > 20.0 * fast_s
