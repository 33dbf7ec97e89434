# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether the body follows the trackers, measured from outside as any consumer sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node

from motion_avatar_ros.body.skeleton import LEFT_WRIST, RIGHT_WRIST
from motion_avatar_ros.commands.body_check import BodyCheck
from motion_avatar_ros.ros.stream_checker import StreamChecker
from motion_avatar_ros.ros.tracker_input import TfInput
from motion_avatar_ros.trackers.sample import Quaternion, Vector

#: Figures that --json tells.
JSON_NAMES = (
    'input_rate_hz', 'output_rate_hz', 'latency_p50_ms', 'latency_p99_ms', 'dropped', 'mpjpe_cm',
    'hand_distance_cm', 'poses', 'invalid', 'out_of_order', 'measured_s')
MIN_POSE_SHARE = 0.8
MAX_HAND_DISTANCE_CM = 20.0
MAX_MPJPE_CM = 15.0
# Tracked joints are where they are tracked whatever the model says: a mean pose is 7 cm off here.
MAX_MPJPE_OF_BUILT_IN_CM = 6.5
_HANDS = {'left_hand': LEFT_WRIST, 'right_hand': RIGHT_WRIST}
_FRAMES = {name: f'{name}_tracker' for name in ('head', *_HANDS)}
_MODEL_RATE_HZ = 60.0
_RATE_TOLERANCE = 0.05  # an input rate this close to the model's gives one pose per input
_IN_FLIGHT_NS = 250_000_000  # the newest inputs may still be on their way


@dataclass(frozen=True)
class FollowFigures:
    """
    What was measured.

    Attributes:
        measured_s: length of the measurement.
        inputs: tracker samples of the head.
        expected: poses to expect of them.
        poses: poses received for them.
        invalid: messages that were no finite pose.
        hand_distance_cm: median over poses of the mean distance of wrists and hand trackers.
        mpjpe_cm: mean joint error where the truth is known.
        max_mpjpe_cm: a body further off does not follow.
    """

    measured_s: float
    inputs: int
    expected: int
    poses: int
    invalid: int
    out_of_order: int
    input_rate_hz: float
    output_rate_hz: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    hand_distance_cm: float | None
    mpjpe_cm: float | None
    max_mpjpe_cm: float = MAX_MPJPE_CM

    @property
    def dropped(self) -> int:
        """Expected poses that never came."""
        return max(0, self.expected - self.poses)

    @property
    def problem(self) -> str | None:
        """Why this is no following, in one line, or None when it is."""
        if self.inputs == 0:
            return 'no tracker samples arrive on /tf'
        if self.invalid:
            return f'{self.invalid} messages held no whole finite pose'
        if self.poses < MIN_POSE_SHARE * self.expected:
            return (f'only {self.poses} of {self.expected} poses arrived, '
                    f'below {MIN_POSE_SHARE:.0%}')
        if self.hand_distance_cm is None or not self.hand_distance_cm <= MAX_HAND_DISTANCE_CM:
            return (f'the hands are {_number(self.hand_distance_cm)} cm from the hand trackers '
                    f'(median), above {MAX_HAND_DISTANCE_CM:g} cm')
        if self.mpjpe_cm is not None and not self.mpjpe_cm <= self.max_mpjpe_cm:
            return (f'the joints are {_number(self.mpjpe_cm)} cm from the truth (mean), above '
                    f'{self.max_mpjpe_cm:g} cm')
        return None

    @property
    def json_values(self) -> dict[str, Any]:
        """Values of --json."""
        return {name: getattr(self, name) for name in JSON_NAMES}

    @property
    def line(self) -> str:
        """What was measured, in one line."""
        def shown(value: float | None) -> str:
            return '-' if value is None else f'{value:.1f}'

        return (
            f'{self.input_rate_hz:.1f} Hz in, {self.output_rate_hz:.1f} Hz out, latency '
            f'{shown(self.latency_p50_ms)} ms (p99 {shown(self.latency_p99_ms)}), '
            f'{self.dropped} dropped, MPJPE {shown(self.mpjpe_cm)} cm, hands '
            f'{shown(self.hand_distance_cm)} cm')


