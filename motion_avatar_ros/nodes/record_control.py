# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page's button that records everything into a bag."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rclpy.node import Node

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.tracker_sources import ALL_TRACKER_NAMES
from motion_avatar_ros.own_folder import own_folder
from motion_avatar_ros.ros.bag_recording import BagRecording, RecordingStatus
from motion_avatar_ros.ros.own_frames import own_frames
from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.ros.recorded_topics import input_topics, output_topics
from motion_avatar_ros.ros.web_recording import WebRecording

RECORD_PARAMETERS = (
    Parameter('record_folder', '',
              'folder of the bags that the page records; empty: motion_avatar_ros/bags under '
              '$ROS_HOME or ~/.ros'),
)


class RecordControl:
    """Between the page and a bag; for the executor's thread only."""

    def __init__(self, node: Node, page: WebRecording, values: Mapping[str, Any]) -> None:
        """Take the values of VIEWER_PARAMETERS."""
        self._node, self._page = node, page
        given = values['record_folder']
        self._folder = Path(given).expanduser() if given else own_folder() / 'bags'
        self._topics = [
            *input_topics('', [values[f'pose_topics.{name}'] for name in ALL_TRACKER_NAMES]),
            *output_topics('', values['avatar_node'], values['robot_node'])]
        self._left_out = own_frames(values['body_id'], values['robot_prefix'])
        self._recording: BagRecording | None = None
        self._text = ''

    def update(self) -> None:
        """Begin or end what was asked for, and show how it is."""
        if self._page.take_request():
            if self._recording is None:
                self._begin()
            else:
                self.end()
        if self._recording is not None:
            status = self._recording.status()
            self._text = f'*{_size(status)}*'
            if not status.is_recording:
                self.end()
        self._page.show(self._recording is not None, self._text)

    def end(self) -> None:
        """Finish the bag, if one is being recorded."""
        if self._recording is None:
            return
        recording, self._recording = self._recording, None
        status = recording.stop()
        self._text = f'`{recording.folder}`: {_size(status)}' if status.messages else (
            'nothing came, so there is no bag')
        if status.problem is not None:
            self._text = f'**{status.problem}** {self._text}'
        self._node.get_logger().info(f'recording ended; {self._text}')

    def _begin(self) -> None:
        folder = self._folder / f'{datetime.now():%Y-%m-%d_%H-%M-%S}'
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            recording = BagRecording(
                self._node, folder, self._topics, left_out=self._left_out)
            recording.start()
        except (OSError, MotionAvatarError) as error:
            self._text = f'**no recording: {error}**'
            return
        self._recording = recording


def _size(status: RecordingStatus) -> str:
    return f'{status.seconds:.0f} s, {1e-6 * status.size_bytes:.1f} MB'
