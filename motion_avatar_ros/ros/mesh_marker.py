# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A mesh as TRIANGLE_LIST Marker without building Point objects per frame.

rclpy serialises the Marker once; per frame numpy writes corners, colours where each has its own,
and stamp into those bytes, which are published as they are. Where the patched bytes are not what
rclpy gives, because the message definition or its encoding is another one, every frame takes the
slow way.
"""

from __future__ import annotations

from collections.abc import Sequence
import struct

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
import numpy as np
from rclpy.serialization import serialize_message
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker

from motion_avatar_ros.ros.body_messages import time_message

_LITTLE_ENDIAN_CDR = b'\x00\x01'
_STAMP = slice(4, 12)  # the stamp is the first field after the encapsulation header
_SENTINELS = ((1.25e-7, -3.5e11, 7.75e3), (-2.25e9, 6.5e-5, -9.125e1))
_NANOSECONDS = 1_000_000_000


class MeshMarker:
    """Makes the messages of one mesh: bytes where patching is possible, Markers elsewhere."""

    def __init__(
        self,
        faces: np.ndarray,
        frame_id: str,
        namespace: str = 'body',
        color_rgba: tuple[float, float, float, float] = (0.62, 0.70, 0.80, 1.0),
        lifetime_s: float = 0.0,
        has_vertex_colors: bool = False,
    ) -> None:
        """
        Serialise the template and check that patching it gives what rclpy gives.

        Args:
            faces: (F, 3) vertex indices.
            frame_id: frame of the vertices.
            namespace: of the marker; its id is 0.
            color_rgba: each 0 .. 1.
            lifetime_s: the mesh disappears that long after the last message; 0: never.
            has_vertex_colors: whether messages have a colour for each vertex, of which
                `color_rgba` then gives the opacity.
        """
        self.frame_id = frame_id
        self._corners = np.ascontiguousarray(faces.reshape(-1), dtype=np.intp)
        self._template = _template(frame_id, namespace, color_rgba, lifetime_s)
        if has_vertex_colors:
            self._template.colors = [self._template.color] * len(self._corners)
        self._points: np.ndarray | None = None
        self._colors: np.ndarray | None = None
        self._points_start = 0
        self._buffer = bytearray()
        self._find_numbers()
        if self._points is not None and not self._patching_equals_rclpy():
            self._points = None
        self._template.points = self._template.colors = []  # tens of megabytes of a fine mesh

    @property
    def is_fast(self) -> bool:
        """Whether messages are patched bytes."""
        return self._points is not None

    def message(
        self, vertices_m: np.ndarray, stamp_ns: int, vertex_rgb: np.ndarray | None = None,
    ) -> bytes | Marker:
        """
        Return the message of one frame, in the form that Publisher.publish takes.

        Args:
            vertices_m: (V, 3) in the marker's frame.
            stamp_ns: the time the vertices refer to.
            vertex_rgb: (V, 3), 0 .. 1, of a marker that has vertex colours.
        """
        if self._points is None:
            return self.slow_message(vertices_m, stamp_ns, vertex_rgb)
        # 'clip' lets numpy write without a copy in between; corners are vertices.
        np.take(vertices_m, self._corners, axis=0, out=self._points, mode='clip')
        if self._colors is not None:
            assert vertex_rgb is not None
            self._colors[:, :3] = vertex_rgb[self._corners]
        self._buffer[_STAMP] = struct.pack('<iI', *divmod(int(stamp_ns), _NANOSECONDS))
        return bytes(self._buffer)

    def slow_message(
        self, vertices_m: np.ndarray, stamp_ns: int, vertex_rgb: np.ndarray | None = None,
    ) -> Marker:
        """Return the same message built from Point objects."""
        marker = self._template
        marker.header.stamp = time_message(stamp_ns)
        marker.points = [
            Point(x=x, y=y, z=z) for x, y, z in np.asarray(vertices_m)[self._corners].tolist()]
        if vertex_rgb is not None:
            marker.colors = [
                ColorRGBA(r=red, g=green, b=blue, a=marker.color.a)
                for red, green, blue in np.asarray(vertex_rgb)[self._corners].tolist()]
        return marker

    def _find_numbers(self) -> None:
        points = [Point()] * len(self._corners)
        points[0], points[-1] = (Point(x=x, y=y, z=z) for x, y, z in _SENTINELS)
        self._template.points = points
        serialized = serialize_message(self._template)
        first, last = (serialized.find(struct.pack('<3d', *triple)) for triple in _SENTINELS)
        expected_last = first + 24 * (len(self._corners) - 1)
        if serialized[:2] != _LITTLE_ENDIAN_CDR or first < 0 or last != expected_last:
            return
        self._points_start = first
        self._buffer = bytearray(serialized)
        self._points = np.frombuffer(
            self._buffer, dtype='<f8', count=3 * len(self._corners), offset=first).reshape(-1, 3)
        if self._template.colors:
            start = first + 24 * len(self._corners)
            self._colors = np.frombuffer(
                self._buffer, dtype='<f4', count=4 * len(self._corners), offset=start + 4,
            ).reshape(-1, 4)

    def _patching_equals_rclpy(self) -> bool:
        count = int(self._corners.max()) + 1
        vertices_m = np.arange(3.0 * count).reshape(count, 3) / 7.0 - 11.0
        stamp_ns = 1_234_567_890_987_654_321
        rgb = None if self._colors is None else np.cos(vertices_m) ** 2
        slow = serialize_message(self.slow_message(vertices_m, stamp_ns, rgb))
        fast = self.message(vertices_m, stamp_ns, rgb)
        # Only what is patched is compared: rclpy leaves the bytes between fields as they were.
        # Colours follow the points at once, behind their number.
        size = (24 if rgb is None else 24 + 16) * len(self._corners) + (0 if rgb is None else 4)
        numbers = slice(self._points_start, self._points_start + size)
        return len(slow) == len(fast) and all(
            slow[part] == fast[part] for part in (_STAMP, numbers))


def _template(
    frame_id: str, namespace: str, color_rgba: Sequence[float], lifetime_s: float
) -> Marker:
    marker = Marker(ns=namespace, id=0, type=Marker.TRIANGLE_LIST, action=Marker.ADD)
    marker.header.frame_id = frame_id
    marker.pose.orientation.w = 1.0
    marker.scale.x = marker.scale.y = marker.scale.z = 1.0
    marker.color = ColorRGBA(**{
        channel: float(value) for channel, value in zip('rgba', color_rgba)})
    seconds, nanoseconds = divmod(round(lifetime_s * _NANOSECONDS), _NANOSECONDS)
    marker.lifetime = Duration(sec=seconds, nanosec=nanoseconds)
    return marker
