# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The QoS profile of every kind of topic of this package."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _keep_last(depth: int, reliability: ReliabilityPolicy, is_latched: bool) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=(
            DurabilityPolicy.TRANSIENT_LOCAL if is_latched else DurabilityPolicy.VOLATILE),
    )


#: Tracker PoseStamped in: best effort matches every publisher. The depth covers a scheduling
#: pause, since every sample enters the timeline; only inference is latest-only.
TRACKER_POSE = _keep_last(20, ReliabilityPolicy.BEST_EFFORT, is_latched=False)
#: Body and robot states: a reliable publisher reaches both kinds of subscriber.
JOINT_STATES = _keep_last(10, ReliabilityPolicy.RELIABLE, is_latched=False)
#: Body states where only the newest one counts.
NEWEST_JOINT_STATES = _keep_last(1, ReliabilityPolicy.RELIABLE, is_latched=False)
#: robot_description and states that late joiners need; both ends must be transient local.
LATCHED = _keep_last(1, ReliabilityPolicy.RELIABLE, is_latched=True)
#: RViz subscribes markers reliably.
MARKERS = _keep_last(1, ReliabilityPolicy.RELIABLE, is_latched=False)
#: As tf2's listener and broadcaster.
TF = _keep_last(100, ReliabilityPolicy.RELIABLE, is_latched=False)
TF_STATIC = _keep_last(100, ReliabilityPolicy.RELIABLE, is_latched=True)
DIAGNOSTICS = _keep_last(10, ReliabilityPolicy.RELIABLE, is_latched=False)
