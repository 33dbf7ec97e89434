# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a body that is made of words comes, measured from outside as any consumer sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rclpy.node import Node

from motion_avatar_ros.commands.body_check import BodyCheck
from motion_avatar_ros.ros.stream_checker import StreamChecker, StreamReport

MIN_RATE_SHARE = 0.8
_COUNTS = ('pieces', 'late_pieces', 'discarded_pieces', 'failed_pieces', 'limited_frames',
           'refused_prompts')
_TIMES = ('generation_p50_ms', 'generation_p99_ms')


@dataclass(frozen=True)
class MotionFigures:
    """
    What was measured.

    Attributes:
        measured_s: length of the measurement.
        stream: of the body topic. Latency is from a pose's stamp to its reception here: the time
            for which the pose is, or, on an operator's arms, that of their trackers.
        way_m: that the pelvis went along the floor.
        asked_hz: poses a second that are to come.
        told: what the generator says of itself.
    """

    measured_s: float
    stream: StreamReport
    way_m: float
    asked_hz: float
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def problem(self) -> str | None:
        """Why this is no motion, in one line, or None when it is."""
        stream = self.stream
        if stream.poses == 0:
            return 'the body does not come'
        if stream.invalid:
            return f'{stream.invalid} messages held no whole finite pose'
        if stream.out_of_order:
            return f'{stream.out_of_order} poses were not later than the ones before'
        if stream.output_rate_hz < MIN_RATE_SHARE * self.asked_hz:
            return (f'only {stream.output_rate_hz:.1f} poses a second come, below '
                    f'{MIN_RATE_SHARE:.0%} of {self.asked_hz:g}')
        failed = _number(self.told.get('failed_pieces'))
        if failed:
            return f'{failed:.0f} pieces of motion could not be made'
        return None

    @property
    def json_values(self) -> dict[str, Any]:
        """Values of --json; None for what is not known."""
        stream = self.stream
        values: dict[str, Any] = {
            name: getattr(stream, name) for name in (
                'output_rate_hz', 'latency_p50_ms', 'latency_p99_ms', 'longest_gap_ms',
                'max_step_deg', 'max_root_step_m', 'poses', 'invalid', 'out_of_order', 'lost')}
        values |= {'way_m': self.way_m, 'measured_s': self.measured_s}
        values |= {name: _number(self.told.get(name)) for name in _TIMES}
        counts = {name: _number(self.told.get(name)) for name in _COUNTS}
        values |= {name: None if count is None else int(count) for name, count in counts.items()}
        return values | {'prompt': self.told.get('prompt'), 'mode': self.told.get('mode')}

    @property
    def line(self) -> str:
        """What was measured, in one line."""
        values = self.json_values

        def shown(name: str) -> str:
            value = values[name]
            return '-' if value is None else f'{value:.1f}'

        return (
            f"{shown('output_rate_hz')} Hz, received after {shown('latency_p50_ms')} ms (p99 "
            f"{shown('latency_p99_ms')}), pieces made in {shown('generation_p50_ms')} ms (p99 "
            f"{shown('generation_p99_ms')}), {values['late_pieces']} late, "
            f'{self.way_m:.1f} m gone')


class MotionCheck(BodyCheck):
    """Listens to a generated body and to its generator's diagnostics on one node."""

    def __init__(self, node: Node, body_topic: str, generator_name: str, asked_hz: float) -> None:
        """Subscribe; `asked_hz` poses a second are expected."""
        self._asked_hz = asked_hz
        super().__init__(node, StreamChecker(node, body_topic), f'/{generator_name}')

    def figures(self) -> MotionFigures:
        """Return what was measured since the (re)start."""
        places_m = self._stream.poses().root_position[:, :2]
        way_m = float(np.linalg.norm(np.diff(places_m, axis=0), axis=-1).sum())
        return MotionFigures(
            self.seconds, self._stream.report(), way_m, self._asked_hz, dict(self.told))


def _number(text: str | None) -> float | None:
    """Return a number that a status tells; None where it says that there is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
