# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A step of a calibration, recognised in the poses of the devices and recorded; what all share.

Where a device sits on its joint is what a calibration is to find, so only positions and changes
of rotation count here, with room for 10 cm and any grip; the one exception is which way the
head faces, good to a quarter turn, to tell left from right. Lengths grow with the operator: they
are parts of the distance of the hands in the T-pose.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.trackers.calibration import TakeStep

_SHOULDERS = 0.25  # their distance as a part of that of the hands in the T-pose


@dataclass(frozen=True)
class DeviceFrame:
    """
    One instant.

    Attributes:
        time_s: of its stamp.
        rotations: (N, 3, 3) in the z-up world, SMPL body axes.
        positions: (N, 3) [m] in the fixed frame; those of other trackers may be NaN.
        head, left, right: rows of the head and the hands.
    """

    time_s: float
    rotations: np.ndarray
    positions: np.ndarray
    head: int
    left: int
    right: int

    @property
    def rows(self) -> list[int]:
        """Head, left and right hand."""
        return [self.head, self.left, self.right]

    @property
    def below_head_m(self) -> np.ndarray:
        """How far below the head the left and the right hand are (2,) [m]."""
        return self.positions[self.head, 2] - self.positions[[self.left, self.right], 2]

    @property
    def hands_m(self) -> np.ndarray:
        """Left and right hand from the head (2, 3) [m]."""
        return self.positions[[self.left, self.right]] - self.positions[self.head]


@dataclass(frozen=True)
class Stance:
    """
    What a T-pose tells about the operator.

    Attributes:
        span_m: distance of the hands.
        leftward: (3,) horizontal unit vector to the operator's left.
        hands_m: (2, 3) left and right hand from the head.
    """

    span_m: float
    leftward: np.ndarray
    hands_m: np.ndarray

    @classmethod
    def of(cls, frame: DeviceFrame) -> Stance:
        """Read it off a frame of a T-pose."""
        across = frame.hands_m[0] - frame.hands_m[1]
        across[2] = 0.0
        span_m = float(np.linalg.norm(across))
        return cls(span_m, across / span_m, frame.hands_m)

    @property
    def forward(self) -> np.ndarray:
        """Horizontal unit vector (3,) to where the operator faces."""
        return np.cross(self.leftward, [0.0, 0.0, 1.0])

    @property
    def shoulders_m(self) -> np.ndarray:
        """Left and right shoulder from the head (2, 3) [m], roughly."""
        half = 0.5 * _SHOULDERS * self.span_m * self.leftward
        return self.hands_m.mean(axis=0) + np.stack((half, -half))

    @property
    def arm_m(self) -> float:
        """Shoulder to hand, roughly."""
        return 0.5 * (1.0 - _SHOULDERS) * self.span_m


@dataclass(frozen=True)
class Shortfall:
    """
    What a frame lacks.

    Attributes:
        rank: the higher, the closer to what is asked.
        measured: for the refusal, in the past tense.
        hint: what to do now.
    """

    rank: float
    measured: str
    hint: str


class CalibrationStep(ABC):
    """One step: frames in, progress and at last a recording out."""

    #: Name in CALIBRATION_STEPS, what the operator is told, and what a refusal calls it.
    name: str
    prompt: str
    noun: str

    def __init__(self, duration_s: float) -> None:
        """
        Begin.

        Args:
            duration_s: shortest recording.
        """
        self.duration_s = duration_s
        self.progress = 0.0
        self.hint = ''
        self._frames: list[DeviceFrame] = []
        self._closest: Shortfall | None = None

    @property
    def is_done(self) -> bool:
        """Whether the recording is complete."""
        return self.progress >= 1.0

    @property
    def measured(self) -> str:
        """What was seen at best, for a refusal."""
        return 'nothing was seen' if self._closest is None else self._closest.measured

    @property
    def frames(self) -> list[DeviceFrame]:
        """What has been recorded."""
        return self._frames

    @property
    def take(self) -> TakeStep:
        """The recording as the solver takes it."""
        return TakeStep(
            np.stack([frame.rotations for frame in self._frames]),
            np.stack([frame.positions for frame in self._frames]))

    @abstractmethod
    def add(self, frame: DeviceFrame) -> None:
        """Take the next frame."""

    def check(self) -> None:
        """Raise CalibrationRefusedError where a complete recording is of no use."""

    @property
    def _recorded_s(self) -> float:
        return self._frames[-1].time_s - self._frames[0].time_s if self._frames else 0.0

    def _note(self, shortfall: Shortfall | None) -> None:
        self.hint = '' if shortfall is None else shortfall.hint
        if shortfall is not None and (
                self._closest is None or shortfall.rank >= self._closest.rank):
            self._closest = shortfall
