# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Reads tracker inputs from rosbag2 bags, MCAP or sqlite3, also compressed, without ROS.

Inputs are `/tf`, `/tf_static` and PoseStamped topics; everything else in a bag is left alone.
Messages are read from the file as they are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
import enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.plain_yaml import PlainYamlError, check_yaml_depth

if TYPE_CHECKING:
    from rosbags.interfaces import Connection

_STORAGE_SUFFIXES = ('.mcap', '.db3')
_METADATA = 'metadata.yaml'
_ROS1_MAGIC = b'#ROSBAG V'
_ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'
_MOST_METADATA_BYTES = 4_000_000
_LATEST_NS = 2 ** 63
_NAMED_TOPICS = 20  # that an error names
TF_TYPE = 'tf2_msgs/msg/TFMessage'
POSE_TYPE = 'geometry_msgs/msg/PoseStamped'


class BagError(MotionAvatarError):
    """A bag that cannot be read or written, or that holds no tracker input."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(f"bag '{path}': {problem}")


class InputKind(enum.Enum):
    """What an input topic carries."""

    TF = 'tf'
    TF_STATIC = 'tf_static'
    POSE = 'pose'


@dataclass(frozen=True)
class BagTopic:
    """
    An input in a bag.

    Attributes:
        name: absolute, as recorded.
        kind: what it carries.
        message_count: how many messages of it there are.
    """

    name: str
    kind: InputKind
    message_count: int


class BagMessage(NamedTuple):
    """A recorded message: when it was received [ns], its topic, its serialised bytes."""

    received_ns: int
    topic: BagTopic
    data: bytes


class BagReader:
    """The inputs of one bag; a context manager."""

    def __init__(
        self, path: str | Path, namespace: str = '', pose_topics: Collection[str] | None = None,
    ) -> None:
        """
        Open a bag.

        Args:
            path: the folder of a bag, or one of its files, .mcap or .db3.
            namespace: of the recorded topics: 'robot1' reads /robot1/tf.
            pose_topics: PoseStamped topics to read, relative to the namespace or absolute;
                None reads all.

        Raises:
            BagError: missing, corrupted, cut off, of ROS 1, or without any input that moves.
        """
        self.path = Path(path)
        self._reader = opened_bag(self.path)
        try:
            self._find_inputs(namespace, pose_topics)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; `messages` ends."""
        if self._reader.is_open:
            self._reader.close()

    @property
    def topics(self) -> tuple[BagTopic, ...]:
        """The inputs found, /tf first, then by name."""
        return tuple(self._topics.values())

    def messages(
        self, kinds: Collection[InputKind] = tuple(InputKind), until_ns: int | None = None,
    ) -> Iterator[BagMessage]:
        """
        Yield the inputs' messages in the order of their reception.

        Args:
            kinds: what to yield.
            until_ns: the reception time to stop before; None: the end.

        Raises:
            BagError: the bag is damaged here.
        """
        connections = [
            connection for connection in self._connections
            if self._topics[connection.topic].kind in kinds]
        if not connections:
            return
        for connection, received_ns, data in bag_messages(
                self._reader, self.path, connections, until_ns):
            yield BagMessage(received_ns, self._topics[connection.topic], data)

    def _find_inputs(self, namespace: str, pose_topics: Collection[str] | None) -> None:
        wanted = {
            absolute_topic(namespace, kind.value): kind
            for kind in (InputKind.TF, InputKind.TF_STATIC)}
        all_poses = absolute_topic(namespace, '')
        poses = None if pose_topics is None else {
            absolute_topic(namespace, name) for name in pose_topics}
        kinds: dict[str, InputKind] = {}
        self._connections: list[Connection] = []
        counts: dict[str, int] = {}
        for connection in self._reader.connections:
            name = connection.topic
            if connection.msgtype == POSE_TYPE:
                is_wanted = name.startswith(all_poses) if poses is None else name in poses
                kind = InputKind.POSE if is_wanted else None
            else:
                kind = wanted.get(name) if connection.msgtype == TF_TYPE else None
            if kind is not None and connection.msgcount:
                kinds[name] = kind
                counts[name] = counts.get(name, 0) + connection.msgcount
                self._connections.append(connection)
        order = list(InputKind)
        self._topics = {
            name: BagTopic(name, kinds[name], counts[name])
            for name in sorted(kinds, key=lambda name: (order.index(kinds[name]), name))}
        if not any(topic.kind is not InputKind.TF_STATIC for topic in self.topics):
            names = [absolute_topic(namespace, 'tf')] + (
                sorted(poses) if poses is not None else [f'PoseStamped topics in {all_poses}'])
            raise BagError(
                self.path, f'no trackers: it has no message on {", ".join(names)}; it holds '
                f'{bag_contents(self._reader)}')


