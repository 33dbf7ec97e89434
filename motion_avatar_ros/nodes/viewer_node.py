# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A web page, on this machine by default: the cockpit for who has no RViz.

It shows the body, trackers, a robot and what it is asked for, states and latency over time; its
buttons calibrate, engage, stop and record, and choose model and robot.

Callbacks keep the newest message only; one timer draws, and only while somebody looks. A body
topic with two publishers is held, not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math
import sys
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from motion_avatar_ros.estimation.shipped_models import (
    shipped_estimators, shipped_generators,
)
from motion_avatar_ros.nodes.body_view import BodyView
from motion_avatar_ros.nodes.calibration_control import CalibrationControl
from motion_avatar_ros.nodes.node_chooser import NodeChooser
from motion_avatar_ros.nodes.node_statuses import NodeStatuses, ToldStatus
from motion_avatar_ros.nodes.prompt_control import PromptControl
from motion_avatar_ros.nodes.record_control import RecordControl
from motion_avatar_ros.nodes.robot_control import RobotControl
from motion_avatar_ros.nodes.robot_view import RobotView
from motion_avatar_ros.nodes.tracker_view import TrackerView
from motion_avatar_ros.nodes.viewer_parameters import VIEWER_PARAMETERS, page_settings
from motion_avatar_ros.retarget.urdf import EXAMPLE_ROBOTS
from motion_avatar_ros.ros.diagnostics import OK, WARN, DiagnosticsPublisher
from motion_avatar_ros.ros.lifecycle import run
from motion_avatar_ros.ros.parameters import declare_parameters
from motion_avatar_ros.ros.web_calibration import WebCalibration
from motion_avatar_ros.ros.web_chooser import WebChooser
from motion_avatar_ros.ros.web_plot import LatencyPlot
from motion_avatar_ros.ros.web_prompt import WebPrompt
from motion_avatar_ros.ros.web_recording import WebRecording
from motion_avatar_ros.ros.web_report import PROMPT_KEY, STALE_S, remarks, report_markdown
from motion_avatar_ros.ros.web_robot_control import WebRobotControl
from motion_avatar_ros.ros.web_timeline import StateTimeline
from motion_avatar_ros.ros.web_view import WebView

_REPORT_PERIOD_S = 0.25     # what is old is seen to be within a second
_BUTTONS_PERIOD_S = 0.1


class ViewerNode(Node):
    """Wires the parts of the page to the executor's thread."""

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
        self._view = WebView(page_settings(values))
        self._closers.append(self._view.close)
        self._names = {key: self.resolve_topic_name(values[f'{key}_node'])
                       for key in ('avatar', 'robot', 'webxr')}
        self._statuses = NodeStatuses(self, tuple(self._names.values()))
        self._is_generator = False  # the node that is watched: motion of words, not of trackers
        self._fill_page(values)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, work in ((1.0 / values['rate_hz'], self._draw),
                               (_REPORT_PERIOD_S, self._report),
                               (_BUTTONS_PERIOD_S, self._serve_buttons)):
            self.create_timer(period_s, work, clock=steady)
        DiagnosticsPublisher(self, self.get_name()).add(self._diagnose)
        self.get_logger().info(f'page: {self._view.invitation}')

    def _fill_page(self, values: dict[str, Any]) -> None:
        """Put the parts on the page, in their order on the panel."""
        view = self._view
        self._control = RobotControl(self, values['robot_node'], WebRobotControl(view))
        self._calibration = CalibrationControl(
            self, values['avatar_node'], WebCalibration(view))
        self._prompt = PromptControl(self, values['prompt_topic'], WebPrompt(view))
        self._record = RecordControl(self, WebRecording(view), values)
        self._closers.append(self._record.end)
        self._estimators, self._generators = shipped_estimators(), shipped_generators()
        with view.folder('what runs'):
            self._model = NodeChooser(
                self, values['avatar_node'], 'model',
                WebChooser(view, 'model', self._estimators))
            self._robot_name = NodeChooser(
                self, values['robot_node'], 'robot',
                WebChooser(view, 'robot', tuple(EXAMPLE_ROBOTS)), self._why_no_other_robot)
        with view.folder('what is shown'):
            view.add_follow_choice()
            self._body = BodyView(self, view, values)
            self._robot = RobotView(self, view, values)
        self._trackers = TrackerView(self, view, values)
        self._closers.append(self._trackers.close)
        with view.folder('the last minute', is_open=True):
            self._timeline = StateTimeline(view)
            self._plot = LatencyPlot(view)

    @property
    def page(self) -> str:
        """Address of the page."""
        return self._view.page

    def close(self) -> None:
        """Stop serving and destroy the node."""
        for close in reversed(self._closers):
            close()
        self.destroy_node()

    def _draw(self) -> None:
        if not self._view.server.get_clients():
            return
        with self._view.server.atomic():
            drawn = self._body.draw()
            if drawn is not None:
                time_ns, pose = drawn
                forward = pose.local_rotations[0, :, 2]
                heading_rad = self._view.follow_person(
                    pose.root_position, math.atan2(forward[1], forward[0]), time.monotonic())
                self._robot.draw(pose.root_position, heading_rad)
                self._trackers.draw(time_ns)
                return
            age_s = self._body.age_s()
            if age_s is None or age_s > STALE_S:
                self._trackers.draw(None)

    def _report(self) -> None:
        self._body.watch()
        self._robot.watch()
        body, avatar, robot = self._body.reception(), self._avatar, self._follower
        webxr = self._statuses.of(self._names['webxr'])
        self._view.show_report(report_markdown(
            body, avatar.values if avatar.is_fresh else None, avatar.doubt,
            webxr.values.get('page') if webxr.is_fresh else None))
        now_s = time.monotonic()
        self._plot.add(now_s, body.latency_p50_ms, body.latency_p99_ms)
        is_old = body.age_s is not None and body.age_s > STALE_S
        self._timeline.add(now_s, {
            'avatar': avatar.values.get('state') if avatar.is_fresh and not is_old else None,
            'robot': robot.values.get('engage_state') if (
                robot.is_fresh and self._robot_silence_s() is None) else None})

    def _serve_buttons(self) -> None:
        told = self._avatar.values if self._avatar.is_fresh else {}
        if 'model' in told:     # not while the node is unconfigured, which a choice makes it
            self._is_generator = PROMPT_KEY in told
            self._model.offer(
                (self._generators if self._is_generator else self._estimators) or [told['model']])
        self._calibration.update(is_offered=not self._is_generator)
        self._control.update(self._follower, self._robot_silence_s())
        self._prompt.update()
        self._record.update()
        self._model.update(told.get('model_parameter') or told.get('model'))
        robot = self._follower.values.get('robot_parameter') if self._follower.is_fresh else None
        self._robot_name.update(robot or None)

    @property
    def _avatar(self) -> ToldStatus:
        return self._statuses.of(self._names['avatar'])

    @property
    def _follower(self) -> ToldStatus:
        return self._statuses.of(self._names['robot'])

    def _robot_silence_s(self) -> float | None:
        """Return for how long the robot's joint states have stopped, None while they come."""
        age_s = self._robot.age_s()
        return age_s if age_s is not None and age_s > STALE_S else None

    def _why_no_other_robot(self) -> str:
        state = self._follower.values.get('engage_state')
        return '' if state in (None, 'none', 'disengaged') else (
            f'the robot is {state}; disengage it first')

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        body = self._body.reception()
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
