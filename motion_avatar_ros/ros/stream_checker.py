# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Measures a body topic as its consumers see it: rate, latency, order, and error to a truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.joint_state import (
    JOINT_STATE_NAMES, JointStateError, decode_joint_state, ordered_values,
)
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import LEFT_WRIST, RIGHT_WRIST
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.qos import JOINT_STATES


@dataclass(frozen=True)
class StreamReport:
    """
    What was received.

    Attributes:
        poses: valid poses received.
        invalid: messages that were no whole finite pose.
        output_rate_hz: poses per second of receive time, from the first to the last.
        longest_gap_ms: longest time between two receptions.
        latency_p50_ms, latency_p99_ms: reception minus stamp; None without poses.
        out_of_order: poses whose stamp is not later than the one before.
        lost: messages between the poses received that were published but not received, as
            happens on a busy machine; 0 where the middleware does not number messages.
        max_step_deg: largest geodesic angle of any joint from one pose published to the next;
            where poses between were lost, the mean of their steps.
        max_root_step_m: largest displacement of the root, counted alike.
        unmatched: poses within the truth's time span with no truth at exactly their stamp.
        mpjpe_cm: mean distance of the 22 joints to the truth at the same stamp, in the world.
        hand_distance_cm: the same of the wrists. Both None without truth.
    """

    poses: int
    invalid: int
    output_rate_hz: float
    longest_gap_ms: float | None
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    out_of_order: int
    lost: int
    max_step_deg: float
    max_root_step_m: float
    unmatched: int
    mpjpe_cm: float | None
    hand_distance_cm: float | None


class _Received(NamedTuple):
    """A valid pose: when it came, its stamp, how many were lost before it, its values."""

    receive_ns: int
    stamp_ns: int
    lost: int
    values: np.ndarray


class StreamChecker:
    """Records a body topic and, where there is one, the truth of the same motion."""

    def __init__(self, node: Node, body_topic: str, truth_topic: str | None = None) -> None:
        self._node = node
        self.clear()
        on_pose: Any = self._on_pose  # with the message's number, which rclpy's hints do not know
        self._subscriptions = [
            node.create_subscription(JointState, body_topic, on_pose, JOINT_STATES)]
        if truth_topic is not None:
            self._subscriptions.append(
                node.create_subscription(JointState, truth_topic, self._on_truth, JOINT_STATES))

    def clear(self) -> None:
        """Forget everything received."""
        self._received: list[_Received] = []  # one list: it grows while a report is made
        self._number: int | None = None  # of the newest message
        self._invalid = 0
        self._truth: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._received)

    @property
    def stamps_ns(self) -> list[int]:
        """Stamps of all valid poses, in the order of reception."""
        return [received.stamp_ns for received in self._received]

    def poses(self) -> BodyPose:
        """Return all valid poses, in the order of reception."""
        return _poses(self._received)

    def destroy(self) -> None:
        """Stop receiving."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def report(self) -> StreamReport:
        """Return the figures of everything received since the start or `clear()`.

        Another thread may go on receiving meanwhile.
        """
        received = list(self._received)
        receive_ns = np.array([pose.receive_ns for pose in received], dtype=np.int64)
        stamps_ns = np.array([pose.stamp_ns for pose in received], dtype=np.int64)
        lost = np.array([pose.lost for pose in received[1:]], dtype=np.int64)
        count = len(received)
        latency_ms = (receive_ns - stamps_ns) / 1e6
        poses = _poses(received)
        steps_rad = geodesic_angle(
            poses.local_rotations[1:], poses.local_rotations[:-1]) / (lost + 1)[:, None]
        root_steps_m = np.linalg.norm(np.diff(poses.root_position, axis=0), axis=-1) / (lost + 1)
        span_s = (receive_ns[-1] - receive_ns[0]) / 1e9 if count > 1 else 0.0
        unmatched, distances_m = self._compare(stamps_ns, poses)
        hands_m = distances_m[:, [LEFT_WRIST, RIGHT_WRIST]]
        return StreamReport(
            poses=count,
            invalid=self._invalid,
            output_rate_hz=(count - 1) / float(span_s) if span_s > 0.0 else 0.0,
            longest_gap_ms=float(np.diff(receive_ns).max()) / 1e6 if count > 1 else None,
            latency_p50_ms=float(np.percentile(latency_ms, 50)) if count else None,
            latency_p99_ms=float(np.percentile(latency_ms, 99)) if count else None,
            out_of_order=int((np.diff(stamps_ns) <= 0).sum()),
            lost=int(lost.sum()),
            max_step_deg=float(np.rad2deg(steps_rad.max())) if count > 1 else 0.0,
            max_root_step_m=float(root_steps_m.max()) if count > 1 else 0.0,
            unmatched=unmatched,
            mpjpe_cm=100.0 * float(distances_m.mean()) if len(distances_m) else None,
            hand_distance_cm=100.0 * float(hands_m.mean()) if len(distances_m) else None,
        )

    def _compare(self, stamps_ns: np.ndarray, poses: BodyPose) -> tuple[int, np.ndarray]:
        """Return the number of unmatched poses and (M, 22) distances of the matched [m]."""
        truths = dict(self._truth)
        if not truths or not len(stamps_ns):
            return 0, np.zeros((0, 22))
        in_span = (stamps_ns >= min(truths)) & (stamps_ns <= max(truths))
        matched = [i for i, stamp in enumerate(stamps_ns.tolist()) if stamp in truths]
        truth = decode_joint_state(np.array(
            [truths[int(stamps_ns[i])] for i in matched]
        ).reshape(-1, len(JOINT_STATE_NAMES)))
        _, positions = poses[matched].global_joints()
        _, truth_positions = truth.global_joints()
        distances_m = np.linalg.norm(positions - truth_positions, axis=-1)
        return int(in_span.sum()) - len(matched), distances_m

    def _on_pose(self, message: JointState, info: dict[str, Any]) -> None:
        now_ns = self._node.get_clock().now().nanoseconds
        lost = self._lost_before(info['publication_sequence_number'])
        try:
            values = ordered_values(message.name, message.position)
        except JointStateError:
            self._invalid += 1
            return
        self._received.append(_Received(now_ns, stamp_ns(message.header.stamp), lost, values))

    def _lost_before(self, number: int | None) -> int:
        """Return how many messages were published and lost since the one before."""
        last, self._number = self._number, number
        if number is None or last is None:
            return 0
        return max(number - last - 1, 0)  # a restarted publisher begins at one again

    def _on_truth(self, message: JointState) -> None:
        try:
            values = ordered_values(message.name, message.position)
        except JointStateError:
            return
        self._truth[stamp_ns(message.header.stamp)] = values


def _poses(received: list[_Received]) -> BodyPose:
    values = np.array([pose.values for pose in received])
    return decode_joint_state(values.reshape(-1, len(JOINT_STATE_NAMES)))
