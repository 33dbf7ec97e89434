# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate`: lead an operator through the calibration of a running avatar_node."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.calibration_report import (
    OFFSET_COLUMNS, CalibrationReport, offset_rows,
)
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS, Calibration
from motion_avatar_ros.trackers.calibration_file import rpy_deg

if TYPE_CHECKING:
    from motion_avatar_ros.ros.calibration_client import CalibrationClient

HELP = 'calibrate the operator of a running avatar_node, with prompts, in about 15 s'

_SERVICE_WITHIN_S = 5.0
_GONE_AFTER_S = 5.0  # without a report, of which there are five a second
_REPORT_WITHIN_S = 1.0  # after the answer, which comes on another way
_PERIOD_S = 0.1
_BAR_WIDTH = 24
_CLEAR_LINE = '\r\x1b[K'


class CalibrateError(MotionAvatarError):
    """A calibration that cannot be asked for."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--node', default='avatar_node', metavar='NAME',
        help='the node to ask, with its namespace (default: avatar_node); its parameter '
             'operator is the name that is saved under')
    parser.add_argument(
        '--timeout', type=positive_number, default=180.0, metavar='S',
        help='give up waiting after so many seconds (default: 180)')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Calibrate; 0 when it is in force, 1 when it was refused or nothing was answered."""
    import rclpy
    from rclpy.exceptions import InvalidServiceNameException
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from motion_avatar_ros.ros.calibration_client import CalibrationClient

    prompts = Prompts(sys.stderr if arguments.json else sys.stdout)
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node('calibrate')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        client = CalibrationClient(node, arguments.node, prompts.show)
        is_good, message = _calibrate(
            client, lambda: executor.spin_once(timeout_sec=_PERIOD_S), arguments)
    except InvalidServiceNameException as error:
        raise CalibrateError(' '.join(str(error).split())) from None
    finally:
        prompts.end()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    calibration = client.report.calibration if is_good and client.report else None
    prompts.conclude(is_good, message, calibration)
    if arguments.json:
        sys.stdout.write(json.dumps(_json_values(is_good, message, calibration)) + '\n')
        sys.stdout.flush()
    return 0 if is_good else 1


def _calibrate(
    client: CalibrationClient, spin: Callable[[], None], arguments: Namespace
) -> tuple[bool, str]:
    """Return success and message of the answer, or of its absence."""
    end_s = time.monotonic() + _SERVICE_WITHIN_S
    while not client.is_available:
        if time.monotonic() > end_s:
            raise CalibrateError(
                f'there is no service {client.service} after {_SERVICE_WITHIN_S:g} s; is '
                f'{arguments.node} running, in this ROS_DOMAIN_ID? (--node is its name)')
        spin()
    answers: list[tuple[bool, str]] = []
    client.ask(lambda is_good, message: answers.append((is_good, message)))
    start_s = time.monotonic()
    while not answers:
        spin()
        now_s = time.monotonic()
        if now_s - max(start_s, client.reported_s) > _GONE_AFTER_S:
            return False, f'{arguments.node} is gone: nothing for {_GONE_AFTER_S:g} s'
        if now_s - start_s > arguments.timeout:
            return False, f'no answer within {arguments.timeout:g} s'
    end_s = time.monotonic() + _REPORT_WITHIN_S
    while answers[0][0] and time.monotonic() < end_s and (
            client.report is None or client.report.is_running):
        spin()
    return answers[0]


class Prompts:
    """What the operator reads: each prompt on a line, below it a bar where that can move."""

    def __init__(self, stream: Any) -> None:
        """Write to a stream; bars only to a terminal."""
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._prompt = ''
        self._has_bar = False

    def show(self, report: CalibrationReport) -> None:
        """Show what goes on."""
        if not report.is_running:
            return
        if report.message != self._prompt:
            self._prompt = report.message
            self._write(
                f'{report.step_number}/{len(CALIBRATION_STEPS)}  {report.message}\n')
        if self._is_terminal:
            filled = round(_BAR_WIDTH * report.progress)
            self._stream.write(
                f"{_CLEAR_LINE}     {'█' * filled}{'░' * (_BAR_WIDTH - filled)}  {report.hint}")
            self._stream.flush()
            self._has_bar = True

    def end(self) -> None:
        """Take the bar away."""
        self._write('')

    def conclude(self, is_good: bool, message: str, calibration: Calibration | None) -> None:
        """Write verdict and table."""
        self._write(f"{'calibrated' if is_good else 'refused'}: {message}\n")
        if calibration is not None:
            self._write(_table(calibration))

    def _write(self, text: str) -> None:
        if self._has_bar:
            self._stream.write(_CLEAR_LINE)
            self._has_bar = False
        self._stream.write(text)
        self._stream.flush()


def _table(calibration: Calibration) -> str:
    rows = [OFFSET_COLUMNS, *offset_rows(calibration)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ''.join(
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + '\n'
        for row in rows)


def _json_values(
    is_good: bool, message: str, calibration: Calibration | None
) -> dict[str, Any]:
    values: dict[str, Any] = {'success': is_good, 'message': message, 'calibration': None}
    if calibration is not None:
        own = asdict(calibration)
        fits = own.pop('fits')
        own['offsets'] = {
            name: {**own['offsets'][name], 'rpy_deg': rpy_deg(offset), **fits.get(name, {})}
            for name, offset in calibration.offsets.items()}
        values['calibration'] = own
    return values
