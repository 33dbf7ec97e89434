# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags made without ROS, by the library's own serialisation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

TYPES = get_typestore(Stores.ROS2_JAZZY)
NS_PER_S = 1_000_000_000
START_NS = 1_700_000_000 * NS_PER_S
TRACKER_FRAMES = ('head_tracker', 'left_hand_tracker', 'right_hand_tracker')

#: Reception time [ns], topic, type, serialised message.
Entry = tuple[int, str, str, bytes]


def _message(name: str) -> Any:
    return TYPES.types[name]


def _header(frame: str, stamp_ns: int) -> Any:
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return _message('std_msgs/msg/Header')(
        _message('builtin_interfaces/msg/Time')(sec, nanosec), frame)


def tf_bytes(
    stamp_ns: int, children: Sequence[str], parent: str = 'odom', height_m: float = 1.5,
) -> bytes:
    """Return a serialised TFMessage with a transform per child."""
    vector, quaternion = _message('geometry_msgs/msg/Vector3'), _message(
        'geometry_msgs/msg/Quaternion')
    return bytes(TYPES.serialize_cdr(_message('tf2_msgs/msg/TFMessage')([
        _message('geometry_msgs/msg/TransformStamped')(
            _header(parent, stamp_ns), child, _message('geometry_msgs/msg/Transform')(
                vector(0.1 * slot, 0.2, height_m), quaternion(0.0, 0.0, 0.0, 1.0)))
        for slot, child in enumerate(children)]), 'tf2_msgs/msg/TFMessage'))


def pose_bytes(stamp_ns: int, parent: str = 'odom', height_m: float = 1.5) -> bytes:
    """Return a serialised PoseStamped."""
    return bytes(TYPES.serialize_cdr(_message('geometry_msgs/msg/PoseStamped')(
        _header(parent, stamp_ns), _message('geometry_msgs/msg/Pose')(
            _message('geometry_msgs/msg/Point')(0.1, 0.2, height_m),
            _message('geometry_msgs/msg/Quaternion')(0.0, 0.0, 0.0, 1.0))),
        'geometry_msgs/msg/PoseStamped'))


def tf_entry(received_ns: int, children: Sequence[str] = TRACKER_FRAMES, topic: str = '/tf',
             age_ns: int = 5_000_000, **changes: Any) -> Entry:
    """Return a message on /tf that was received some milliseconds after its stamp."""
    return received_ns, topic, 'tf2_msgs/msg/TFMessage', tf_bytes(
        received_ns - age_ns, children, **changes)


def pose_entry(received_ns: int, topic: str = '/head_tracker/pose') -> Entry:
    """Return a PoseStamped that was received some milliseconds after its stamp."""
    return received_ns, topic, 'geometry_msgs/msg/PoseStamped', pose_bytes(
        received_ns - 5_000_000)


def string_entry(received_ns: int, topic: str = '/chatter') -> Entry:
    """Return a message that is no input."""
    return received_ns, topic, 'std_msgs/msg/String', bytes(TYPES.serialize_cdr(
        _message('std_msgs/msg/String')('hello'), 'std_msgs/msg/String'))


def joint_state_entry(received_ns: int, topic: str, age_ns: int = 0) -> Entry:
    """Return a JointState of no body and no robot, received some time after its stamp."""
    return received_ns, topic, 'sensor_msgs/msg/JointState', bytes(TYPES.serialize_cdr(
        _message('sensor_msgs/msg/JointState')(
            _header('odom', received_ns - age_ns), ['elbow'], np.ones(1), np.empty(0),
            np.empty(0)),
        'sensor_msgs/msg/JointState'))


def command_entry(received_ns: int, topic: str = '/retarget_node/commands') -> Entry:
    """Return a command, which has no stamp."""
    name = 'std_msgs/msg/Float64MultiArray'
    layout = _message('std_msgs/msg/MultiArrayLayout')([], 0)
    return received_ns, topic, name, bytes(
        TYPES.serialize_cdr(_message(name)(layout, np.ones(2)), name))


def diagnostics_entry(received_ns: int, node: str, **values: float | str) -> Entry:
    """Return what a node tells of itself; '__' in the names of values stands for a dot."""
    name = 'diagnostic_msgs/msg/DiagnosticArray'
    item = _message('diagnostic_msgs/msg/KeyValue')
    status = _message('diagnostic_msgs/msg/DiagnosticStatus')(
        0, node.rpartition('/')[2], 'ok', node,
        [item(key.replace('__', '.'), str(value)) for key, value in values.items()])
    return received_ns, '/diagnostics', name, bytes(TYPES.serialize_cdr(
        _message(name)(_header('', received_ns), [status]), name))


def tracker_entries(seconds: float, rate_hz: float = 60.0) -> list[Entry]:
    """Return trackers on /tf."""
    return [
        tf_entry(START_NS + round(k * NS_PER_S / rate_hz))
        for k in range(round(seconds * rate_hz))]


def write_bag(
    folder: Path, entries: Sequence[Entry], storage: str = 'mcap', compression: str = 'none',
) -> Path:
    """Write a bag; compression is 'none', 'file', 'message' or 'storage'."""
    writer = Writer(folder, version=9, storage_plugin=StoragePlugin[storage.upper()])
    writer.set_compression(CompressionMode[compression.upper()], CompressionFormat.ZSTD)
    with writer:
        connections: dict[str, Any] = {}
        for received_ns, topic, type_name, data in entries:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, type_name, typestore=TYPES)
            writer.write(connections[topic], received_ns, data)
    return folder


def storage_file(folder: Path) -> Path:
    """Return the file of a bag that is not compressed as a whole."""
    return next(file for file in folder.iterdir() if file.suffix in ('.mcap', '.db3'))
