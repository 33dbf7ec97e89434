# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The service ~/calibrate, answered when the calibration has ended, and the topic ~/calibration.

All in the executor's thread: a timer looks at the session, which takes its frames elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.calibration_report import IDLE, CalibrationReport, size_line
from motion_avatar_ros.ros.calibration_session import (
    DONE, REFUSED, CalibrationSession, SessionStatus,
)
from motion_avatar_ros.ros.deferred_service import Answer, DeferredService
from motion_avatar_ros.ros.diagnostics import OK, WARN
from motion_avatar_ros.ros.qos import LATCHED
from motion_avatar_ros.trackers.calibration import Calibration
from motion_avatar_ros.trackers.calibration_file import save_calibration
from motion_avatar_ros.trackers.timeline import AlignedFrames

_PERIOD_S = 0.2

#: Lets a function see all frames of the devices from now on, or none any more.
WatchFrames = Callable[[Callable[[AlignedFrames], None] | None], None]


class CalibrationService:
    """One node's; a running calibration belongs to whoever called first."""

    def __init__(
        self,
        node: Node,
        make_session: Callable[[], CalibrationSession],
        watch_frames: WatchFrames,
        on_calibration: Callable[[Calibration], None],
        operator: str,
        folder: Path,
        in_force: Calibration = Calibration(),
    ) -> None:
        """
        Offer the service and publish the calibration in force.

        Args:
            node: its node.
            make_session: begins a calibration; a MotionAvatarError refuses the call.
            watch_frames: where the frames come from.
            on_calibration: puts a new calibration in force; a MotionAvatarError refuses it.
            operator: name to save under; a calibration of nobody is used and not saved.
            folder: of the operators.
            in_force: the calibration that is used so far.
        """
        self._node = node
        self._make_session = make_session
        self._watch_frames = watch_frames
        self._on_calibration = on_calibration
        self._operator = operator
        self._folder = folder
        self._in_force = in_force
        self._session: CalibrationSession | None = None
        self._answer: Answer | None = None
        self._logged = ''
        self._publisher = node.create_publisher(DiagnosticStatus, '~/calibration', LATCHED)
        self._timer = node.create_timer(
            _PERIOD_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._timer.cancel()
        self._service = DeferredService(node, Trigger, '~/calibrate', self._on_call)
        self._publish(CalibrationReport(IDLE, in_force.verdict, in_force))

    @property
    def in_force(self) -> Calibration:
        """The calibration that is used."""
        return self._in_force

    def end(self, reason: str) -> None:
        """End a running calibration, such as when the node is deactivated."""
        if self._session is not None:
            self._session.cancel(reason)
            self._look()

    def destroy(self) -> None:
        """End a running calibration and withdraw service and topic."""
        self.end('the node was cleaned up')
        self._service.destroy()
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def _on_call(self, request: Trigger.Request, answer: Answer) -> None:
        if self._session is not None:
            answer(_response(
                False, f'a calibration is running: {self._session.status().message}'))
            return
        try:
            session = self._make_session()
        except MotionAvatarError as error:
            answer(_response(False, str(error)))
            return
        self._session, self._answer, self._logged = session, answer, ''
        self._watch_frames(session.on_frames)
        self._timer.reset()
        self._look()

    def _look(self) -> None:
        session = self._session
        if session is None:
            return
        status = session.status()
        if not status.has_ended:
            if status.message != self._logged:
                self._logged = status.message
                self._node.get_logger().info(f'calibration: {status.message}')
            self._publish(self._report(status, status.message))
            return
        self._timer.cancel()
        self._session = None
        self._watch_frames(None)
        is_good, message = self._conclude(status)
        if self._answer is not None:
            self._answer(_response(is_good, message))
            self._answer = None

    def _conclude(self, status: SessionStatus) -> tuple[bool, str]:
        """Put a result in force, save it, tell everybody; return success and message."""
        logger = self._node.get_logger()
        message = status.message
        if status.calibration is not None:
            calibration = replace(status.calibration, operator=self._operator)
            try:
                self._on_calibration(calibration)
            except MotionAvatarError as error:
                status, message = replace(status, state=REFUSED), str(error)
            else:
                self._in_force = calibration
                message = '; '.join((message, size_line(calibration), self._save(calibration)))
        self._publish(self._report(status, message))
        if status.state == DONE:
            logger.info(f'calibration: {message}')
        else:
            logger.warning(f'calibration refused: {message}')
        if status.trace:
            logger.error(status.trace)
        return status.state == DONE, message

    def _save(self, calibration: Calibration) -> str:
        """Save, and say in words what came of it."""
        if not calibration.operator:
            return "not saved: the parameter 'operator' names nobody"
        try:
            return f"saved as '{save_calibration(self._folder, calibration)}'"
        except MotionAvatarError as error:
            self._node.get_logger().error(str(error))
            return f'not saved: {error}'

    def _report(self, status: SessionStatus, message: str) -> CalibrationReport:
        return CalibrationReport(
            status.state, message, self._in_force, status.step, status.progress, status.hint)

    def _publish(self, report: CalibrationReport) -> None:
        node = self._node
        if node.context.ok():
            self._publisher.publish(DiagnosticStatus(
                level=bytes([WARN if report.state == REFUSED else OK]),
                name=f'{node.get_name()}: calibration', message=report.message,
                hardware_id=node.get_fully_qualified_name(),
                values=[KeyValue(key=key, value=value)
                        for key, value in report.values().items()]))


def _response(is_good: bool, message: str) -> Any:
    return Trigger.Response(success=is_good, message=message)
