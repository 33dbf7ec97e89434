# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Calibrations on disk: one YAML file per operator, `<folder>/<operator>.yaml`, for people to read.

Every value is checked on the way in and out; a file that is written replaces the one before
whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
import contextlib
from dataclasses import fields, replace
import math
import os
from pathlib import Path
import re
from typing import Any

import numpy as np
import yaml

from motion_avatar_ros.body.euler import euler_from_matrix
from motion_avatar_ros.body.rotations import matrix_from_quaternion
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.own_folder import own_folder
from motion_avatar_ros.plain_yaml import PlainYamlError, load_plain_yaml
from motion_avatar_ros.trackers.calibration import (
    HEIGHT_RANGE_M, Calibration, TrackerFit, TrackerOffset,
)
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

FORMAT_VERSION = 1

_NAME = re.compile(r'[A-Za-z0-9_-]{1,64}')
_SUFFIX = '.yaml'
_MAX_BYTES = 65536
_FARTHEST_OFFSET_M = 1.0
_FARTHEST_FLOOR_M = 1000.0
_UNIT_WITHIN = 1e-3  # of the norm of a quaternion
_NUMBERS = {  # what a calibration holds beside its trackers: lowest and highest value
    'height_m': HEIGHT_RANGE_M, 'arm_scale': (0.5, 2.0),
    'floor_m': (-_FARTHEST_FLOOR_M, _FARTHEST_FLOOR_M), 'height_std_m': (0.0, 10.0),
    'arm_scale_std': (0.0, 10.0), 'floor_std_m': (0.0, 10.0),
}
_TEXTS = ('profile', 'verdict', 'date')
_FIT = tuple(entry.name for entry in fields(TrackerFit))
_HEADING = """\
# Calibration of the operator {operator}. Each position_m and quaternion_xyzw is the pose of the
# joint in the axes of the device that is worn at it (x ahead, y left, z up); rpy_deg is the
# quaternion once more, for reading only.
"""


class CalibrationFileError(MotionAvatarError):
    """A calibration that cannot be read or written."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(
            f"calibration file '{path}': {problem}; calibrate again, or delete it to go without")


class OperatorNameError(MotionAvatarError):
    """A name that no operator can be saved under."""

    def __init__(self, name: str):
        super().__init__(
            f"operator '{name}'; allowed: 1 to 64 letters, digits, underscores and hyphens")


def default_operators_folder() -> Path:
    """Return motion_avatar_ros/operators under $ROS_HOME, or ~/.ros without one."""
    return own_folder() / 'operators'


def calibration_path(folder: Path, operator: str) -> Path:
    """
    Return where an operator's calibration is, or would be.

    Raises:
        OperatorNameError: the name is not allowed.
    """
    if _NAME.fullmatch(operator) is None:
        raise OperatorNameError(operator)
    return folder / f'{operator}{_SUFFIX}'


def known_operators(folder: Path) -> tuple[str, ...]:
    """Return the names of all operators with a file, sorted; none where there is no folder."""
    with contextlib.suppress(OSError):
        return tuple(sorted(
            path.stem for path in folder.iterdir()
            if path.suffix == _SUFFIX and _NAME.fullmatch(path.stem) and path.is_file()))
    return ()


def save_calibration(folder: Path, calibration: Calibration) -> Path:
    """
    Write the file of `calibration.operator`.

    Raises:
        OperatorNameError: the operator's name is not allowed.
        CalibrationFileError: a value could not be read back, or the file cannot be written.
    """
    path = calibration_path(folder, calibration.operator)
    text = _HEADING.format(operator=calibration.operator) + yaml.safe_dump(
        _document(calibration), sort_keys=False, default_flow_style=None, width=99)
    _calibration(path, text)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open('w', encoding='utf-8') as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise CalibrationFileError(path, f'cannot be written: {error.strerror}') from None
    return path


def load_calibration(folder: Path, operator: str) -> Calibration | None:
    """
    Read an operator's calibration; None where there is no file.

    Raises:
        OperatorNameError: the name is not allowed.
        CalibrationFileError: the file is damaged or holds impossible values.
    """
    path = calibration_path(folder, operator)
    try:
        with path.open('rb') as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CalibrationFileError(path, f'cannot be read: {error.strerror}') from None
    if len(content) > _MAX_BYTES:
        raise CalibrationFileError(path, f'is larger than {_MAX_BYTES} bytes')
    try:
        text = content.decode('utf-8')
    except UnicodeDecodeError:
        raise CalibrationFileError(path, 'is not text') from None
    return replace(_calibration(path, text), operator=operator)


def _document(calibration: Calibration) -> dict[str, Any]:
    trackers: dict[str, Any] = {}
    for name, offset in calibration.offsets.items():
        trackers[name] = {
            'position_m': _floats(offset.position_m),
            'quaternion_xyzw': _floats(offset.quaternion_xyzw),
            'rpy_deg': rpy_deg(offset),
        }
        if name in calibration.fits:
            fit = calibration.fits[name]
            trackers[name]['fit'] = {key: float(getattr(fit, key)) for key in _FIT}
    return {
        'format_version': FORMAT_VERSION,
        **{key: str(getattr(calibration, key)) for key in _TEXTS},
        **{key: float(getattr(calibration, key)) for key in _NUMBERS},
        'trackers': trackers,
    }


def rpy_deg(offset: TrackerOffset) -> list[float]:
    """Return an offset's rotation as roll, pitch and yaw [deg], rounded for reading."""
    quaternion = np.array(offset.quaternion_xyzw, dtype=float)
    if not np.isfinite(quaternion).all() or not quaternion.any():
        return []
    yaw_pitch_roll = euler_from_matrix('zyx', matrix_from_quaternion(quaternion), np.zeros(3))
    return [round(float(angle), 1) + 0.0 for angle in np.degrees(yaw_pitch_roll[::-1])]


