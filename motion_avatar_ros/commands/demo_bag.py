# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether the demo can play a bag: it has the frames that avatar_node waits for."""

from __future__ import annotations

from pathlib import Path

from motion_avatar_ros.ros.bag_reader import BagError, BagReader, InputKind
from motion_avatar_ros.ros.message_stamps import child_frames
from motion_avatar_ros.trackers.frame_tree import named
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

_FRAMES = {f'{name}_tracker' for name in TRACKER_NAMES}
_LOOKED_AT_NS = 20_000_000_000


def check_bag(path: Path) -> None:
    """
    Refuse a bag in whose first seconds the demo's tracker frames do not come.

    Raises:
        BagError: it cannot be read, has no /tf, or other frames.
    """
    with BagReader(path) as bag:
        kinds = {topic.kind for topic in bag.topics}
        if InputKind.TF not in kinds:
            topics = ', '.join(topic.name for topic in bag.topics)
            raise BagError(
                path, f'the demo follows trackers on /tf, this bag has {topics}; demo.launch.py '
                'plays it with input:=pose')
        seen: set[str] = set()
        first_ns = None
        for message in bag.messages((InputKind.TF, InputKind.TF_STATIC)):
            first_ns = message.received_ns if first_ns is None else first_ns
            seen.update(child_frames(message.data))
            if _FRAMES <= seen:
                return
            if message.received_ns > first_ns + _LOOKED_AT_NS:
                break
    raise BagError(
        path, f'no frame {", ".join(sorted(_FRAMES - seen))} in it; its frames: {named(seen)}; '
        "demo.launch.py plays it with avatar_node's trackers.* named so")
