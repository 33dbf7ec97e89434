# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Reads when trackers, body, robot and commands came from a bag, without ROS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import math
from pathlib import Path
import struct
from typing import Any

import numpy as np

from motion_avatar_ros.ros.bag_lags import Arrivals
from motion_avatar_ros.ros.bag_reader import (
    POSE_TYPE, TF_TYPE, BagError, absolute_topic, bag_contents, bag_messages, opened_bag,
)
from motion_avatar_ros.ros.own_frames import own_frames
from motion_avatar_ros.ros.recorded_topics import input_topics, output_topics
from motion_avatar_ros.ros.tf_message_bytes import UnreadableBytesError, read_transforms
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

_TRACKER_FRAMES = tuple(f'{name}_tracker' for name in (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES))
_LITTLE_ENDIAN_CDR = b'\x00\x01'
_STAMP = struct.Struct('<iI')
_NS_PER_S = 1_000_000_000
_DIAGNOSTICS_TYPE = 'diagnostic_msgs/msg/DiagnosticArray'
_UNSTAMPED_TYPE = 'std_msgs/msg/Float64MultiArray'
_COMMAND_TYPES = ('trajectory_msgs/msg/JointTrajectory', _UNSTAMPED_TYPE)
_STATE_TYPE = 'sensor_msgs/msg/JointState'
_PREFIX, _SUFFIXES = 'stage.', ('_p50_ms', '_p99_ms')

#: Median and 99th percentile [ms] of each stage.
ToldStages = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class BagArrivals:
    """
    What came, and when.

    Attributes:
        begin_ns: of the bag.
        trackers: by frame, or by PoseStamped topic.
        body, robot: their joint states; None without any.
        commands: of the robot, by topic; stamps are mostly 0.
        told: what nodes said of their stages on /diagnostics, by node: the median of their
            medians, the largest of their p99.
    """

    begin_ns: int
    trackers: Mapping[str, Arrivals]
    body: Arrivals | None
    robot: Arrivals | None
    commands: Mapping[str, Arrivals]
    told: Mapping[str, ToldStages]


def read_arrivals(
    path: str | Path, namespace: str = '', avatar_node: str = 'avatar_node',
    robot_node: str = 'retarget_node', pose_topics: Iterable[str] = (),
    command_topics: Iterable[str] = (),
) -> BagArrivals:
    """
    Read a bag as `record` writes it.

    Args:
        path: the folder, or its .mcap or .db3 file.
        namespace: of all topics that are not absolute.
        avatar_node, robot_node: names of the nodes.
        pose_topics: PoseStamped topics beside `<tracker>_tracker/pose`.
        command_topics: of the robot, beside the node's own.

    Raises:
        BagError: it cannot be read, or holds none of these.
    """
    path = Path(path)
    body, robot = (
        absolute_topic(namespace, f'{node}/joint_states') for node in (avatar_node, robot_node))
    types = {topic.name: topic.type_name for topic in (
        *input_topics(namespace, [*(f'{frame}/pose' for frame in _TRACKER_FRAMES), *pose_topics]),
        *output_topics(namespace, avatar_node, robot_node, command_topics))
        if not topic.is_latched and (topic.type_name != _STATE_TYPE or (
            topic.name in (body, robot)))}
    nodes = [absolute_topic(namespace, node) for node in (avatar_node, robot_node)]
    collected = _Collected(nodes)
    reader = opened_bag(path)
    try:
        connections = [connection for connection in reader.connections if (
            connection.msgtype == types.get(connection.topic))]
        if connections:
            for connection, received_ns, data in bag_messages(reader, path, connections):
                collected.take(connection.topic, connection.msgtype, received_ns, data)
        if all(types.get(name) in _COMMAND_TYPES for name in collected.streams):
            raise BagError(
                path, 'neither trackers nor a body nor a robot: it has no message on '
                f'{absolute_topic(namespace, "tf")}, {body} or {robot}; it holds '
                f'{bag_contents(reader)}')
        begin_ns = reader.start_time
    finally:
        reader.close()

    streams = {
        name: Arrivals(np.array(stamps, dtype=np.int64), np.array(received, dtype=np.int64))
        for name, (stamps, received) in collected.streams.items()}
    return BagArrivals(
        begin_ns,
        _trackers({name: each for name, each in streams.items()
                   if types.get(name) in (None, POSE_TYPE)}),
        streams.get(body), streams.get(robot),
        {name: each for name, each in streams.items() if types.get(name) in _COMMAND_TYPES},
        {name: told for name, node in zip((avatar_node, robot_node), nodes, strict=True)
         if (told := collected.told(node))})


