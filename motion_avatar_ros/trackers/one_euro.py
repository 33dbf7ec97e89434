# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The One-Euro filter of one tracker's pose (Casiez, Roussel and Vogel, CHI 2012).

A low-pass whose cutoff rises with speed: what trembles in place is smoothed, what moves fast
hardly lags. One cutoff serves all three axes of a position, from the length of its velocity,
and one the rotation, from its angular speed, along the arc to the new quaternion: a filter per
axis would lag differently along each, bend straight paths and depend on how the room is turned.

The derivative is the low-passed difference of raw samples, so that stamps which nearly coincide
cannot make it large. A sample that is a restart starts afresh.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector, slerp
from motion_avatar_ros.trackers.sample import Sample

_STILL: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class OneEuroSettings:
    """
    How much is smoothed; a minimum cutoff of 0 leaves position or rotation as it is.

    Attributes:
        min_cutoff_hz: cutoff of a position at rest; lower trembles less and lags more.
        beta: how much the cutoff rises with speed [Hz per m/s].
        rotation_min_cutoff_hz: cutoff of a rotation at rest.
        rotation_beta: how much that cutoff rises with angular speed [Hz per rad/s].
        derivative_cutoff_hz: cutoff of both speeds.
    """

    min_cutoff_hz: float = 3.0
    beta: float = 40.0
    rotation_min_cutoff_hz: float = 3.0
    rotation_beta: float = 10.0
    derivative_cutoff_hz: float = 4.0

    @property
    def is_off(self) -> bool:
        """Whether nothing is smoothed."""
        return self.min_cutoff_hz <= 0.0 and self.rotation_min_cutoff_hz <= 0.0


class OneEuroFilter:
    """The filter of one tracker; samples come in the order of their stamps."""

    def __init__(self, settings: OneEuroSettings = OneEuroSettings()) -> None:
        # Angular frequencies: alpha = w dt / (1 + w dt) of a cutoff w.
        self._cutoff = 2.0 * math.pi * settings.min_cutoff_hz
        self._beta = 2.0 * math.pi * settings.beta
        self._rotation_cutoff = 2.0 * math.pi * settings.rotation_min_cutoff_hz
        self._rotation_beta = 2.0 * math.pi * settings.rotation_beta
        self._derivative_cutoff = 2.0 * math.pi * settings.derivative_cutoff_hz
        self.clear()

    def clear(self) -> None:
        """Forget everything: the next sample passes as it is."""
        self._raw: Sample | None = None
        self._smooth: Sample | None = None
        self._velocity = self._turn_velocity = _STILL

    def filter(self, sample: Sample) -> Sample:
        """Return the sample with its pose smoothed."""
        raw, smooth = self._raw, self._smooth
        self._raw = sample
        if raw is None or smooth is None or sample.is_restart:
            self._velocity = self._turn_velocity = _STILL
            self._smooth = sample
            return sample
        dt_s = (sample.stamp_ns - raw.stamp_ns) * 1e-9
        share = self._derivative_cutoff * dt_s
        share /= 1.0 + share
        position = sample.position_m
        if self._cutoff > 0.0:
            self._velocity, speed = _blended(
                self._velocity, _displacement(raw.position_m, position), share, dt_s)
            alpha = (self._cutoff + self._beta * speed) * dt_s
            alpha /= 1.0 + alpha
            ax, ay, az = smooth.position_m
            bx, by, bz = position
            position = (ax + alpha * (bx - ax), ay + alpha * (by - ay), az + alpha * (bz - az))
        quaternion = sample.quaternion_xyzw
        if self._rotation_cutoff > 0.0:
            self._turn_velocity, speed = _blended(
                self._turn_velocity, _turn(raw.quaternion_xyzw, quaternion), share, dt_s)
            alpha = (self._rotation_cutoff + self._rotation_beta * speed) * dt_s
            quaternion = slerp(smooth.quaternion_xyzw, quaternion, alpha / (1.0 + alpha))
        self._smooth = smoothed = Sample(sample.stamp_ns, position, quaternion)
        return smoothed


def _displacement(start: Vector, end: Vector) -> Vector:
    return (end[0] - start[0], end[1] - start[1], end[2] - start[2])


def _turn(start: Quaternion, end: Quaternion) -> Vector:
    """Return the rotation vector from start to end in the world [rad], as its chord: 2 sin/2."""
    ax, ay, az, aw = start
    bx, by, bz, bw = end
    scale = 2.0 if ax * bx + ay * by + az * bz + aw * bw >= 0.0 else -2.0
    return (
        scale * (aw * bx - bw * ax + az * by - ay * bz),
        scale * (aw * by - bw * ay + ax * bz - az * bx),
        scale * (aw * bz - bw * az + ay * bx - ax * by),
    )


def _blended(
    velocity: Vector, change: Vector, share: float, dt_s: float
) -> tuple[Vector, float]:
    """Return the velocity moved by a share towards change per time, and its length."""
    keep, gain = 1.0 - share, share / dt_s
    x = keep * velocity[0] + gain * change[0]
    y = keep * velocity[1] + gain * change[1]
    z = keep * velocity[2] + gain * change[2]
    return (x, y, z), math.sqrt(x * x + y * y + z * z)
