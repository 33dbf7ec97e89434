# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Several nodes of this package in one process and one executor.

`composed_nodes avatar_node mesh_node --ros-args -p avatar_node:model:=baseline`: node names
first; parameters are prefixed with the name of the node they are for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
import sys
from typing import Any

from rclpy.utilities import remove_ros_args

from motion_avatar_ros.ros.lifecycle import run

#: Class of each node, by name; its module has the node's name.
NODE_CLASSES = {
    'tracker_player_node': 'TrackerPlayerNode',
    'avatar_node': 'AvatarNode',
    'generator_node': 'GeneratorNode',
    'mesh_node': 'MeshNode',
    'retarget_node': 'RetargetNode',
    'sim_robot_node': 'SimRobotNode',
    'viewer_node': 'ViewerNode',
    'webxr_tracker_node': 'WebXrTrackerNode',
}


def main(args: Sequence[str] | None = None) -> int:
    """Run the named nodes until SIGINT or SIGTERM."""
    command_line = sys.argv if args is None else ['composed_nodes', *args]
    names = remove_ros_args(command_line)[1:]
    unknown = [name for name in names if name not in NODE_CLASSES]
    if unknown or not names:
        what = f"unknown node '{unknown[0]}'" if unknown else 'no node is named'
        sys.stderr.write(f'error: {what}; allowed: {", ".join(NODE_CLASSES)}\n')
        return 2
    return run([_factory(name) for name in names], args)


def _factory(name: str) -> Callable[[], Any]:
    return getattr(import_module(f'motion_avatar_ros.nodes.{name}'), NODE_CLASSES[name])


if __name__ == '__main__':
    sys.exit(main())