def _trackers(streams: dict[str, Arrivals]) -> dict[str, Arrivals]:
    """Return frames and topics with a tracker's name; all there are where none has one."""
    named = {name: each for name, each in streams.items()
             if name in _TRACKER_FRAMES or name.startswith('/')}
    order = {name: slot for slot, name in enumerate(_TRACKER_FRAMES)}
    found = named or streams
    return {name: found[name] for name in sorted(
        found, key=lambda name: (order.get(name, len(order)), name))}


class _Collected:
    """Stamps and receptions by topic, or by frame of /tf, and what nodes told."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self.streams: dict[str, tuple[list[int], list[int]]] = {}
        self._own_frames = tuple(own_frames())
        self._own_keys: set[bytes] = set()
        self._told: dict[str, dict[str, list[float]]] = {node: {} for node in nodes}
        self._typestore: Any = None

    def take(self, topic: str, type_name: str, received_ns: int, data: bytes) -> None:
        """Take one message; one that cannot be read tells nothing."""
        if type_name == _DIAGNOSTICS_TYPE:
            self._take_figures(data)
        elif type_name == TF_TYPE:
            self._take_transforms(received_ns, data)
        elif type_name == _UNSTAMPED_TYPE:
            self._add(topic, 0, received_ns)
        elif data[:2] == _LITTLE_ENDIAN_CDR and len(data) >= 12:
            sec, nanosec = _STAMP.unpack_from(data, 4)
            self._add(topic, sec * _NS_PER_S + nanosec, received_ns)

    def told(self, node: str) -> ToldStages:
        """Return what a node said of its stages."""
        p50, p99 = _SUFFIXES
        told = self._told[node]
        stages = [key.removesuffix(p50) for key in told if key.endswith(p50)]
        return {stage: (float(np.median(told[stage + p50])), max(told[stage + p99]))
                for stage in stages if stage + p99 in told}

    def _add(self, stream: str, stamp_ns: int, received_ns: int) -> None:
        stamps, received = self.streams.setdefault(stream, ([], []))
        stamps.append(stamp_ns)
        received.append(received_ns)

    def _take_transforms(self, received_ns: int, data: bytes) -> None:
        try:
            for record in read_transforms(data, self._own_keys):
                if record.child.startswith(self._own_frames):
                    self._own_keys.add(record.key)
                else:
                    self._add(record.child, record.stamp_ns, received_ns)
        except UnreadableBytesError:
            return

    def _take_figures(self, data: bytes) -> None:
        if _PREFIX.encode() not in data:
            return
        if self._typestore is None:
            from rosbags.typesys import Stores, get_typestore

            self._typestore = get_typestore(Stores.ROS2_JAZZY)
        try:
            statuses = self._typestore.deserialize_cdr(data, _DIAGNOSTICS_TYPE).status
        except Exception:  # the library lets through whatever the bytes cause
            return
        for status in statuses:
            told = self._told.get(status.hardware_id)
            if told is None:
                continue
            for item in status.values:
                if item.key.startswith(_PREFIX) and item.key.endswith(_SUFFIXES):
                    value_ms = _number(item.value)
                    if value_ms is not None:
                        told.setdefault(item.key.removeprefix(_PREFIX), []).append(value_ms)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None     # 'none', for one
    return value if math.isfinite(value) else None
