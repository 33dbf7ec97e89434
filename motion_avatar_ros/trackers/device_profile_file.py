# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Device profiles as YAML files: the shipped ones in config/trackers/, and users' own.

Every value is checked; an error names the file, the key and what is allowed. A file may be
based on another profile and say only what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import re
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.plain_yaml import PlainYamlError, read_plain_yaml
from motion_avatar_ros.shipped_config import config_places
from motion_avatar_ros.trackers.axis_convention import (
    Axes, AxisConvention, AxisConventionError, QUATERNION_ORDERS,
)
from motion_avatar_ros.trackers.calibration import TrackerOffset
from motion_avatar_ros.trackers.device_profile import DeviceProfile, PROFILE_TRACKERS

#: Folder of the shipped profiles in config/.
PROFILE_FOLDER = 'trackers'

_KEYS = ('base', 'description', 'fixed_frame', 'frames', 'world', 'device', 'quaternion_order',
         'metres_per_unit', 'latency_s', 'offsets')
_AXES_KEYS = ('forward', 'left', 'up')
_OFFSET_KEYS = ('position_m', 'rpy_deg')
_METRES_PER_UNIT = (1e-4, 10.0)
_LATENCY_S = (-0.2, 1.0)
_FARTHEST_OFFSET_M = 0.5
_MOST_DEGREES = 180.0
_DEEPEST_BASE = 4


class DeviceProfileError(MotionAvatarError):
    """A device profile that does not exist or cannot be used."""


class _WrongValueError(Exception):
    """A key of a file and what is wrong with it."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f'{key}: {problem}' if key else problem)


def profile_names() -> list[str]:
    """Return the names of the shipped profiles, sorted."""
    return sorted({path.stem for place in config_places()
                   for path in (place / PROFILE_FOLDER).glob('*.yaml')})


def shipped_profiles() -> dict[str, DeviceProfile]:
    """Return all shipped profiles by name."""
    return {name: load_profile(name) for name in profile_names()}


def load_profile(name_or_path: str | Path) -> DeviceProfile:
    """
    Load a device profile.

    Args:
        name_or_path: the name of a shipped profile, or a YAML file.

    Raises:
        DeviceProfileError: there is none, or a value in it is wrong.
    """
    path = _find(name_or_path)
    try:
        return _profile(path.stem, _read(path))
    except _WrongValueError as error:
        raise DeviceProfileError(f"device profile '{path}': {error}") from None


def _find(name_or_path: str | Path) -> Path:
    if re.fullmatch(r'[A-Za-z0-9_-]+', str(name_or_path)):
        for place in config_places():
            path = place / PROFILE_FOLDER / f'{name_or_path}.yaml'
            if _is_file(path):
                return path
    path = Path(name_or_path)
    if _is_file(path):
        return path
    raise DeviceProfileError(
        f"device profile '{name_or_path}': no such profile or file; allowed: "
        f"{', '.join(profile_names()) or 'none are installed'}, or the path of a YAML file")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:     # a name that no file can have
        return False


def _read(path: Path, depth: int = 0) -> dict[str, Any]:
    """Return a file's values, those of its base under them."""
    try:
        values = read_plain_yaml(path)
    except PlainYamlError as error:
        raise DeviceProfileError(f"device profile '{path}': {error}") from None
    values = _mapping('', values, _KEYS)
    base = values.pop('base', None)
    if base is None:
        return values
    if not isinstance(base, str) or depth == _DEEPEST_BASE:
        raise _WrongValueError('base', f'{base!r} is not usable; allowed: the name or path of '
                               'a profile that is not based on this one')
    beside = path.parent / base
    return _merged(_read(beside if _is_file(beside) else _find(base), depth + 1), values)