def _calibration(path: Path, text: str) -> Calibration:
    """Return what a file says, its operator left empty."""
    try:
        document = load_plain_yaml(text)
    except PlainYamlError as error:
        raise CalibrationFileError(path, f'is not YAML: {error}') from None
    reader = _Reader(path)
    entries = reader.mapping('', document)
    # First, as another version may differ in everything else.
    version = entries.get('format_version')
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise CalibrationFileError(
            path, f'format_version is {version!r}; this version reads {FORMAT_VERSION}')
    reader.check_keys('', entries, ('format_version', *_TEXTS, *_NUMBERS, 'trackers'))
    trackers = reader.mapping('trackers', entries['trackers'])
    known = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
    reader.check_keys('trackers', trackers, TRACKER_NAMES, OPTIONAL_TRACKER_NAMES)
    offsets: dict[str, TrackerOffset] = {}
    fits: dict[str, TrackerFit] = {}
    for name in sorted(trackers, key=known.index):
        where = f'trackers.{name}'
        tracker = reader.mapping(where, trackers[name])
        reader.check_keys(where, tracker, ('position_m', 'quaternion_xyzw'), ('rpy_deg', 'fit'))
        offsets[name] = reader.offset(where, tracker)
        if 'fit' in tracker:
            fit = reader.mapping(f'{where}.fit', tracker['fit'])
            reader.check_keys(f'{where}.fit', fit, _FIT)
            fits[name] = TrackerFit(**{
                key: reader.number(f'{where}.fit.{key}', fit[key], 0.0, math.inf)
                for key in _FIT})
    values: dict[str, Any] = {
        **{key: reader.number(key, entries[key], *limits) for key, limits in _NUMBERS.items()},
        **{key: reader.text(key, entries[key]) for key in _TEXTS},
    }
    return Calibration(**values, offsets=offsets, fits=fits)


class _Reader:
    """Checks single entries of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mapping(self, where: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self._error(f"{f'{where} ' if where else ''}holds no keys")
        return value

    def check_keys(
        self, where: str, entries: Mapping[str, Any], needed: tuple[str, ...],
        optional: tuple[str, ...] = (),
    ) -> None:
        prefix = f'{where}.' if where else ''
        for key in needed:
            if key not in entries:
                raise self._error(f"'{prefix}{key}' is missing")
        for key in entries:
            if key not in (*needed, *optional):
                raise self._error(
                    f"'{prefix}{key}' is unknown; known: {', '.join((*needed, *optional))}")

    def number(self, where: str, value: object, lowest: float, highest: float) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._error(f'{where} is {value!r}, not a number')
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise self._error(
                f'{where} is {value:g}; allowed: a finite number in {lowest:g} .. {highest:g}')
        return float(value)

    def text(self, where: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._error(f'{where} is {value!r}, not a text')
        return value

    def offset(self, where: str, tracker: Mapping[str, Any]) -> TrackerOffset:
        x, y, z = self._numbers(f'{where}.position_m', tracker['position_m'], 3)
        where = f'{where}.quaternion_xyzw'
        qx, qy, qz, qw = self._numbers(where, tracker['quaternion_xyzw'], 4)
        norm = math.hypot(qx, qy, qz, qw)
        if abs(norm - 1.0) > _UNIT_WITHIN:
            raise self._error(f'{where} has length {norm:.4g}; allowed: 1')
        return TrackerOffset((x, y, z), (qx, qy, qz, qw))

    def _numbers(self, where: str, value: object, count: int) -> list[float]:
        if not isinstance(value, list) or len(value) != count:
            raise self._error(f'{where} is {value!r}, not {count} numbers')
        return [self.number(where, item, -_FARTHEST_OFFSET_M - _UNIT_WITHIN,
                            _FARTHEST_OFFSET_M + _UNIT_WITHIN) for item in value]

    def _error(self, problem: str) -> CalibrationFileError:
        return CalibrationFileError(self._path, problem)


def _floats(values: tuple[float, ...]) -> list[float]:
    return [float(value) for value in values]
