# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Trackers on the viewer's page."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
import math
from typing import Any

import numpy as np
from rclpy.node import Node

from motion_avatar_ros.nodes.tracker_sources import tracker_sources
from motion_avatar_ros.ros.tracker_input import TrackerInput, TrackerInputError, tracker_input
from motion_avatar_ros.ros.web_figures import TrackerFigure
from motion_avatar_ros.ros.web_view import WebView
from motion_avatar_ros.trackers.sample import Quaternion, Vector

#: Stamp [ns], position and orientation.
TrackerSample = tuple[int, Vector, Quaternion]

_SAMPLES_KEPT = 128  # of each tracker: a second at common rates


class TrackerView:
    """Listens to trackers, and draws them as they were at a time."""

    def __init__(self, node: Node, view: WebView, values: Mapping[str, Any]) -> None:
        """Listen with the values of TRACKER_PARAMETERS; the page does without if it cannot."""
        sources = tracker_sources(values)
        self._profile = sources.profile
        self.figures = {name: TrackerFigure(view, name) for name in sources.names}
        self._samples: dict[str, deque[TrackerSample]] = {
            name: deque(maxlen=_SAMPLES_KEPT) for name in sources.names}
        self._input: TrackerInput | None = None
        try:
            self._input = tracker_input(sources.kind)
            self._input.start(node, sources.names, sources.fixed_frame, self.take)
        except TrackerInputError as error:  # the body is worth seeing without them
            self._input = None
            node.get_logger().warning(f'no trackers on the page: {error}')

    def close(self) -> None:
        """Stop listening."""
        if self._input is not None:
            self._input.stop()

    def take(
        self, tracker: str, stamp: int, position_m: Vector, quaternion_xyzw: Quaternion
    ) -> None:
        """Take a sample; NaN and zero quaternions are the avatar's to refuse, none is drawn."""
        if all(map(math.isfinite, (*position_m, *quaternion_xyzw))):
            self._samples[tracker].append(
                self._profile.convert(tracker, stamp, position_m, quaternion_xyzw))

    def draw(self, at_ns: int | None) -> None:
        """Draw them as of a stamp, the body's, ahead of which they would run; None for now."""
        for tracker, samples in self._samples.items():
            past = [sample for sample in samples if at_ns is None or sample[0] <= at_ns]
            if past:
                _, position_m, quaternion_xyzw = past[-1]
                self.figures[tracker].show(np.array(position_m), np.array(quaternion_xyzw))
