# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Notices that the wrong device profile is in force, and names the right one.

The same raw samples are read through the profile in force and through every other known one,
with quaternions in either order and in metres, centimetres or millimetres; each reading is then
judged by how much it looks like a person (see posture_signs). Once a second, evidence for each
other reading grows by how much better than the one in force it looks, less a margin, and shrinks
where it does not; enough of it is a doubt. Where the reading in force is unlike a person and no
other looks like one either, that is a doubt without a name. What looked right for a while has
credit: the operator may lie down. A profile that has looked right, and better than any other,
with the operator facing three ways is settled and not judged any more.

Devices that do not move are not worn and are not judged. Hands that are merely swapped are left
to the swap watch. Profiles that differ in offsets only are not told apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import math

import numpy as np

from motion_avatar_ros.trackers.device_profile import DeviceProfile
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.posture_signs import (
    PLAUSIBLE, implausibility, posture_signs, worst_sign,
)
from motion_avatar_ros.trackers.profile_readings import ProfileReadings, Settings

_PERIOD_NS = 90_000_000  # of the frames that are kept: ten per second of whatever rate
_TOGETHER_NS = 100_000_000  # how far the samples of a frame may be apart
_LONGEST_GAP_NS = 500_000_000
_SHORTEST_NS, _LONGEST_NS = 4_000_000_000, 8_000_000_000  # what is judged at a time
_JUDGED_EVERY_NS = 1_000_000_000
_UNIT_TOLERANCE = 0.05
_FARTHEST = 1e8  # in the source's units: no place a person is at
_MOVED_M = 0.01  # extent of the movement of what is worn
_ANY_REACH_M = 1.3  # a hand farther from the head than this is on no arm

# Evidence, in implausibility times seconds; where not said, it is gained.
_MARGIN = 8.0  # lost every second
_WORST = 60.0  # implausibility above which it makes no difference how wrong a reading is
_DOUBTFUL = 150.0
_TOLD_APART = 60.0
_SETTLED = 100.0
_UNLIKE_A_PERSON = 45.0  # what is above this implausibility counts
_NAMELESS = 500.0
_CREDIT = 150.0  # how far below none evidence goes
_WAYS = 3  # quarters of the compass that a settled operator has faced

_DOCS = 'docs/trackers.md'

