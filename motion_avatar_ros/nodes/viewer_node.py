# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A web page, on this machine by default: the body, the trackers, a robot, rates and latency.

It can also ask for a calibration, and shows its prompts; it stops a robot, and engages it where
the page is served to this machine only.

Callbacks keep the newest message only; one timer draws, and only while somebody looks. A body
topic with two publishers is held, not shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
import math
import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motion_avatar_ros.body.avatar_urdf import offsets_from_urdf
from motion_avatar_ros.body.mesh import MESH_FILES, load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.robot_control import RobotControl
from motion_avatar_ros.nodes.robot_view import ROBOT_VIEW_PARAMETERS, RobotView
from motion_avatar_ros.nodes.tracker_sources import (
    TRACKER_PARAMETERS, TrackerSources, tracker_sources,
)
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns
from motion_avatar_ros.ros.calibration_client import CalibrationClient
from motion_avatar_ros.ros.diagnostics import (
    OK, WARN, DiagnosticsPublisher, LatencyMeter, RateMeter,
)
from motion_avatar_ros.ros.lifecycle import run
from motion_avatar_ros.ros.parameters import Parameter, declare_parameters
from motion_avatar_ros.ros.qos import DIAGNOSTICS, JOINT_STATES, LATCHED
from motion_avatar_ros.ros.tracker_input import TrackerInputError, tracker_input
from motion_avatar_ros.ros.web_calibration import WebCalibration
from motion_avatar_ros.ros.web_figures import TRUTH_COLOUR, SkinnedFigure, TrackerFigure
from motion_avatar_ros.ros.web_plot import LatencyPlot
from motion_avatar_ros.ros.web_report import BodyReception, remarks, report_markdown
from motion_avatar_ros.ros.web_robot_control import WebRobotControl
from motion_avatar_ros.ros.web_view import FOLLOW_CHOICES, WebView, WebViewSettings
from motion_avatar_ros.trackers.sample import Quaternion, Vector

VIEWER_PARAMETERS = (
    Parameter('host', '127.0.0.1',
              'address to serve at; 0.0.0.0 shows the page to other machines'),
    Parameter('port', 8080, 'TCP port of the page; 0 takes the first free one from 8080 on',
              0, 65535),
    Parameter('rate_hz', 30.0, 'frames drawn per second', 1.0, 60.0),
    Parameter('follow', 'position',
              'what of the person the view follows; heading also keeps them seen from the front',
              choices=FOLLOW_CHOICES),
    Parameter('mesh', 'coarse', 'resolution of the body', choices=tuple(MESH_FILES)),
    Parameter('body_topic', 'avatar_node/joint_states', 'body JointState to show'),
    Parameter('description_topic', 'avatar_node/robot_description',
              'URDF of the avatar, for its bone lengths'),
    Parameter('truth_topic', '',
              'body JointState shown as a ghost by a tick box of the page; empty for none'),
    Parameter('avatar_node', 'avatar_node',
              'node whose status the panel shows and whose operator it calibrates'),
    Parameter('robot_node', 'retarget_node',
              'node whose robot the page engages, from this machine only, and stops'),
    Parameter('webxr_node', 'webxr_tracker_node',
              "node whose page for headsets is linked as 'use this headset' while it runs"),
    Parameter('body_id', 'avatar', 'prefix of the links of the avatar: <body_id>/pelvis ...'),
    *ROBOT_VIEW_PARAMETERS,
    *TRACKER_PARAMETERS,
)

#: Stamp [ns], position and orientation.
TrackerSample = tuple[int, Vector, Quaternion]

_REPORT_PERIOD_S = 0.5
_CALIBRATION_PERIOD_S = 0.1
_THIS_MACHINE = ('127.0.0.1', 'localhost', '::1')
_SAMPLES_KEPT = 128  # of each tracker: a second at common rates
_SILENCE_S = 0.5  # without poses for so long, trackers move by themselves


