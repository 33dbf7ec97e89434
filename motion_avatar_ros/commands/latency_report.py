# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`latency-report`: which stage between trackers and robot made a recorded session late."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
import json
from pathlib import Path
import sys
from typing import Any

from motion_avatar_ros.ros.bag_arrivals import read_arrivals
from motion_avatar_ros.ros.lag_report import LagReport, lag_report
from motion_avatar_ros.ros.latency_stages import why_waiting

HELP = 'tell from a bag of `record` which stage is late: trackers, avatar, robot, command'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        'bag', type=Path, metavar='BAG', help='its folder, or its .mcap or .db3 file')
    parser.add_argument(
        '--namespace', default='', metavar='NS', help='of all topics, of /tf too')
    parser.add_argument(
        '--avatar-node', default='avatar_node', metavar='NAME',
        help='whose body (default: avatar_node)')
    parser.add_argument(
        '--robot-node', default='retarget_node', metavar='NAME',
        help='whose robot (default: retarget_node)')
    parser.add_argument(
        '--pose-topic', action='append', default=[], metavar='TOPIC',
        help='a PoseStamped topic of another name than <tracker>_tracker/pose; can be repeated')
    parser.add_argument(
        '--command-topic', action='append', default=[], metavar='TOPIC',
        help="of the robot, beside retarget_node's own; can be repeated")
    parser.add_argument(
        '--stamp-shift-ms', type=float, default=0.0, metavar='MS',
        help="by how much bodies are stamped later than trackers: avatar_node's predict_ahead_s "
             "minus its profile's latency_s (default: 0)")
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Read, and print."""
    report = lag_report(
        read_arrivals(
            arguments.bag, arguments.namespace, arguments.avatar_node, arguments.robot_node,
            arguments.pose_topic, arguments.command_topic),
        arguments.stamp_shift_ms)
    for line in _lines(report, arguments.avatar_node, arguments.robot_node):
        sys.stdout.write(line + '\n')
    if arguments.json:
        sys.stdout.write(json.dumps(_values(report)) + '\n')
    return 0


def _lines(report: LagReport, avatar_node: str, robot_node: str) -> list[str]:
    width = max((*map(len, report.stages), 5)) + 2
    lines = [f'{"stage":{width}}{"p50 ms":>9}{"p99 ms":>9}{"max ms":>9}{"count":>8}'
             f'{"nodes say p50":>15}']
    for name, each in report.stages.items():
        parts_ms = report.told_parts(name, avatar_node, robot_node)
        told = f'{sum(parts_ms.values()):.1f}' if parts_ms else '-'
        lines.append(
            f'{name:{width}}{each.p50_ms:9.1f}{each.p99_ms:9.1f}{each.max_ms:9.1f}'
            f'{each.count:8d}{told:>15}')
    for node, stages in report.told.items():
        lines.append(f'{node} says (p50 / p99 ms): ' + ', '.join(
            f'{stage} {p50_ms:.1f} / {p99_ms:.1f}' for stage, (p50_ms, p99_ms) in stages.items()))
    lines += [
        f'longest gaps of {name}: ' + ', '.join(
            f'{gap.gap_ms:.0f} ms at {gap.at_s:.2f} s' for gap in gaps)
        for name, gaps in report.gaps.items()]
    lines += [f'note: {note}' for note in report.notes]
    if report.largest is not None:
        line = (f'most of the lag is {report.largest}: '
                f'{report.stages[report.largest].p50_ms:.1f} ms (p50)')
        parts_ms = report.told_parts(report.largest, avatar_node, robot_node)
        if len(parts_ms) > 1:
            most = max(parts_ms, key=lambda part: parts_ms[part])
            line += f', by the node most of that is {most}: {parts_ms[most]:.1f} ms'
            if most == 'wait':
                line += f', while {why_waiting(parts_ms)}'
        lines.append(line)
    return lines


def _values(report: LagReport) -> dict[str, Any]:
    return {
        'stages': {name: asdict(each) for name, each in report.stages.items()},
        'largest_stage': report.largest,
        'told': {node: {stage: {'p50_ms': p50_ms, 'p99_ms': p99_ms}
                        for stage, (p50_ms, p99_ms) in stages.items()}
                 for node, stages in report.told.items()},
        'longest_gaps': {name: [gap._asdict() for gap in gaps]
                         for name, gaps in report.gaps.items()},
        'notes': list(report.notes),
    }
