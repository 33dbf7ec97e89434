# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Writes serialised messages to a rosbag2 bag as Jazzy's `ros2 bag` reads it, without ROS.

The folder exists from the start; its metadata is complete once the bag is closed. Chunks of an
MCAP file are compressed by zstd, as rosbag2's own preset zstd_fast does: joint names, which are
most of every message of an avatar, take next to no room then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from motion_avatar_ros.ros.bag_reader import BagError

if TYPE_CHECKING:
    from rosbags.interfaces import Connection, Qos

STORAGES = ('mcap', 'sqlite3')
_METADATA_VERSION: Literal[9] = 9  # of Jazzy and later
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class OfferedQos:
    """
    What one publisher of a topic offers; the words are those of rosbag2.

    Attributes:
        history: 'keep_last', 'keep_all', 'system_default' or 'unknown'.
        depth: of the history.
        reliability: 'reliable', 'best_effort' ...
        durability: 'volatile', 'transient_local' ...
        liveliness: 'automatic' ...
        deadline_ns, lifespan_ns, liveliness_lease_ns: 2**63 - 1 for no limit.
        avoid_ros_namespace_conventions: as in a QoS profile.
    """

    history: str = 'keep_last'
    depth: int = 10
    reliability: str = 'reliable'
    durability: str = 'volatile'
    liveliness: str = 'automatic'
    deadline_ns: int = 2**63 - 1
    lifespan_ns: int = 2**63 - 1
    liveliness_lease_ns: int = 2**63 - 1
    avoid_ros_namespace_conventions: bool = False


class BagWriter:
    """One bag that is being recorded; a context manager."""

    def __init__(self, folder: str | Path, storage: str = 'mcap') -> None:
        """
        Make the bag's folder.

        Args:
            folder: of the bag; must not exist.
            storage: one of STORAGES.

        Raises:
            BagError: the folder exists or cannot be made, or rosbags is not installed.
        """
        try:
            from rosbags.rosbag2 import (
                CompressionFormat, CompressionMode, StoragePlugin, Writer,
            )
            from rosbags.typesys import Stores, get_typestore
        except ImportError as error:
            raise BagError(
                folder, f'writing bags needs the Python package rosbags ({error}): '
                'python3 -m pip install rosbags') from None
        self.path = Path(folder)
        if self.path.exists():
            raise BagError(folder, 'exists already; give a folder that does not')
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._writer = Writer(
            self.path, version=_METADATA_VERSION, storage_plugin=StoragePlugin[storage.upper()])
        if storage == 'mcap':
            self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        try:
            self._writer.open()
        except OSError as error:
            raise BagError(folder, f'cannot be made: {error.strerror}') from None
        self._connections: dict[str, Connection] = {}
        self._counts: dict[str, int] = {}
        self._is_open = True

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def counts(self) -> dict[str, int]:
        """Messages written, by topic."""
        return dict(self._counts)

    def add_topic(self, name: str, type_name: str, offered: Sequence[OfferedQos] = ()) -> None:
        """
        Declare a topic, once.

        Args:
            name: absolute.
            type_name: such as 'tf2_msgs/msg/TFMessage', of a common package.
            offered: of its publishers; `ros2 bag play` offers the same.

        Raises:
            BagError: the disk does not take it.
        """
        try:
            self._connections[name] = self._writer.add_connection(
                name, type_name, typestore=self._types,
                offered_qos_profiles=[_qos(profile) for profile in offered])
        except Exception as error:  # sqlite3's, or the system's
            raise BagError(self.path, f'cannot be written: {error}') from None
        self._counts[name] = 0

    def write(self, name: str, received_ns: int, data: bytes) -> None:
        """
        Write a message of a declared topic.

        Raises:
            BagError: the disk does not take it.
        """
        try:
            self._writer.write(self._connections[name], received_ns, data)
        except Exception as error:  # sqlite3's, or the system's
            raise BagError(self.path, f'cannot be written: {error}') from None
        self._counts[name] += 1

    def close(self) -> None:
        """
        Finish the bag; without any message its folder goes.

        Raises:
            BagError: the disk does not take the rest.
        """
        if not self._is_open:
            return
        self._is_open = False
        try:
            if any(self._counts.values()):
                self._writer.close()
            else:
                self._writer.abort()
                _remove(self.path)
        except Exception as error:  # sqlite3's, or the system's
            raise BagError(self.path, f'cannot be finished: {error}') from None


def _remove(folder: Path) -> None:
    """Remove a bag of one file."""
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def _qos(offered: OfferedQos) -> Qos:
    from rosbags.interfaces import (
        Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime,
    )

    deadline, lifespan, lease = (
        QosTime(*divmod(duration_ns, _NS_PER_S)) for duration_ns in (
            offered.deadline_ns, offered.lifespan_ns, offered.liveliness_lease_ns))
    return Qos(
        QosHistory[offered.history.upper()], offered.depth,
        QosReliability[offered.reliability.upper()], QosDurability[offered.durability.upper()],
        deadline, lifespan, QosLiveliness[offered.liveliness.upper()], lease,
        offered.avoid_ros_namespace_conventions)