class ViewerNode(Node):
    """Wires body, trackers and diagnostics to one web page."""

    def __init__(self, **node_arguments: Any) -> None:
        """
        Serve the page.

        Raises:
            MotionAvatarError: a parameter is bad, or the port is taken.
        """
        super().__init__('viewer_node', **node_arguments)
        self._closers: list[Callable[[], None]] = []
        try:
            self._configure(declare_parameters(self, VIEWER_PARAMETERS))
        except BaseException:
            self.close()
            raise

    def _configure(self, values: dict[str, Any]) -> None:
        self._values = values
        self._avatar_name = self.resolve_topic_name(values['avatar_node'])
        self._webxr_name = self.resolve_topic_name(values['webxr_node'])
        sources = tracker_sources(values)
        self._profile = sources.profile
        self._view = WebView(WebViewSettings(
            host=values['host'], port=values['port'], follow=values['follow']))
        self._closers.append(self._view.close)
        self._mesh = load_builtin_mesh(values['mesh'])
        self._offsets_m = REST_OFFSETS_M
        self._body_figure = SkinnedFigure(self._view, 'body', self._mesh)
        self._trackers = {name: TrackerFigure(self._view, name) for name in sources.names}
        self._body: JointState | None = None
        self._truth: JointState | None = None
        self._samples: dict[str, deque[TrackerSample]] = {
            name: deque(maxlen=_SAMPLES_KEPT) for name in sources.names}
        self._avatar: dict[str, str] | None = None
        self._avatar_doubt: str | None = None
        self._headset_page: str | None = None
        self._rate, self._latency = RateMeter(), LatencyMeter()
        self._received_s: float | None = None
        self._body_publishers = 0
        self._problem: str | None = None
        self._subscribe()
        self._robot = RobotView(self, self._view, values)
        self._start_input(sources)
        self._web_calibration = WebCalibration(self._view)
        self._calibration = CalibrationClient(self, values['avatar_node'])
        self._control = RobotControl(self, values['robot_node'], WebRobotControl(
            self._view, may_engage=values['host'] in _THIS_MACHINE))
        self._plot = LatencyPlot(self._view)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / values['rate_hz'], self._draw, clock=steady)
        self.create_timer(_REPORT_PERIOD_S, self._report, clock=steady)
        self.create_timer(_CALIBRATION_PERIOD_S, self._show_calibration, clock=steady)
        DiagnosticsPublisher(self, self.get_name()).add(self._diagnose)
        self.get_logger().info(f'page: {self._view.page}')

    @property
    def page(self) -> str:
        """Address of the page."""
        return self._view.page

    def close(self) -> None:
        """Stop serving and destroy the node."""
        for close in reversed(self._closers):
            close()
        self.destroy_node()

    def _subscribe(self) -> None:
        values = self._values
        self.create_subscription(
            JointState, values['body_topic'], self._on_body, JOINT_STATES)
        self.create_subscription(
            String, values['description_topic'], self._on_description, LATCHED)
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, DIAGNOSTICS)
        self._truth_figure = None
        if values['truth_topic']:
            self._truth_figure = SkinnedFigure(
                self._view, 'truth', self._mesh, colour=TRUTH_COLOUR, opacity=0.45)
            self._shows_truth = self._view.server.gui.add_checkbox('ground truth', False)
            self.create_subscription(
                JointState, values['truth_topic'], self._on_truth, JOINT_STATES)

    def _start_input(self, sources: TrackerSources) -> None:
        try:
            trackers = tracker_input(sources.kind)
            trackers.start(self, sources.names, sources.fixed_frame, self._on_sample)
            self._closers.append(trackers.stop)
        except TrackerInputError as error:  # the body is worth seeing without them
            self.get_logger().warning(f'no trackers on the page: {error}')

    def _on_body(self, message: JointState) -> None:
        now_ns = self.get_clock().now().nanoseconds
        self._body = message
        self._received_s = time.monotonic()
        self._rate.tick(self._received_s)
        self._latency.add((now_ns - stamp_ns(message.header.stamp)) * 1e-9)

    def _on_truth(self, message: JointState) -> None:
        self._truth = message

    def _on_sample(
        self, tracker: str, stamp: int, position_m: Vector, quaternion_xyzw: Quaternion
    ) -> None:
        # NaN and zero quaternions are the avatar's to refuse; none may reach the page.
        if all(map(math.isfinite, (*position_m, *quaternion_xyzw))):
            self._samples[tracker].append(
                self._profile.convert(tracker, stamp, position_m, quaternion_xyzw))

    def _on_description(self, message: String) -> None:
        try:
            offsets_m = offsets_from_urdf(message.data)
        except MotionAvatarError as error:
            self._problem = str(error)
            return
        if abs(offsets_m - self._offsets_m).max() > 1e-6:
            self._offsets_m = offsets_m
            self._body_figure = SkinnedFigure(self._view, 'body', self._mesh, offsets_m)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.hardware_id == self._avatar_name:
                self._avatar = {pair.key: pair.value for pair in status.values}
                self._avatar_doubt = None if status.level == bytes([OK]) else status.message
            elif status.hardware_id == self._webxr_name:
                self._headset_page = next(
                    (pair.value for pair in status.values if pair.key == 'page'), None)
            elif status.hardware_id == self._control.name:
                self._control.take_status({pair.key: pair.value for pair in status.values})

    def _draw(self) -> None:
        if not self._view.server.get_clients():
            return
        body, self._body = self._body, None
        is_held = self._body_publishers > 1
        with self._view.server.atomic():
            pose = None if body is None or is_held else self._decoded(body)
            if body is not None and pose is not None:
                self._body_figure.show(pose)
                forward = pose.local_rotations[0, :, 2]
                heading_rad = self._view.follow_person(
                    pose.root_position, math.atan2(forward[1], forward[0]), time.monotonic())
                self._robot.draw(pose.root_position, heading_rad)
                self._draw_trackers(stamp_ns(body.header.stamp))
            elif self._received_s is None or time.monotonic() - self._received_s > _SILENCE_S:
                self._draw_trackers(None)
            self._draw_truth()

    def _draw_trackers(self, at_ns: int | None) -> None:
        """Draw them as of the body's stamp, else they would run ahead by its latency."""
        for tracker, samples in self._samples.items():
            past = [sample for sample in samples if at_ns is None or sample[0] <= at_ns]
            if past:
                _, position_m, quaternion_xyzw = past[-1]
                self._trackers[tracker].show(np.array(position_m), np.array(quaternion_xyzw))

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

    def _report(self) -> None:
        topic = self.resolve_topic_name(self._values['body_topic'])
        self._body_publishers = self.count_publishers(topic)
        body = self._reception()
        self._view.show_report(report_markdown(
            body, self._avatar, self._avatar_doubt, self._headset_page))
        self._plot.add(time.monotonic(), body.latency_p50_ms, body.latency_p99_ms)

    def _show_calibration(self) -> None:
        page, avatar = self._web_calibration, self._calibration
        now_s = time.monotonic()
        if page.take_request():
            if avatar.is_available:
                avatar.ask(self._on_answer)
            else:
                page.show_answer(
                    False, f'there is no service {avatar.service}; is {self._avatar_name} '
                    'running and active?', now_s)
        page.show(avatar.report, now_s)
        self._control.update()

    def _on_answer(self, is_good: bool, message: str) -> None:
        self._web_calibration.show_answer(is_good, message, time.monotonic())

    def _reception(self) -> BodyReception:
        now_s = time.monotonic()
        return BodyReception(
            topic=self._values['body_topic'],
            rate_hz=self._rate.rate_hz(now_s),
            age_s=None if self._received_s is None else now_s - self._received_s,
            latency_p50_ms=self._latency.percentile_ms(50),
            latency_p99_ms=self._latency.percentile_ms(99),
            publishers=self._body_publishers,
            problem=self._problem,
        )

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        body = self._reception()
        problem = remarks(body)
        return WARN if problem else OK, '; '.join(problem) or 'showing the body', {
            'page': self.page,
            'visitors': len(self._view.server.get_clients()),
            'input_rate_hz': body.rate_hz,
            'body_age_s': body.age_s,
            'latency_p50_ms': body.latency_p50_ms,
            'latency_p99_ms': body.latency_p99_ms,
            'body_publishers': body.publishers,
        }


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(ViewerNode, args)


if __name__ == '__main__':
    sys.exit(main())
