# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The text over the avatar in RViz."""

from __future__ import annotations

from node_spinning import spin_until
import numpy as np
import pytest
import rclpy
from visualization_msgs.msg import Marker

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.nodes.status_text import StatusText
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode
from motion_avatar_ros.ros.qos import MARKERS
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus


class Speaker(AvatarLifecycleNode):
    """Says how things are."""

    def __init__(self) -> None:
        super().__init__('speaker', [])

    def configure(self, parameters) -> None:
        self.text = StatusText(self, 'map')

    def cleanup(self) -> None:
        self.destroy_lifecycle_publisher(self.text.publisher)


@pytest.fixture
def speaker(ros_domain):
    rclpy.init()
    node = Speaker()
    node.start()
    yield node
    node.close()
    rclpy.try_shutdown()


def test_a_hold_is_told_with_its_reason_over_the_head_and_only_to_who_looks(speaker):
    hold = FollowStatus(FollowState.HOLD, 'nothing from head for 0.40 s')
    pose = BodyPose(np.tile(np.eye(3), (22, 1, 1)), np.array([1.0, 2.0, 0.9]))
    told: list[Marker] = []
    speaker.text.show(hold, pose)       # nobody looks
    speaker.create_subscription(Marker, 'speaker/status', told.append, MARKERS)

    def is_told() -> bool:
        speaker.text.show(hold, pose)
        return bool(told)

    spin_until(speaker, is_told)
    marker = told[0]
    assert marker.text == 'hold: nothing from head for 0.40 s'
    assert marker.header.frame_id == 'map' and marker.lifetime.sec > 0
    place = marker.pose.position
    assert (place.x, place.y) == (1.0, 2.0) and 1.8 < place.z < 2.2
    assert marker.color.a == 1.0 and marker.scale.z > 0.0
