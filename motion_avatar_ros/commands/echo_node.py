# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The floor of every lag: a node that answers each head sample at once, and infers nothing.

It hears /tf and publishes a body message as avatar_node does, of the same size and stamp, so that
what remains is transport and the interpreter. Run by `benchmark end-to-end`.
"""

from __future__ import annotations

from collections.abc import Sequence
import sys

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.joint_state import JOINT_STATE_NAMES
from motion_avatar_ros.ros.body_messages import values_message
from motion_avatar_ros.ros.lifecycle import run
from motion_avatar_ros.ros.qos import JOINT_STATES
from motion_avatar_ros.ros.tracker_input import TfInput
from motion_avatar_ros.trackers.sample import Quaternion, Vector

NAME = 'echo_node'
TOPIC = f'/{NAME}/joint_states'
_FIXED_FRAME = 'odom'
_ZERO = np.zeros(len(JOINT_STATE_NAMES))


class EchoNode(Node):
    """Answers head samples."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._answers = self.create_publisher(JointState, TOPIC, JOINT_STATES)
        TfInput().start(self, {'head': 'head_tracker'}, _FIXED_FRAME, self._on_sample)

    def _on_sample(
        self, tracker: str, stamp_ns: int, position_m: Vector, quaternion_xyzw: Quaternion
    ) -> None:
        self._answers.publish(values_message(JOINT_STATE_NAMES, _ZERO, stamp_ns, _FIXED_FRAME))


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(EchoNode, args)


if __name__ == '__main__':
    sys.exit(main())
