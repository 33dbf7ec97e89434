# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A robot's body plan as a YAML file that a person can read and correct.

Joints go by their names. Places are in metres in the axes of the base link, all joints at zero.
What a limb's file leaves out is taken from what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation
import yaml

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.plain_yaml import PlainYamlError, read_plain_yaml
from motion_avatar_ros.retarget.body_plan import BodyPlan, BodyPlanError, Limb, find_body_plan
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.targets import LIMBS

_DIRECTIONS = ('forward', 'left', 'up')
#: What the joints and places of a limb are called, from the trunk outward.
_WORDS = {'leg': ('hip', 'knee', 'ankle'), 'arm': ('shoulder', 'elbow', 'wrist')}
_HAND = 'hand_rpy_deg'
_FARTHEST_M, _MOST_DEG = 20.0, 360.0
_HEADER = """\
# How '{robot}' is a human body, found by check-robot from its joints' places and axes. Correct
# what is wrong and pass it as mapping_file. Places are in metres in the axes of the base link,
# with all joints at zero.
"""
_COMMENTS = {
    'forward': "the body's axes in those of the base link",
    'trunk': 'joints from the base to the shoulders',
    'head': 'joints of neck and head; none where it has none',
    'left_leg': 'joints from the trunk outward; those of knee and of the last of the ankle',
    'left_arm': 'the same of arms: elbow, and the last joint of the wrist; roll, pitch and yaw '
                '[deg] of a\n# hand that looks wrong, about the axes of the base link, from palm '
                'inward and thumb up',
}


class MappingError(MotionAvatarError):
    """A mapping file that cannot be used."""


def mapping_text(robot: RobotModel, plan: BodyPlan) -> str:
    """Return a plan as commented YAML."""
    lines = [_HEADER.format(robot=robot.name)]
    for key, value in _mapping(robot, plan).items():
        if key in _COMMENTS:
            lines.append(f'\n# {_COMMENTS[key]}\n')
        lines.append(yaml.safe_dump(
            {key: value}, sort_keys=False, default_flow_style=None, width=100))
    lines += [f'# doubtful: {doubt}\n' for doubt in plan.doubts]
    return ''.join(lines)


def read_mapping(path: str | Path, robot: RobotModel) -> BodyPlan:
    """
    Return a robot's plan as a file has it.

    Raises:
        MappingError: the file cannot be read, names what the robot lacks, or lacks a limb.
    """
    try:
        given = read_plain_yaml(Path(path))
    except PlainYamlError as error:
        raise MappingError(f"'{path}' is no mapping: {error}") from None
    try:
        return _plan(given, robot)
    except MappingError as error:
        raise MappingError(f"'{path}': {error}") from None


def _mapping(robot: RobotModel, plan: BodyPlan) -> dict[str, Any]:
    def names(numbers: Sequence[int]) -> list[str]:
        return [robot.joints[number].name for number in numbers]

    mapping: dict[str, Any] = {
        name: _numbers(plan.axes[:, column]) for column, name in enumerate(_DIRECTIONS)}
    mapping |= {'trunk': names(plan.trunk), 'head': names(plan.head)}
    for limb in LIMBS:
        found = plan.limbs[limb]
        root, middle, end = _WORDS[limb.rpartition('_')[2]]
        mapping[limb] = {
            'joints': names(found.joints),
            middle: names([found.middle])[0], end: names([found.end])[0],
            f'{root}_m': _numbers(found.root_m), f'{middle}_m': _numbers(found.middle_m),
            f'{end}_m': _numbers(found.end_m)}
        if middle == 'elbow':
            mapping[limb][_HAND] = _numbers(
                Rotation.from_matrix(found.end_turn).as_euler('xyz', degrees=True))
    return mapping


def _numbers(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) + 0.0 for value in values]