def _merged(under: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(
            value, dict) else value
    return merged


def _profile(name: str, values: Mapping[str, Any]) -> DeviceProfile:
    for key in ('world', 'device'):
        if key not in values:
            raise _WrongValueError(key, f"is missing; allowed: {', '.join(_AXES_KEYS)}, an axis "
                                   'each')
    order = _choice(values, 'quaternion_order', QUATERNION_ORDERS)
    metres = _number('metres_per_unit', values.get('metres_per_unit', 1.0), *_METRES_PER_UNIT)
    world = _axes('world', values['world'])
    devices = _by_tracker(values['device'])
    conventions = {}
    for tracker, axes in devices.items():
        key = f'device.{tracker}' if tracker in values['device'] else 'device'
        try:
            conventions[tracker] = AxisConvention(world, _axes(key, axes), order, metres)
        except AxisConventionError as error:
            raise _WrongValueError(key, str(error)) from None
    return DeviceProfile(
        name=name,
        description=_text(values, 'description', ''),
        conventions=conventions,
        frames=_frames(_mapping('frames', values.get('frames', {}), PROFILE_TRACKERS)),
        fixed_frame=_frame('fixed_frame', values.get('fixed_frame', 'odom')),
        latency_s=_number('latency_s', values.get('latency_s', 0.0), *_LATENCY_S),
        offsets={tracker: _offset(f'offsets.{tracker}', offset) for tracker, offset in _mapping(
            'offsets', values.get('offsets', {}), PROFILE_TRACKERS).items()})


def _by_tracker(device: Any) -> dict[str, Any]:
    """Return the axes of each tracker: its own, or those for all that stand beside them."""
    values = _mapping('device', device, (*_AXES_KEYS, *PROFILE_TRACKERS))
    for_all = {key: values[key] for key in _AXES_KEYS if key in values}
    return {tracker: values.get(tracker, for_all) for tracker in PROFILE_TRACKERS}


def _axes(key: str, value: Any) -> Axes:
    names = _mapping(key, value, _AXES_KEYS)
    missing = [name for name in _AXES_KEYS if name not in names]
    if missing:
        raise _WrongValueError(
            key, f"{', '.join(missing)} is missing; allowed: {', '.join(_AXES_KEYS)}, an axis "
            'each')
    try:
        return Axes(*(str(names[name]) for name in _AXES_KEYS))
    except AxisConventionError as error:
        raise _WrongValueError(key, str(error)) from None


def _offset(key: str, value: Any) -> TrackerOffset:
    values = _mapping(key, value, _OFFSET_KEYS)
    position = _vector(f'{key}.position_m', values.get('position_m', [0.0] * 3),
                       _FARTHEST_OFFSET_M)
    degrees = _vector(f'{key}.rpy_deg', values.get('rpy_deg', [0.0] * 3), _MOST_DEGREES)
    x, y, z, w = Rotation.from_euler('xyz', degrees, degrees=True).as_quat().tolist()
    return TrackerOffset((position[0], position[1], position[2]), (x, y, z, w))


def _frames(values: Mapping[str, Any]) -> dict[str, str]:
    frames = {tracker: _frame(f'frames.{tracker}', values.get(tracker, f'{tracker}_tracker'))
              for tracker in PROFILE_TRACKERS}
    for tracker, frame in frames.items():
        if list(frames.values()).count(frame) > 1:
            raise _WrongValueError(
                f'frames.{tracker}', f"'{frame}' serves two trackers; allowed: another name for "
                'each')
    return frames


def _frame(key: str, value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(r'[^/\s]\S*', value) is None:
        raise _WrongValueError(key, f'{value!r} is no frame; allowed: a name without spaces and '
                               'without a leading /')
    return value


def _mapping(key: str, value: Any, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WrongValueError(
            key, f"expected names and values, got {value!r}; allowed: {', '.join(known)}")
    for name in value:
        if name not in known:
            raise _WrongValueError(key, f"unknown '{name}'; allowed: {', '.join(known)}")
    return dict(value)


def _text(values: Mapping[str, Any], key: str, default: str) -> str:
    value = values.get(key, default)
    if not isinstance(value, str):
        raise _WrongValueError(key, f'{value!r} is no text; allowed: one line of text')
    return ' '.join(value.split())


def _choice(values: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    value = values.get(key, choices[0])
    if value not in choices:
        raise _WrongValueError(key, f"is {value!r}; allowed: {', '.join(choices)}")
    return str(value)


def _number(key: str, value: Any, lowest: float, highest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (
            lowest <= value <= highest):
        raise _WrongValueError(key, f'is {value!r}; allowed: {lowest:g} to {highest:g}')
    return float(value)


def _vector(key: str, value: Any, limit: float) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:
        raise _WrongValueError(key, f'is {value!r}; allowed: three numbers [x, y, z]')
    return np.array([_number(key, number, -limit, limit) for number in value]).tolist()