_Sample = tuple[int, Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class ProfileDoubt:
    """
    What makes the profile in force doubtful.

    Attributes:
        message: one line for the operator: what is seen, and what to set.
        suggestion: name of the profile to set; None where none fits as it is.
    """

    message: str
    suggestion: str | None


class ProfileWatch:
    """Judges raw samples of head and hands against the known profiles."""

    def __init__(self, profile: DeviceProfile, profiles: Iterable[DeviceProfile]) -> None:
        """
        Begin without evidence.

        Args:
            profile: the one in force.
            profiles: the known ones.
        """
        self._name = profile.name
        self._readings = ProfileReadings(profile, profiles)
        self.clear()

    def clear(self) -> None:
        """Forget all evidence, as when other devices are put on."""
        self._hands: dict[str, _Sample] = {}
        self._frames: deque[list[_Sample]] = deque()
        self._judged_ns = 0
        self._evidence = np.zeros(len(self._readings))
        self._nameless = self._settled = 0.0
        self._ways: set[int] = set()
        self._verdict: ProfileDoubt | None = None

    @property
    def verdict(self) -> ProfileDoubt | None:
        """What is doubtful about the profile in force; None while nothing is."""
        return self._verdict

    @property
    def is_settled(self) -> bool:
        """Whether the profile in force has proved right; nothing is judged any more."""
        return self._settled >= _SETTLED and len(self._ways) >= _WAYS

    def take(
        self, tracker: str, stamp_ns: int, position: Sequence[float],
        quaternion: Sequence[float],
    ) -> None:
        """
        Take a sample before its conversion; ten per second of each tracker are looked at.

        Once a second this takes a few milliseconds, until the profile is settled.

        Args:
            tracker: others than head and hands are ignored.
            stamp_ns: of the sample.
            position: 3 numbers as they came from the source.
            quaternion: 4 numbers as they came from the source.
        """
        if self.is_settled:
            return
        if tracker != TRACKER_NAMES[0]:
            self._hands[tracker] = stamp_ns, position, quaternion
            return
        if self._frames:
            since_ns = stamp_ns - self._frames[-1][0][0]
            if 0 <= since_ns < _PERIOD_NS:
                return
            if not 0 < since_ns < _LONGEST_GAP_NS:
                self._frames.clear()
        frame = self._frame((stamp_ns, position, quaternion))
        if frame is None:
            return
        if not self._frames:
            # The first judgement, of a shortest stretch, counts for a second.
            self._judged_ns = stamp_ns + _SHORTEST_NS - _JUDGED_EVERY_NS
        self._frames.append(frame)
        while stamp_ns - self._frames[0][0][0] > _LONGEST_NS:
            self._frames.popleft()
        if stamp_ns - self._judged_ns >= _JUDGED_EVERY_NS:
            self._judge((stamp_ns - self._judged_ns) * 1e-9)
            self._judged_ns = stamp_ns

    def _frame(self, head: _Sample) -> list[_Sample] | None:
        """Return the samples of head and hands together; None where one is missing or bad."""
        samples = [head]
        for name in TRACKER_NAMES[1:]:
            if name not in self._hands:
                return None
            samples.append(self._hands[name])
        for stamp_ns, position, quaternion in samples:
            norm = math.sqrt(sum(number * number for number in quaternion))
            if abs(head[0] - stamp_ns) > _TOGETHER_NS or not (
                    abs(norm - 1.0) <= _UNIT_TOLERANCE
                    and all(abs(number) < _FARTHEST for number in position)):
                return None
        return samples

    def _judge(self, elapsed_s: float) -> None:
        times_s = np.array([frame[0][0] - self._frames[0][0][0] for frame in self._frames]) * 1e-9
        positions = np.array([[sample[1] for sample in frame] for frame in self._frames])
        quaternions = np.array([[sample[2] for sample in frame] for frame in self._frames])
        metres = self._readings.metres_per_unit(positions)
        if not (metres * np.linalg.norm(np.ptp(positions, axis=0), axis=-1) > _MOVED_M).all():
            return
        swapped = [0, 2, 1]
        own_rotations, own_positions = self._readings.own_joints(positions, quaternions)
        swapped_rotations, swapped_positions = self._readings.own_joints(
            positions[:, swapped], quaternions[:, swapped])
        rotations, joints = self._readings.joints(positions, quaternions, metres)
        signs = posture_signs(
            np.concatenate((own_rotations[None], swapped_rotations[None], rotations)),
            np.concatenate((own_positions[None], swapped_positions[None], joints)), times_s)
        costs = implausibility(signs)
        if costs[0] < PLAUSIBLE:
            facing = own_rotations[-1, 0, :2, 0]
            self._ways.add(round(math.atan2(facing[1], facing[0]) / (0.5 * math.pi)) % 4)
        self._weigh(costs[0], costs[1], costs[2:], metres, elapsed_s)
        self._verdict = self._doubt(signs[0], own_positions, metres)

    def _weigh(
        self, own: float, swapped: float, others: np.ndarray, metres: float, elapsed_s: float,
    ) -> None:
        """
        Take how implausible readings are.

        Args:
            own: of the one in force.
            swapped: of the one in force, had left and right been mixed up.
            others: (N,) of all.
            metres: the unit that the others were read in.
            elapsed_s: since the last time.
        """
        if self._readings.is_in_force(0, metres):
            others = np.concatenate(([math.inf], others[1:]))
        best = float(others.min())
        least = min(own, swapped)
        gain = min(least, _WORST) - others
        gain = np.where(others < PLAUSIBLE, gain, np.minimum(gain, 0.0)) - _MARGIN
        self._evidence = np.maximum(self._evidence + gain * elapsed_s, -_CREDIT)
        excess = least - _UNLIKE_A_PERSON if best >= PLAUSIBLE else -_MARGIN
        self._nameless = max(-_CREDIT, self._nameless + excess * elapsed_s)
        lead = min(best, swapped, _WORST) - own if own < PLAUSIBLE else -_MARGIN
        self._settled = max(0.0, self._settled + lead * elapsed_s)

    def _doubt(
        self, signs: np.ndarray, positions: np.ndarray, metres: float
    ) -> ProfileDoubt | None:
        """Return the doubt that the evidence amounts to, described by the reading in force."""
        most = float(self._evidence.max())
        if most < _DOUBTFUL and self._nameless < _NAMELESS:
            return None
        farthest_m = float(np.median(np.linalg.norm(
            positions[:, 1:] - positions[:, :1], axis=-1), axis=0).max())
        seen = worst_sign(signs)
        if farthest_m > _ANY_REACH_M:
            seen = f'a hand is {farthest_m:.3g} m from the head'
        if most < _DOUBTFUL:
            return ProfileDoubt(
                f"as '{self._name}', {seen}; no known profile fits; see {_DOCS}", None)
        likely = [index for index in np.argsort(-self._evidence).tolist()
                  if self._evidence[index] > most - _TOLD_APART]
        settings = [self._readings.settings(index, metres) for index in likely]
        names = ' or '.join(dict.fromkeys(_named(choice) for choice in settings))
        best = settings[0]
        if len(settings) > 1:
            advice, suggestion = 'walk a few steps, to tell which', None
        elif not best.changes:
            advice, suggestion = f'set profile: {best.profiles[0]}', best.profiles[0]
        else:
            advice = (f"set profile to a file of your own with base: {best.profiles[0]} and "
                      f"{' and '.join(best.changes)}")
            suggestion = None
        return ProfileDoubt(
            f"these look like {names}, not '{self._name}' ({seen}): {advice}; see {_DOCS}",
            suggestion)


def _named(settings: Settings) -> str:
    names = ' or '.join(f"'{name}'" for name in settings.profiles)
    return f"{names} with {' and '.join(settings.changes)}" if settings.changes else names
