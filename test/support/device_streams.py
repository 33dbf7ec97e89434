# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What devices of several makes would send while worn by the body of a clip.

Written from the makers' definitions and by plain matrices, not by the code under test turned
round: a sign that is wrong in both places would otherwise not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.skeleton import TRACKED_JOINTS

NAMES = ('head', 'left_hand', 'right_hand')
START = 1_700_000_000_000_000_000

#: A vector of REP-103 (forward, left, up) as each make of world has it.
RIGHT_UP_BACK = np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]])  # OpenXR, WebXR, OpenVR
RIGHT_UP_FORWARD = np.array([[0, -1, 0], [0, 0, 1], [1, 0, 0]])  # Unity
LEFT_UP_FORWARD = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])  # Motive, facing along its z
REP = np.eye(3, dtype=int)

# Axes of the grip, x' = -z, y' = -x, z' = y of OpenXR's, in a T-pose with palms down; columns.
# Left: x away from the palm is down, so y' is up; z' = y points along the arm to the body.
_LEFT_GRIP = np.column_stack(([1, 0, 0], [0, 0, 1], [0, -1, 0]))
# Right: x into the palm is up, so y' is down; z' points along the arm to the body, to the left.
_RIGHT_GRIP = np.column_stack(([1, 0, 0], [0, 0, -1], [0, 1, 0]))
_EYES = np.array([0.085, 0.0, 0.07])  # from the head joint, in its axes


@dataclass(frozen=True)
class Make:
    """
    A make of devices.

    Attributes:
        world, device: REP-103 vectors as the world and the devices have them.
        turns: (3, 3, 3) axes of head, left and right device in the joint's, as columns.
        places: (3, 3) origins of the devices in the joint's axes [m].
        order: of the quaternion.
        units_per_metre: of positions.
    """

    world: np.ndarray
    device: np.ndarray
    turns: np.ndarray
    places: np.ndarray
    order: str = 'xyzw'
    units_per_metre: float = 1.0


_GRIPS = np.stack([np.eye(3), _LEFT_GRIP, _RIGHT_GRIP])
# The palm: 8 cm from the wrist to the fingers, 3 cm to the palm's side.
_PALMS = np.array([_EYES, [0.0, 0.08, -0.03], [0.0, -0.08, -0.03]])
# A wand's tip is 8 cm ahead of the palm, where the thumb points.
_TIPS = _PALMS + np.array([[0.0, 0.0, 0.0], [0.08, 0.0, 0.0], [0.08, 0.0, 0.0]])
_JOINTS = np.stack([np.eye(3)] * 3)
_MARKERS = np.array([[0.0, 0.0, 0.15], [0.0, 0.06, 0.03], [0.0, -0.06, 0.03]])

#: What each shipped profile is for.
MAKES = {
    'generic': Make(REP, REP, _JOINTS, np.zeros((3, 3))),
    'webxr': Make(REP, REP, _GRIPS, _PALMS),
    'quest': Make(RIGHT_UP_BACK, RIGHT_UP_BACK, _GRIPS, _PALMS),
    'vive': Make(RIGHT_UP_BACK, RIGHT_UP_BACK, _GRIPS, _TIPS),
    'vive_libsurvive': Make(REP, RIGHT_UP_BACK, _GRIPS, _TIPS),
    'pico': Make(RIGHT_UP_FORWARD, RIGHT_UP_FORWARD, _GRIPS, _PALMS),
    'optitrack': Make(LEFT_UP_FORWARD, LEFT_UP_FORWARD, _JOINTS, _MARKERS),
}


def exported(make: Make, order: str = 'xyzw', units_per_metre: float = 1.0) -> Make:
    """Return a make as some program exports it."""
    return replace(make, order=order, units_per_metre=units_per_metre)


class WornDevices:
    """A clip's head and hands, and devices on them, at any time."""

    def __init__(self, motion: Motion) -> None:
        rotations, positions = motion.poses.global_joints()
        joints = list(TRACKED_JOINTS)
        times_s = np.arange(len(motion)) / motion.rate_hz
        self.duration_s = float(times_s[-1])
        self._times_s = times_s
        self._positions = positions[:, joints]
        self._rotations = [
            Slerp(times_s, Rotation.from_matrix(ros_global_rotations(rotations[:, joint])))
            for joint in joints]

    def joints(self, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (T, 3, 3, 3), REP-103 axes, and positions (T, 3, 3) [m]."""
        times_s = np.clip(times_s, 0.0, self.duration_s)
        rotations = np.stack([slerp(times_s).as_matrix() for slerp in self._rotations], axis=1)
        positions = np.stack([[
            np.interp(times_s, self._times_s, self._positions[:, joint, axis])
            for axis in range(3)] for joint in range(3)])
        return rotations, positions.transpose(2, 0, 1)

    def raw(self, make: Make, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return positions (T, 3, 3) and quaternions (T, 3, 4) as devices of a make send them."""
        rotations, joints = self.joints(times_s)
        devices = rotations @ make.turns
        places = joints + (rotations @ make.places[..., None])[..., 0]
        # The matrix of a left-handed source maps its own coordinates, mirrored on both sides.
        raw = make.world @ devices @ make.device.T
        quaternions = Rotation.from_matrix(raw.reshape(-1, 3, 3)).as_quat().reshape(-1, 3, 4)
        if make.order == 'wxyz':
            quaternions = np.roll(quaternions, 1, axis=-1)
        return places @ make.world.T * make.units_per_metre, quaternions

    def samples(
        self, make: Make, times_s: dict[str, np.ndarray], late_s: float = 0.0
    ) -> Iterator[tuple[str, int, tuple[float, ...], tuple[float, ...]]]:
        """Yield tracker, stamp, position and quaternion of samples in the order of stamps."""
        rows = []
        for index, name in enumerate(NAMES):
            positions, quaternions = self.raw(make, times_s[name])
            stamps = START + np.round((times_s[name] + late_s) * 1e9).astype(np.int64)
            rows += [(stamp, name, tuple(position), tuple(quaternion))
                     for stamp, position, quaternion in zip(
                         stamps.tolist(), positions[:, index].tolist(),
                         quaternions[:, index].tolist())]
        for stamp, name, position, quaternion in sorted(rows):
            yield name, stamp, position, quaternion


def sample_times(
    duration_s: float, rate_hz: float, jitter_s: float = 0.0, first_s: float = 0.0, seed: int = 0
) -> np.ndarray:
    """Return times (T,) [s] of one tracker's samples, increasing."""
    times_s = np.arange(first_s, duration_s, 1.0 / rate_hz)
    jitter = np.random.default_rng(seed).uniform(-jitter_s, jitter_s, len(times_s))
    return np.clip(times_s + jitter, 0.0, duration_s)
