# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recording by the page's button."""

from __future__ import annotations

from node_spinning import spin_until
import pytest
import rclpy
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from motion_avatar_ros.nodes.viewer_node import ViewerNode
from motion_avatar_ros.ros.qos import JOINT_STATES


@pytest.fixture
def viewer(ros_domain, tmp_path):
    rclpy.init()
    node = ViewerNode(parameter_overrides=[
        Parameter('port', value=0), Parameter('record_folder', value=str(tmp_path / 'bags'))])
    yield node
    node.close()
    rclpy.try_shutdown()


def click(viewer) -> None:
    viewer._record._page._asked.set()


def test_a_click_begins_a_bag_and_the_next_one_finishes_it(viewer, tmp_path):
    publisher = viewer.create_publisher(JointState, 'avatar_node/joint_states', JOINT_STATES)
    click(viewer)
    spin_until(viewer, lambda: viewer._record._recording is not None)
    page = viewer._record._page
    assert page._button.label == 'end recording'

    def is_recorded() -> bool:
        publisher.publish(JointState(name=['root_x'], position=[1.0]))
        return viewer._record._recording.status().messages >= 3

    spin_until(viewer, is_recorded)
    click(viewer)
    spin_until(viewer, lambda: viewer._record._recording is None)
    assert page._button.label == 'record' and 'bags' in page._text.content
    [folder] = (tmp_path / 'bags').iterdir()
    assert list(folder.glob('*.mcap')) and (folder / 'metadata.yaml').is_file()


def test_a_folder_that_cannot_be_made_is_told_and_the_page_goes_on(viewer, tmp_path):
    (tmp_path / 'bags').write_text('a file')
    click(viewer)
    page = viewer._record._page
    spin_until(viewer, lambda: 'no recording' in page._text.content)
    assert page._button.label == 'record'
