# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The ways that raw samples can be read: in the axes of each known profile, in either order.

Profiles that turn the joints alike are one reading: they differ in where devices are worn, which
is for a calibration to find, or in names only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import apply, matrix_from_quaternion, transpose
from motion_avatar_ros.trackers.axis_convention import QUATERNION_ORDERS
from motion_avatar_ros.trackers.calibration import TrackerOffset
from motion_avatar_ros.trackers.device_profile import DeviceProfile
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

_ALIKE = 0.17  # difference of matrices below which offsets turn the joints alike: 10 degrees
_UNITS_M = (1.0, 0.01, 0.001)
_REACH_M = (0.15, 1.2)  # of the hands from the head, in the middle of some seconds
_TO_XYZW = {'xyzw': [0, 1, 2, 3], 'wxyz': [1, 2, 3, 0]}


@dataclass(frozen=True)
class Settings:
    """
    What makes a reading the one in force.

    Attributes:
        profiles: names of profiles, any of which will do, the likeliest first.
        changes: lines that the profile needs besides, empty where it fits as it is.
    """

    profiles: tuple[str, ...]
    changes: tuple[str, ...]


class ProfileReadings:
    """Readings by index; number 0 is that of the profile in force, as it is."""

    def __init__(self, profile: DeviceProfile, others: Iterable[DeviceProfile]) -> None:
        """
        Group the profiles.

        Args:
            profile: the one in force.
            others: the known ones; may contain the one in force.
        """
        self._axes: list[_Axes] = []
        for known in (profile, *others):
            axes = _Axes(known)
            for other in self._axes:
                if other.is_like(axes):
                    other.profiles.append(known)
                    break
            else:
                self._axes.append(axes)
        own = profile.conventions[TRACKER_NAMES[0]]
        self._own_metres = own.metres_per_unit
        orders = sorted(QUATERNION_ORDERS, key=lambda order: order != own.quaternion_order)
        self._orders = [_TO_XYZW[order] for order in orders]
        self._readings = [(axes, order) for axes in self._axes for order in orders]
        self._world = np.array([axes.world for axes in self._axes])
        self._device = np.array([axes.device for axes in self._axes])
        self._lever = np.array([axes.lever for axes in self._axes])

    def __len__(self) -> int:
        return len(self._readings)

    def metres_per_unit(self, positions: np.ndarray) -> float:
        """
        Return the unit in which the hands are as far from the head as hands are.

        Args:
            positions: (T, 3, 3) raw positions of head and hands.

        Returns:
            The unit of the profile in force where it fits, or where none does.
        """
        reach = float(np.median(np.linalg.norm(positions[:, 1:] - positions[:, :1], axis=-1)))
        for metres in (self._own_metres, *_UNITS_M):
            if _REACH_M[0] < reach * metres < _REACH_M[1]:
                return metres
        return self._own_metres

    def is_in_force(self, index: int, metres_per_unit: float) -> bool:
        """Return whether a reading in this unit is what the profile in force says."""
        return index == 0 and metres_per_unit == self._own_metres

    def joints(
        self, positions: np.ndarray, quaternions: np.ndarray, metres_per_unit: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the joints of all readings.

        Args:
            positions: (T, 3, 3) raw, of head, left hand and right hand.
            quaternions: (T, 3, 4) raw, of unit length.
            metres_per_unit: of the positions.

        Returns:
            Rotations (N, T, 3, 3, 3) in a z-up world, REP-103 axes, and positions
            (N, T, 3, 3) [m].
        """
        raw = np.stack([matrix_from_quaternion(quaternions[..., order])
                        for order in self._orders])
        rotations = self._world[:, None, None, None] @ raw @ self._device[:, None, None]
        placed = metres_per_unit * apply(self._world[:, None, None], positions)
        joints = placed[:, None] + apply(rotations, self._lever[:, None, None])
        shape = (len(self), len(positions), len(TRACKER_NAMES))
        return rotations.reshape(*shape, 3, 3), joints.reshape(*shape, 3)

    def own_joints(
        self, positions: np.ndarray, quaternions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the joints as the profile in force has them: (T, 3, 3, 3) and (T, 3, 3)."""
        raw = matrix_from_quaternion(quaternions[..., self._orders[0]])
        rotations = self._world[0] @ raw @ self._device[0]
        placed = self._own_metres * apply(self._world[0], positions)
        return rotations, placed + apply(rotations, self._lever[0])

    def settings(self, index: int, metres_per_unit: float) -> Settings:
        """Return what to set for a reading in a unit."""
        axes, order = self._readings[index]
        by_changes: dict[tuple[str, ...], list[str]] = {}
        for profile in axes.profiles:
            convention = profile.conventions[TRACKER_NAMES[0]]
            changes = []
            if convention.quaternion_order != order:
                changes.append(f'quaternion_order: {order}')
            if convention.metres_per_unit != metres_per_unit:
                changes.append(f'metres_per_unit: {metres_per_unit:g}')
            names = by_changes.setdefault(tuple(changes), [])
            if profile.name not in names:
                names.append(profile.name)
        fewest = min(by_changes, key=len)
        return Settings(tuple(by_changes[fewest]), fewest)


class _Axes:
    """The matrices of one profile, and all profiles that have them."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.profiles = [profile]
        conventions = [profile.conventions[name] for name in TRACKER_NAMES]
        offsets = [profile.offsets.get(name, TrackerOffset()) for name in TRACKER_NAMES]
        turns = matrix_from_quaternion(np.array([offset.quaternion_xyzw for offset in offsets]))
        self.world = conventions[0].world.matrix
        # R_joint = W R D^T R_offset, and p_joint = W p + R_joint R_offset^T p_offset.
        self.device = np.array([
            convention.device.matrix.T for convention in conventions]) @ turns
        self.lever = apply(
            transpose(turns), np.array([offset.position_m for offset in offsets]))

    def is_like(self, other: _Axes) -> bool:
        return bool((self.world == other.world).all()
                    and np.abs(self.device - other.device).max() < _ALIKE)
