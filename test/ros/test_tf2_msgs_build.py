# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The TFMessage of this environment is the one that other ROS 2 hosts speak."""

from __future__ import annotations

import shutil

import pytest
import rclpy

from motion_avatar_ros.ros import tf2_msgs_build

tf2_msgs = pytest.importorskip('tf2_msgs.msg', reason='no compiler was there to build tf2_msgs')
GENUINE_HASH = 'e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087'


def test_type_hash_is_the_one_of_every_ros_host(ros_domain):
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('type_hash', context=context)
    node.create_publisher(tf2_msgs.TFMessage, '/tf', 1)
    (publisher,) = node.get_publishers_info_by_topic('/tf')
    assert str(publisher.topic_type_hash).endswith(GENUINE_HASH)
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def test_a_missing_compiler_is_named_as_its_package(monkeypatch):
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    assert tf2_msgs_build.missing_tools()[:3] == ['g++', 'cmake', 'make']


def test_container_paths_of_the_wheels_are_replaced(tmp_path, monkeypatch):
    exported = tmp_path / 'share' / 'x' / 'cmake' / 'export_x__rosidl_generator_pyExport.cmake'
    exported.parent.mkdir(parents=True)
    container = '/opt/python/cp313-cp313'
    exported.write_text(f'"{container}/include/python3.13;'
                        f'{container}/lib/python3.13/site-packages/numpy/_core/include"')
    monkeypatch.setattr(tf2_msgs_build, '_run', lambda command: '/i\n/s\n')
    tf2_msgs_build._correct_include_paths(tmp_path / 'python', [tmp_path])
    assert exported.read_text() == '"/i;/s/numpy/_core/include"'
