# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The body, and if asked the true one, on the viewer's page."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motion_avatar_ros.body.avatar_urdf import offsets_from_urdf
from motion_avatar_ros.body.mesh import MESH_FILES, load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns
from motion_avatar_ros.ros.diagnostics import LatencyMeter, RateMeter
from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
from motion_avatar_ros.ros.web_figures import TRUTH_COLOUR, SkinnedFigure
from motion_avatar_ros.ros.web_report import STALE_S, BodyReception
from motion_avatar_ros.ros.web_view import WebView

BODY_VIEW_PARAMETERS = (
    Parameter('mesh', 'coarse', 'resolution of the body', choices=tuple(MESH_FILES)),
    Parameter('body_topic', 'avatar_node/joint_states', 'body JointState to show'),
    Parameter('description_topic', 'avatar_node/robot_description',
              'URDF of the avatar, for its bone lengths'),
    Parameter('truth_topic', '',
              'body JointState shown as a ghost by a tick box of the page; empty for none'),
)


class BodyView:
    """Listens to a body, and draws its newest pose when asked."""

    def __init__(self, node: Node, view: WebView, values: Mapping[str, Any]) -> None:
        """Subscribe with the values of BODY_VIEW_PARAMETERS."""
        self._node, self._view = node, view
        self._topic = values['body_topic']
        self._mesh = load_builtin_mesh(values['mesh'])
        self._offsets_m = REST_OFFSETS_M
        self.figure = SkinnedFigure(view, 'body', self._mesh)
        self._body: JointState | None = None
        self._truth: JointState | None = None
        self._rate, self._latency = RateMeter(), LatencyMeter()
        self._received_s: float | None = None
        self._publishers = 0
        self._problem: str | None = None
        node.create_subscription(JointState, self._topic, self.take, JOINT_STATES)
        node.create_subscription(
            String, values['description_topic'], self._on_description, LATCHED)
        self._truth_figure: SkinnedFigure | None = None
        if values['truth_topic']:
            self._truth_figure = SkinnedFigure(
                view, 'truth', self._mesh, colour=TRUTH_COLOUR, opacity=0.45)
            self._shows_truth = view.server.gui.add_checkbox('ground truth', False)
            node.create_subscription(
                JointState, values['truth_topic'], self._on_truth, JOINT_STATES)

    def take(self, message: JointState) -> None:
        """Take a pose; the newest is drawn."""
        now_ns = self._node.get_clock().now().nanoseconds
        self._body = message
        self._received_s = time.monotonic()
        self._rate.tick(self._received_s)
        self._latency.add((now_ns - stamp_ns(message.header.stamp)) * 1e-9)

    def draw(self) -> tuple[int, BodyPose] | None:
        """Draw what came since the last call; return its stamp [ns] and pose, or None."""
        self._draw_truth()
        body, self._body = self._body, None
        if body is None or self._publishers > 1:
            return None
        pose = self._decoded(body)
        if pose is None:
            return None
        self.figure.show(pose)
        return stamp_ns(body.header.stamp), pose

    def watch(self) -> None:
        """Count the publishers, and pale what is old; call a few times per second."""
        self._publishers = self._node.count_publishers(self._node.resolve_topic_name(self._topic))
        age_s = self.age_s()
        self.figure.fade(age_s is not None and age_s > STALE_S)

    def age_s(self) -> float | None:
        """Return the time since the last pose, None before the first [s]."""
        return None if self._received_s is None else time.monotonic() - self._received_s

    def reception(self) -> BodyReception:
        """Return how poses arrive."""
        return BodyReception(
            topic=self._topic,
            rate_hz=self._rate.rate_hz(),
            age_s=self.age_s(),
            latency_p50_ms=self._latency.percentile_ms(50),
            latency_p99_ms=self._latency.percentile_ms(99),
            publishers=self._publishers,
            problem=self._problem,
        )

    def _on_truth(self, message: JointState) -> None:
        self._truth = message

    def _on_description(self, message: String) -> None:
        try:
            offsets_m = offsets_from_urdf(message.data)
        except MotionAvatarError as error:
            self._problem = str(error)
            return
        if abs(offsets_m - self._offsets_m).max() > 1e-6:
            self._offsets_m = offsets_m
            self.figure = SkinnedFigure(self._view, 'body', self._mesh, offsets_m)

    def _draw_truth(self) -> None:
        truth, self._truth = self._truth, None
        if self._truth_figure is None:
            return
        if not self._shows_truth.value:
            self._truth_figure.hide()
        elif truth is not None:
            pose = self._decoded(truth)
            if pose is not None:
                self._truth_figure.show(pose)

    def _decoded(self, message: JointState) -> BodyPose | None:
        try:
            pose = pose_from_message(message)
        except MotionAvatarError as error:
            self._problem = str(error)
            return None
        self._problem = None
        return pose
