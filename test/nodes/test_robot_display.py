# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What retarget_node draws of its robot."""

from __future__ import annotations

from motion_avatar_ros.ros.qos import MARKERS
from visualization_msgs.msg import Marker, MarkerArray


def test_capsules_targets_and_contacts_are_drawn_while_somebody_looks(make_bench) -> None:
    bench = make_bench().start()
    bench.run(0.2)
    drawn: list[MarkerArray] = []
    bench.other.create_subscription(
        MarkerArray, 'retarget_node/collision', drawn.append, MARKERS)
    asked: list[MarkerArray] = []
    held: list[MarkerArray] = []
    bench.other.create_subscription(
        MarkerArray, 'retarget_node/targets', asked.append, MARKERS)
    bench.other.create_subscription(
        MarkerArray, 'retarget_node/contacts', held.append, MARKERS)
    bench.until(lambda: bench.node._display._contacts.get_subscription_count() == 1)
    bench.run(1.0)
    assert 3 <= len(drawn) <= 14
    assert len(asked) == len(held) > 10 and len(asked[-1].markers) == 8
    assert [marker.action for marker in held[-1].markers] == [Marker.ADD] * 2
    ankles_m = [marker.pose.position.z for marker in asked[-1].markers[4:6]]
    assert all(0.0 < height_m < 0.15 for height_m in ankles_m)
    assert all(marker.pose.position.z == 0.0 for marker in held[-1].markers)
    capsules = bench.node._retargeter.solver.collision.capsules
    assert len(drawn[-1].markers) == 3 * len(capsules)
    heights = [marker.pose.position.z for marker in drawn[-1].markers]
    assert -0.1 < min(heights) < 0.15 and 1.0 < max(heights) < 1.5
    assert all(marker.pose.position.y > 0.5 for marker in drawn[-1].markers)  # beside