class FollowCheck(BodyCheck):
    """Listens to trackers, body, truth and diagnostics on one node."""

    def __init__(
        self, node: Node, body_topic: str, truth_topic: str, avatar_name: str,
        fixed_frame: str = 'odom', max_mpjpe_cm: float = MAX_MPJPE_CM,
    ) -> None:
        self._max_mpjpe_cm = max_mpjpe_cm
        self._samples: dict[str, list[tuple[int, Vector]]] = {name: [] for name in _FRAMES}
        super().__init__(
            node, StreamChecker(node, body_topic, truth_topic), f'/{avatar_name}')
        self._input = TfInput()
        self._input.start(node, _FRAMES, fixed_frame, self._on_sample)

    def restart(self) -> None:
        """Measure anew from now on."""
        super().restart()
        for samples in self._samples.values():
            samples.clear()

    def figures(self) -> FollowFigures:
        """Return what was measured since the (re)start."""
        report = self._stream.report()
        head_ns = np.array([stamp for stamp, _ in self._samples['head']], dtype=np.int64)
        stamps_ns = np.array(self._stream.stamps_ns, dtype=np.int64)
        input_rate_hz = _rate_hz(head_ns)
        if len(head_ns):
            start_ns, end_ns = head_ns[0], head_ns[-1] - _IN_FLIGHT_NS
            head_ns = head_ns[(head_ns >= start_ns) & (head_ns <= end_ns)]
            poses = int(((stamps_ns >= start_ns) & (stamps_ns <= end_ns)).sum())
        else:
            poses = len(stamps_ns)
        thinning = 1.0
        if input_rate_hz > _MODEL_RATE_HZ * (1.0 + _RATE_TOLERANCE):
            thinning = _MODEL_RATE_HZ / input_rate_hz
        return FollowFigures(
            measured_s=self.seconds,
            inputs=len(head_ns),
            expected=int(len(head_ns) * thinning),
            poses=poses,
            invalid=report.invalid,
            out_of_order=report.out_of_order,
            input_rate_hz=input_rate_hz,
            output_rate_hz=report.output_rate_hz,
            latency_p50_ms=report.latency_p50_ms,
            latency_p99_ms=report.latency_p99_ms,
            hand_distance_cm=self._hand_distance_cm(stamps_ns),
            mpjpe_cm=report.mpjpe_cm,
            max_mpjpe_cm=self._max_mpjpe_cm,
        )

    def _hand_distance_cm(self, stamps_ns: np.ndarray) -> float | None:
        if not len(stamps_ns) or not all(self._samples.values()):
            return None
        _, joints_m = self._stream.poses().global_joints()
        distances_m = []
        for hand, joint in _HANDS.items():
            sample_ns, positions_m = zip(*self._samples[hand])
            trackers_m = np.stack([
                np.interp((stamps_ns - stamps_ns[0]).astype(float),
                          (np.array(sample_ns) - stamps_ns[0]).astype(float), axis)
                for axis in np.array(positions_m).T
            ], axis=-1)
            distances_m.append(np.linalg.norm(joints_m[:, joint] - trackers_m, axis=-1))
        return 100.0 * float(np.median(np.mean(distances_m, axis=0)))

    def _on_sample(
        self, tracker: str, stamp_ns: int, position_m: Vector, quaternion_xyzw: Quaternion
    ) -> None:
        samples = self._samples[tracker]
        if np.isfinite(position_m).all() and (not samples or stamp_ns > samples[-1][0]):
            samples.append((stamp_ns, position_m))


def _rate_hz(stamps_ns: np.ndarray) -> float:
    span_s = (stamps_ns[-1] - stamps_ns[0]) * 1e-9 if len(stamps_ns) > 1 else 0.0
    return (len(stamps_ns) - 1) / span_s if span_s > 0.0 else 0.0


def _number(value: float | None) -> str:
    return 'unknown' if value is None else f'{value:.1f}'