def _plan(given: Any, robot: RobotModel) -> BodyPlan:
    known = (*_DIRECTIONS, 'trunk', 'head', *LIMBS)
    if not isinstance(given, dict):
        raise MappingError(f'no mapping; allowed keys: {", ".join(known)}')
    for key in given:
        if key not in known:
            raise MappingError(f"unknown '{key}'; known: {', '.join(known)}")
    try:
        found: BodyPlan | None = find_body_plan(robot.joints)
    except BodyPlanError:
        found = None  # the file has to say all of it
    axes = _axes(given, found)
    limbs = {
        limb: _limb(limb, given.get(limb), None if found is None else found.limbs[limb], robot)
        for limb in LIMBS}
    trunk, head = (
        _joints(key, given[key], robot) if key in given else getattr(found, key, ())
        for key in ('trunk', 'head'))
    return BodyPlan(axes, trunk, head, limbs, ())


def _axes(given: dict[str, Any], found: BodyPlan | None) -> np.ndarray:
    if not any(name in given for name in _DIRECTIONS) and found is not None:
        return found.axes
    axes = np.stack([_vector(name, given.get(name), 1.0) for name in _DIRECTIONS], axis=-1)
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3) or np.linalg.det(axes) < 0.0:
        raise MappingError('forward, left and up are no right-handed axes of length 1')
    return axes


def _limb(name: str, given: Any, found: Limb | None, robot: RobotModel) -> Limb:
    root, middle, end = _WORDS[name.rpartition('_')[2]]
    if given is None:
        if found is None:
            raise MappingError(f"'{name}' is missing, and was not found in the robot")
        return found
    keys = ('joints', middle, end, f'{root}_m', f'{middle}_m', f'{end}_m')
    known = (*keys, _HAND) if middle == 'elbow' else keys
    if not isinstance(given, dict) or any(key not in known for key in given):
        raise MappingError(f"'{name}' has keys other than {', '.join(known)}")
    missing = [key for key in keys if key not in given]
    if found is None and missing:
        raise MappingError(f"'{name}' lacks '{missing[0]}', and was not found in the robot")
    joints = _joints(name, given['joints'], robot) if found is None or 'joints' in given else (
        found.joints)
    numbers = {
        key: _joints(f'{name}.{key}', [given[key]], robot)[0] for key in (middle, end)
        if key in given}
    root_m, middle_m, end_m = (
        _vector(f'{name}.{key}', given[key], _FARTHEST_M) if key in given else getattr(
            found, attribute)
        for key, attribute in zip(keys[3:], ('root_m', 'middle_m', 'end_m')))
    limb = Limb(
        joints, numbers.get(middle, -1 if found is None else found.middle),
        numbers.get(end, -1 if found is None else found.end),
        root_m, middle_m, end_m,
        Rotation.from_euler(
            'xyz', _vector(f'{name}.{_HAND}', given.get(_HAND, [0.0] * 3), _MOST_DEG),
            degrees=True).as_matrix())
    if limb.middle not in joints or limb.end not in joints:
        raise MappingError(f"'{name}': {middle} and {end} must be among its joints")
    if min(limb.lengths_m) < 1e-3:
        raise MappingError(f"'{name}' has a segment without length")
    return limb


def _joints(what: str, given: Any, robot: RobotModel) -> tuple[int, ...]:
    numbers = {joint.name: number for number, joint in enumerate(robot.joints)}
    if not isinstance(given, list):
        raise MappingError(f"'{what}' is no list of joints")
    for name in given:
        if not isinstance(name, str) or name not in numbers:
            raise MappingError(
                f"'{what}': '{name}' is no joint that turns; known: {', '.join(numbers)}")
    if len(set(given)) < len(given):
        raise MappingError(f"'{what}' names a joint twice")
    return tuple(numbers[name] for name in given)


def _vector(what: str, given: Any, most: float) -> np.ndarray:
    if not isinstance(given, list) or len(given) != 3 or not all(
            isinstance(value, int | float) and not isinstance(value, bool)
            and abs(value) <= most for value in given):
        raise MappingError(f"'{what}' is no list of three numbers within {most:g}")
    return np.array(given, dtype=float)