def absolute_topic(namespace: str, name: str) -> str:
    """Return a topic's absolute name; one that is absolute has no use for the namespace."""
    if name.startswith('/'):
        return name
    prefix = namespace.strip('/')
    return f'/{prefix}/{name}' if prefix else f'/{name}'


def bag_contents(reader: Any) -> str:
    """Return what is in a bag in words."""
    named = sorted(
        f'{c.topic} ({c.msgtype.replace("/msg/", "/")}, {c.msgcount})'
        for c in reader.connections)
    more = len(named) - _NAMED_TOPICS
    return (', '.join(named[:_NAMED_TOPICS]) or 'nothing') + (
        f' and {more} more' if more > 0 else '')


def bag_messages(
    reader: Any, path: Path, connections: Sequence[Connection], until_ns: int | None = None,
) -> Iterator[tuple[Connection, int, bytes]]:
    """
    Yield connection, reception [ns] and bytes of messages, in the order of their reception.

    Raises:
        BagError: the bag is damaged here.
    """
    messages = reader.messages(connections, stop=until_ns)
    while True:
        try:
            connection, received_ns, data = next(messages)
        except StopIteration:
            return
        except Exception as error:  # the library lets through whatever the bytes cause
            raise BagError(path, f'damaged or cut off: {_in_words(error)}') from None
        if not isinstance(received_ns, int) or not 0 <= received_ns < _LATEST_NS or (
                not isinstance(data, bytes | bytearray | memoryview)):
            raise BagError(path, 'damaged: a message without a time, or without bytes')
        if data[:4] == _ZSTD_MAGIC:
            raise BagError(
                path, 'its messages are compressed, which only the metadata.yaml beside '
                'it tells: give the folder')
        yield connection, received_ns, bytes(data)


def opened_bag(path: Path) -> Any:
    """
    Return the library's reader of a bag, open.

    Raises:
        BagError: missing, corrupted, cut off, or of ROS 1.
    """
    try:
        from rosbags.rosbag2 import Reader
    except ImportError as error:
        raise BagError(
            path, f'reading bags needs the Python package rosbags ({error}): '
            'python3 -m pip install rosbags') from None
    try:
        storage = _storage(path)
        reader = Reader(storage)
        reader.open()
        if not isinstance(reader.start_time, int) or not all(
                isinstance(each.topic, str) and isinstance(each.msgtype, str)
                and isinstance(each.msgcount, int) for each in reader.connections):
            raise BagError(path, f'cannot be read: its {_METADATA} has topics without a name, a '
                           'type or a number of messages')
    except BagError:
        raise
    except Exception as error:  # the library lets through whatever the bytes cause
        raise BagError(path, _why_unreadable(path, error)) from None
    return reader


def _storage(path: Path) -> Path:
    """Return what to open: the folder, or the only file of one without metadata."""
    if not path.exists():
        raise BagError(path, 'does not exist')
    if not path.is_dir():
        with path.open('rb') as file:
            head = file.read(len(_ROS1_MAGIC))
        if head == _ROS1_MAGIC:
            raise BagError(
                path, 'is of ROS 1; `rosbags-convert --src FILE --dst FOLDER` makes a rosbag2 '
                'bag of it')
        if path.suffix not in _STORAGE_SUFFIXES:
            raise BagError(
                path, f"'{path.suffix}' is no storage of rosbag2; allowed: the bag's folder, or "
                'a .mcap or .db3 file')
        return path
    if (path / _METADATA).is_file():
        try:
            check_yaml_depth(path / _METADATA, _MOST_METADATA_BYTES)
        except PlainYamlError as error:
            raise BagError(path, f'cannot be read: {_METADATA}: {error}') from None
        return path
    files = sorted(file for file in path.iterdir() if file.suffix in _STORAGE_SUFFIXES)
    if len(files) == 1:
        return files[0]
    raise BagError(
        path, f'has no {_METADATA} and {len(files) or "no"} .mcap or .db3 files; '
        '`ros2 bag reindex` writes it' if files else
        f'is no rosbag2 bag: neither {_METADATA} nor a .mcap or .db3 file is in it')


def _why_unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return 'may not be read (permission denied)'
    words = _in_words(error)
    if 'end magic' in words or 'seems to be empty' in words:
        return f'cut off, its recording was not finished ({words}); `ros2 bag reindex` mends it'
    return f'cannot be read: {words}'


def _in_words(error: Exception) -> str:
    return ' '.join(str(error).split()) or type(error).__name__
