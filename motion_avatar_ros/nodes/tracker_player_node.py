# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
tracker_player_node: the trackers of an operator who is not there.

Plays a clip or built-in motion (clip_player.py), or the inputs of a rosbag2 bag
(bag_player.py), from a thread of its own. Should that thread fail, the node ends.
"""

from __future__ import annotations

from collections.abc import Sequence
import sys
import threading
from typing import Any, Protocol

from rclpy.node import Node

from motion_avatar_ros.nodes.tracker_player_parameters import PLAYER_PARAMETERS
from motion_avatar_ros.ros import diagnostics
from motion_avatar_ros.ros.lifecycle import run
from motion_avatar_ros.ros.parameters import declare_parameters
from motion_avatar_ros.ros.playback_clock import PlaybackClock


class Player(Protocol):
    """Something that plays trackers on a node's topics."""

    description: str

    def play(self, clock: PlaybackClock) -> None:
        """Play until the end, or until the clock says stop."""

    def close(self) -> None:
        """Free what is open; nothing is played any more."""

    def status(self) -> tuple[int, str, dict[str, Any]]:
        """Return level, line and values for diagnostics."""


class TrackerPlayerNode(Node):
    """Runs a player and tells how it goes."""

    def __init__(self, **node_arguments: Any) -> None:
        """
        Load what is to be played and get ready.

        Raises:
            MotionAvatarError: a parameter, the clip or the bag is bad; the text says why.
        """
        super().__init__('tracker_player_node', **node_arguments)
        try:
            self._configure(declare_parameters(self, PLAYER_PARAMETERS))
        except BaseException:
            self.destroy_node()
            raise

    def _configure(self, values: dict[str, Any]) -> None:
        self._player = _make_player(self, values)
        self._clock_of_playback = PlaybackClock(self)
        self._thread = threading.Thread(target=self._play, name='playback')
        self._failure: Exception | None = None
        self._failed = self.create_guard_condition(self._raise_failure)
        self._diagnostics = diagnostics.DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._player.status)
        self.get_logger().info(f'playing {self._player.description}')

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def close(self) -> None:
        """Stop playing and destroy the node."""
        self._clock_of_playback.stop()
        if self._thread.is_alive():
            self._thread.join()
        self._player.close()
        self.destroy_node()

    def _play(self) -> None:
        try:
            if not self._clock_of_playback.wait_to_run():
                self._player.play(self._clock_of_playback)
        except Exception as error:
            self._failure = error
            self._failed.trigger()

    def _raise_failure(self) -> None:
        """Raise in the executor what ended the thread."""
        if self._failure is not None:
            raise self._failure


def _make_player(node: Node, values: dict[str, Any]) -> Player:
    if values['bag']:
        from motion_avatar_ros.nodes.bag_player import BagPlayer
        return BagPlayer(node, values)
    from motion_avatar_ros.nodes.clip_player import ClipPlayer
    return ClipPlayer(node, values)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; 2 for a bad parameter, clip or bag."""
    return run(TrackerPlayerNode, args)


if __name__ == '__main__':
    sys.exit(main())
