# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`check-robot`: what is found in a URDF, and what a user should look at."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import json
import math
from pathlib import Path
import sys
from typing import Any

from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.retarget.body_plan import BodyPlan, find_body_plan
from motion_avatar_ros.retarget.mapping_file import mapping_text, read_mapping
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.robot_drawing import draw_side_by_side
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.urdf import EXAMPLE_ROBOTS

HELP = 'tell which joints of a URDF are hips, knees, elbows ..., which way it faces, and doubts'
_LEAST_RANGE_DEG = 45.0


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        'robot', help=f'URDF file, or an example: {", ".join(EXAMPLE_ROBOTS)}')
    parser.add_argument(
        '--mapping', type=Path, metavar='FILE', help='check this mapping instead of finding one')
    parser.add_argument(
        '--write', type=Path, metavar='FILE', help='write the mapping, to be corrected: .yaml')
    parser.add_argument(
        '--picture', type=Path, metavar='FILE',
        help='draw a person and the robot in the same pose: .png')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Find, and print."""
    if arguments.write is not None:
        require_new_file(arguments.write, '.yaml')
    if arguments.picture is not None:
        require_new_file(arguments.picture, '.png')
    robot = RobotModel.load(arguments.robot)
    plan = (find_body_plan(robot.joints) if arguments.mapping is None
            else read_mapping(arguments.mapping, robot))
    found = _found(robot, plan)
    sys.stdout.write(_report(robot, plan, found))
    if arguments.write is not None:
        arguments.write.write_text(mapping_text(robot, plan), encoding='utf-8')
        sys.stdout.write(f'  written: {arguments.write}\n')
    if arguments.picture is not None:
        draw_side_by_side(Retargeter(robot, plan=plan)).save(arguments.picture)
        sys.stdout.write(f'  drawn: {arguments.picture}\n')
    if arguments.json:
        sys.stdout.write(json.dumps(found) + '\n')
    return 0


def _found(robot: RobotModel, plan: BodyPlan) -> dict[str, Any]:
    def names(numbers: tuple[int, ...]) -> list[str]:
        return [robot.joints[number].name for number in numbers]

    return {
        'robot': robot.name,
        'forward': plan.axes[:, 0].round(4).tolist(),
        'left': plan.axes[:, 1].round(4).tolist(),
        'up': plan.axes[:, 2].round(4).tolist(),
        'trunk': names(plan.trunk),
        'head': names(plan.head),
        **{limb: {
            'joints': names(found.joints),
            **dict(zip(_middle_and_end(limb), names((found.middle, found.end)), strict=True)),
            'upper_m': round(found.lengths_m[0], 4), 'lower_m': round(found.lengths_m[1], 4),
            'reach_m': round(sum(found.lengths_m), 4),
        } for limb, found in plan.limbs.items()},
        'limits': {joint.name: {
            'lower_rad': round(joint.lower, 4), 'upper_rad': round(joint.upper, 4),
            'velocity_rad_s': round(joint.velocity, 4)} for joint in robot.joints},
        'doubts': [*plan.doubts, *_tight(robot, plan)],
        'notes': list(robot.notes),
    }


def _middle_and_end(limb: str) -> tuple[str, str]:
    return ('elbow', 'wrist') if limb.endswith('arm') else ('knee', 'ankle')


def _tight(robot: RobotModel, plan: BodyPlan) -> list[str]:
    """Return elbows and knees that can hardly bend."""
    lines = []
    for limb, found in plan.limbs.items():
        joint = robot.joints[found.middle]
        range_deg = math.degrees(joint.upper - joint.lower)
        if range_deg < _LEAST_RANGE_DEG:
            lines.append(f"'{joint.name}' bends the {limb} by {range_deg:.0f} degrees only")
    return lines


def _report(robot: RobotModel, plan: BodyPlan, found: dict[str, Any]) -> str:
    lines = [f'{robot.name}: {len(robot.joints)} joints that turn']
    for direction in ('forward', 'left', 'up'):
        x, y, z = found[direction]
        lines.append(f'  {direction:8} {x:6.2f} {y:6.2f} {z:6.2f}  in the axes of the base link')
    lines.append(f'  trunk    {", ".join(found["trunk"]) or "none"}')
    lines.append(f'  head     {", ".join(found["head"]) or "none"}')
    for limb, one in plan.limbs.items():
        lower, upper = robot.joints[one.middle].lower, robot.joints[one.middle].upper
        shown = found[limb]
        middle, end = _middle_and_end(limb)
        upper_m, lower_m = one.lengths_m
        lines.append(
            f"  {limb.replace('_', ' '):9} {middle} '{shown[middle]}', {end} '{shown[end]}', "
            f'segments of {100 * upper_m:.1f} and {100 * lower_m:.1f} cm, reach '
            f'{100 * (upper_m + lower_m):.1f} cm, {middle} {math.degrees(lower):.0f} to '
            f'{math.degrees(upper):.0f} deg')
    lines += [
        f'  limits   {joint.name}: {math.degrees(joint.lower):.0f} to '
        f'{math.degrees(joint.upper):.0f} deg, {joint.velocity:.1f} rad/s'
        for joint in robot.joints]
    lines += [f'  doubtful: {doubt}' for doubt in found['doubts']] or ['  nothing is doubtful']
    lines += [f'  note: {note}' for note in robot.notes]
    return '\n'.join(lines) + '\n'
