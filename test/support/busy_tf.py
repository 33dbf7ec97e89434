# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Publishes transforms on /tf that have nothing to do with an avatar, as a whole robot does."""

from __future__ import annotations

import sys
import time

from geometry_msgs.msg import TransformStamped
from motion_avatar_ros.ros.qos import TF
import rclpy
from rclpy.serialization import serialize_message
from tf2_msgs.msg import TFMessage


def main(transforms_per_s: float, per_message: int, seconds: float) -> None:
    """Publish for a while, in messages of several transforms."""
    rclpy.init()
    node = rclpy.create_node('busy_tf')
    publisher = node.create_publisher(TFMessage, '/tf', TF)
    message = TFMessage(transforms=[TransformStamped() for _ in range(per_message)])
    for index, transform in enumerate(message.transforms):
        transform.header.frame_id, transform.child_frame_id = 'other_robot', f'link_{index}'
        transform.header.stamp = node.get_clock().now().to_msg()
    data = serialize_message(message)
    start_s = due_s = time.monotonic()
    sent = 0
    while due_s < start_s + seconds:
        publisher.publish(data)
        sent += per_message
        due_s += per_message / transforms_per_s
        time.sleep(max(0.0, due_s - time.monotonic()))
    print(f'{sent / (time.monotonic() - start_s):.0f}')
    node.destroy_node()
    rclpy.shutdown()


if __name__ == '__main__':
    main(float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
