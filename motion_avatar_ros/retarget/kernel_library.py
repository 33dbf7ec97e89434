# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The compiled part of retargeting (`kernel/`), and the structures that it shares with Python.

`make setup` and `colcon build` compile it. Field by field the structures are those of kernel.h.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError

#: Robots with more of them are refused.
MOST_JOINTS, MOST_CAPSULES, MOST_PAIRS = 122, 32, 256
_ABI = 2    # KERNEL_ABI in kernel.h

#: What a frame asks for; see `targets.Targets`.
TARGET = np.dtype([
    ('base_rotation', float, (3, 3)), ('base_position', float, 3), ('chest_turn', float, (3, 3)),
    ('middle', float, (4, 3)), ('end', float, (4, 3)), ('foot_turn', float, (2, 3, 3)),
    ('hand_turn', float, (2, 3, 3)), ('directions', float, (4, 2, 3)), ('toe', float, (2, 3)),
    ('person_toe', float, (2, 3))])

_Int, _Double, _Pointer = ctypes.c_int32, ctypes.c_double, ctypes.c_void_p


class KernelMissingError(MotionAvatarError):
    """The compiled part is not there."""


class Proportions(ctypes.Structure):
    """A robot's measures, and those of who is followed."""

    _fields_ = [
        ('axes', _Double * 9), ('waist', _Double * 3), ('root', _Double * 12),
        ('length', _Double * 8), ('toe', _Double * 6), ('hand_neutral', _Double * 18),
        ('person_offset', _Double * 66), ('scale', _Double), ('lift', _Double),
        ('fixed_height', _Double)]


class Robot(ctypes.Structure):
    """Everything of a robot that does not change."""

    _fields_ = [
        *((name, _Int) for name in ('joints', 'capsules', 'pairs', 'iterations')),
        *((name, _Pointer) for name in (
            'parent', 'place', 'axis', 'lower', 'upper', 'velocity', 'acceleration', 'rest',
            'is_locked', 'point_joint', 'point', 'point_weight', 'turn_joint', 'turn_neutral',
            'turn_weight', 'root_joint', 'root', 'reach', 'bend_joint', 'bend_weight',
            'way_weight', 'capsule_joint', 'capsule_end', 'pair', 'least', 'apart')),
        *((name, _Double) for name in (
            'posture', 'damping', 'error_damping', 'steady', 'closed', 'seed_posture')),
        ('is_base_locked', _Int), ('holds_feet', _Int)]


class Foot(ctypes.Structure):
    """A foot that stands, or does not."""

    _fields_ = [
        ('before', _Double * 3), ('held', _Double * 3), ('contact', _Double), ('stands', _Int),
        ('is_known', _Int)]


class Pose(ctypes.Structure):
    """Where a robot is."""

    _fields_ = [
        ('base_rotation', _Double * 9), ('base_position', _Double * 3), ('joints', _Pointer),
        ('speed', _Pointer), ('seed', _Pointer), ('off', _Double * 4),
        ('stuck_s', _Double * 4), ('wait_s', _Double), ('seed_s', _Double), ('foot', Foot * 2),
        ('is_begun', _Int), ('is_seeded', _Int), ('seeds', _Int)]


_ARGUMENTS = {
    'build_targets': (_Pointer, _Pointer, _Pointer, _Int, _Pointer),
    'follow': (_Pointer, _Pointer, _Pointer, _Int, _Double, _Pointer, _Pointer, _Pointer),
    'place_parts': (_Pointer, _Pointer, _Pointer, _Pointer),
    'best_step': (_Int, *(_Pointer,) * 5),
    'reach_of_joints': (_Pointer, _Pointer, _Double, _Pointer, _Pointer),
    'pair_distances': (_Pointer, _Pointer, _Int, _Pointer, _Pointer),
}


@lru_cache
def kernel() -> Any:
    """
    Return the library.

    Raises:
        KernelMissingError: it was not compiled, or belongs to another version.
    """
    files = sorted(
        Path(__file__).parent.glob('_kernel*.so'), key=lambda path: path.stat().st_mtime)
    advice = 'compile it: apt install gcc, then make setup or colcon build'
    if not files:
        raise KernelMissingError(f'the compiled part of retargeting is missing; {advice}')
    library = ctypes.CDLL(str(files[-1]))
    if library.kernel_abi() != _ABI:
        raise KernelMissingError(f"'{files[-1].name}' is of another version; {advice}")
    for name, arguments in _ARGUMENTS.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, None
    return library


def address(array: np.ndarray) -> int:
    """Return where the numbers of a contiguous array are; the caller keeps it alive."""
    if not array.flags.c_contiguous:
        raise ValueError('the array is not contiguous')
    return array.ctypes.data
