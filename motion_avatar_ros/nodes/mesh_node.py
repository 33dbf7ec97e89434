# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The body as a mesh in RViz: body JointState in, TRIANGLE_LIST Marker out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import sys
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from visualization_msgs.msg import Marker

from motion_avatar_ros.body.avatar_urdf import AvatarDescriptionError, offsets_from_urdf
from motion_avatar_ros.body.joint_state import JointStateError
from motion_avatar_ros.body.skinning import Skinner, skeleton_scale
from motion_avatar_ros.body.vertex_colors import ColorBy
from motion_avatar_ros.nodes.mesh_colors import MeshColors
from motion_avatar_ros.nodes.mesh_parameters import (
    MESH_PARAMETERS, color_rgba, load_body_mesh,
)
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns
from motion_avatar_ros.ros.diagnostics import (
    ERROR, OK, WARN, DiagnosticsPublisher, LatencyMeter, RateMeter,
)
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.mesh_marker import MeshMarker
from motion_avatar_ros.ros.problem_log import ProblemLog
from motion_avatar_ros.ros.qos import LATCHED, MARKERS, NEWEST_JOINT_STATES
from motion_avatar_ros.ros.rate_cap import RateCap

_WATCH_PERIOD_S = 0.5
_USUAL_FRAME = 'odom'


class MeshNode(AvatarLifecycleNode):
    """Skins the newest pose and publishes it, at most at a rate, while somebody looks."""

    def __init__(self, **node_arguments: Any) -> None:
        self._publisher: Any = None
        self._inputs: list[Any] = []
        self._watch_timer: Any = None
        self._problems = ProblemLog(self)
        super().__init__('mesh_node', MESH_PARAMETERS, **node_arguments)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Load the mesh and make the publisher."""
        self._values = parameters
        self._color_rgba = color_rgba(parameters)
        self._skinner = Skinner(load_body_mesh(parameters))
        self._colors = MeshColors(
            self._skinner.mesh, ColorBy(parameters['color_by']), self._color_rgba[:3])
        self._marker: MeshMarker | None = None
        self._marker_in(_USUAL_FRAME)  # so that the first pose need not wait for it
        self._cap = RateCap(parameters['rate_hz'])
        self._input_rate, self._output_rate = RateMeter(), RateMeter()
        self._work = LatencyMeter()
        self._refused = 0
        self._publisher = self.create_lifecycle_publisher(Marker, '~/mesh', MARKERS)

    def activate(self) -> None:
        """Subscribe the body and its description."""
        self._problems = ProblemLog(self)
        self._is_holding = False
        self._body_publishers = 0
        self._inputs = [
            self.create_subscription(
                JointState, self._values['body_topic'], self._on_body, NEWEST_JOINT_STATES),
            self.create_subscription(
                String, self._values['description_topic'], self._on_description, LATCHED),
        ]
        if self._colors.color_by is ColorBy.CONFIDENCE:
            self._inputs.append(self.create_subscription(
                JointState, self._values['confidence_topic'], self._colors.take_confidence,
                NEWEST_JOINT_STATES))
        self._watch_timer = self.create_timer(_WATCH_PERIOD_S, self._watch, clock=self._steady)

    def deactivate(self) -> None:
        """Stop listening."""
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._watch_timer is not None:
            self.destroy_timer(self._watch_timer)
            self._watch_timer = None

    def cleanup(self) -> None:
        """Free the publisher."""
        if self._publisher is not None:
            self.destroy_lifecycle_publisher(self._publisher)
            self._publisher = None

    def _on_body(self, message: JointState) -> None:
        """Publish the mesh of one pose."""
        self._input_rate.tick()
        if self._is_holding or self._publisher.get_subscription_count() == 0:
            return
        started_s = time.monotonic()
        if not self._cap.admits(started_s):
            return
        frame_id = message.header.frame_id
        try:
            if not frame_id:
                raise JointStateError('header.frame_id is empty, so the place is unknown')
            pose = pose_from_message(message)
        except JointStateError as error:
            self._refused += 1
            self._problems.say(f"body topic '{self._values['body_topic']}': {error}")
            return
        self._problems.say(None)
        marker = self._marker_in(frame_id)
        vertices_m, time_ns = self._skinner.skin(pose), stamp_ns(message.header.stamp)
        self._publisher.publish(
            marker.message(vertices_m, time_ns, self._colors.of(vertices_m, time_ns)))
        self._output_rate.tick()
        self._work.add(time.monotonic() - started_s)

    def _on_description(self, message: String) -> None:
        """Take the lengths of the bones from the avatar's URDF."""
        try:
            offsets_m = offsets_from_urdf(message.data)
        except AvatarDescriptionError as error:
            self.get_logger().warning(f'{error}; the mesh keeps its size')
            return
        self._skinner = Skinner(self._skinner.mesh, offsets_m)
        self.get_logger().info(
            f'the body is {skeleton_scale(offsets_m):.3f} times the size of the built-in one')

    def _marker_in(self, frame_id: str) -> MeshMarker:
        """Return the marker of a frame, which is serialised anew when the frame changes."""
        if self._marker is not None and self._marker.frame_id == frame_id:
            return self._marker
        self._marker = MeshMarker(
            self._skinner.mesh.faces, frame_id, self._values['marker_namespace'],
            self._color_rgba, self._values['lifetime_s'],
            self._colors.color_by is not ColorBy.NOTHING)
        if not self._marker.is_fast:
            self.get_logger().warning(
                'this Marker definition is not the known one: the mesh is published the slow '
                'way, which costs much of a CPU core')
        return self._marker

    def _watch(self) -> None:
        """Hold while two nodes publish the body, since their poses would alternate."""
        topic = self._inputs[0].topic_name
        self._body_publishers = self.count_publishers(topic)
        if self._body_publishers > 1:
            self._problems.say(
                f"{self._body_publishers} publishers on body topic '{topic}': "
                'holding; allowed: one')
            self._is_holding = True
        elif self._is_holding:
            self._is_holding = False
            self._problems.say(None)

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if not self._inputs:
            error = self.last_transition_error
            return (OK if error is None else ERROR), error or self.state_label, {
                'state': self.state_label}
        mesh = self._skinner.mesh
        values = {
            'state': self.state_label,
            'input_rate_hz': self._input_rate.rate_hz(),
            'output_rate_hz': self._output_rate.rate_hz(),
            **self._work.values('skin_and_publish'),
            'subscribers': self._publisher.get_subscription_count(),
            'body_publishers': self._body_publishers,
            'refused_messages': self._refused,
            'triangles': len(mesh.faces),
            'scale': skeleton_scale(self._skinner.offsets_m),
            'is_fast': None if self._marker is None else self._marker.is_fast,
        }
        if self._problems.problem is not None:
            return WARN, self._problems.problem, values
        if not values['input_rate_hz']:
            return WARN, f"no body on '{self._values['body_topic']}'", values
        return OK, 'following' if values['subscribers'] else 'nobody looks', values


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(MeshNode, args)


if __name__ == '__main__':
    sys.exit(main())
