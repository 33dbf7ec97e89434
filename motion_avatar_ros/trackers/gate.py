# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The gate in front of each tracker: which samples are believed.

A refused sample leaves no trace but its count. Rules, in this order:

- not finite, or beyond any place on Earth; a quaternion whose norm is not 1 within a tolerance
  (within it, normalised);
- a stamp ahead of the clock, a stamp far behind the clock;
- the stamp of the last accepted sample again, or one before it;
- a jump: farther from the last accepted sample than the speed limit allows in the time
  between their stamps. Refused samples that agree with each other form a second track; when it
  has lasted `relocate_after_s` it is believed as a new place and marked as a restart. A sample
  that continues the second track does not pass merely because time went by, and after
  `relocate_after_s` of nothing but jumps only a lasting place is believed. Where the whole
  tracking space moved, all trackers jump at once: with the first of them that is believed so
  are the others.

After a silence of `relocate_after_s` or more any place is believed, marked as a restart.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector, angle_between
from motion_avatar_ros.trackers.sample import Sample

# A stamp is not exact and a tracker trembles: movement that no speed limit judges.
_SLACK_M = 0.05
_SLACK_RAD = 0.25
# Even a tracker in a map frame (UTM) stays below; what is beyond would overflow the networks.
_MAX_COORDINATE_M = 1e8
# During a jump the reach from the last accepted sample stops growing: time alone must not make
# an outlier believable.
_MAX_RETURN_S = 0.1
# Trackers of other rates see the tracking space move at their next samples.
_SAME_JUMP_NS = 100_000_000


class Verdict(enum.Enum):
    """What became of a tracker sample."""

    ACCEPTED = 'accepted'
    DUPLICATE = 'duplicate'
    OUT_OF_ORDER = 'out_of_order'
    FUTURE = 'future'
    STALE = 'stale'
    NOT_FINITE = 'not_finite'
    BAD_QUATERNION = 'bad_quaternion'
    JUMP = 'jump'


# Members of an Enum class cost a descriptor call each time they are looked up.
_ACCEPTED, _JUMP = Verdict.ACCEPTED, Verdict.JUMP


@dataclass(frozen=True)
class GateLimits:
    """
    Limits of the gate; `math.inf` switches one off.

    Attributes:
        max_speed_m_s: fastest believable movement; hands reach about 10 m/s.
        max_turn_rad_s: fastest believable rotation.
        relocate_after_s: how long a jump must last to be believed as a new place.
        max_future_s: how far a stamp may be ahead of the clock.
        max_age_s: how far a stamp may be behind the clock.
        quaternion_norm_tolerance: how far a quaternion's norm may be from 1.
    """

    max_speed_m_s: float = 12.0
    max_turn_rad_s: float = 60.0
    relocate_after_s: float = 0.3
    max_future_s: float = 0.1
    max_age_s: float = 1.0
    quaternion_norm_tolerance: float = 0.05


class TrackerGate:
    """The gate of one tracker; it remembers the last accepted sample and the last jump."""

    def __init__(self, limits: GateLimits = GateLimits()):
        self._limits = limits
        self._accepted: Sample | None = None
        self._jumped: Sample | None = None
        self._jumped_since_ns = 0
        self._is_jump_believed = False

    @property
    def accepted(self) -> Sample | None:
        """The sample accepted last."""
        return self._accepted

    def clear(self) -> None:
        """Forget everything: the next sample is the first."""
        self._accepted = self._jumped = None
        self._is_jump_believed = False

    @property
    def jumped_since_ns(self) -> int | None:
        """The stamp of the first sample of a jump that is neither believed nor over."""
        return None if self._jumped is None else self._jumped_since_ns

    def believe_jump(self, since_ns: int) -> None:
        """Believe a jump that began at about a time as soon as one more sample continues it."""
        self._is_jump_believed = self._jumped is not None and (
            abs(self._jumped_since_ns - since_ns) <= _SAME_JUMP_NS)

    def judge(
        self, stamp_ns: int, position_m: Vector, quaternion_xyzw: Quaternion, now_ns: int,
    ) -> Verdict:
        """
        Judge one sample; an accepted one is then found in `accepted`.

        Args:
            stamp_ns: the time the pose refers to.
            position_m: 3 plain floats [m].
            quaternion_xyzw: 4 plain floats.
            now_ns: the present, of the same clock as the stamps.
        """
        limits = self._limits
        x, y, z = position_m
        qx, qy, qz, qw = quaternion_xyzw
        norm = math.sqrt(qx * qx + qy * qy + qz * qz + qw * qw)
        if not (abs(x) + abs(y) + abs(z) < _MAX_COORDINATE_M and math.isfinite(norm)):
            return Verdict.NOT_FINITE
        if abs(norm - 1.0) > limits.quaternion_norm_tolerance:
            return Verdict.BAD_QUATERNION
        ahead_s = (stamp_ns - now_ns) * 1e-9
        if ahead_s > limits.max_future_s:
            return Verdict.FUTURE
        if -ahead_s > limits.max_age_s:
            return Verdict.STALE
        quaternion = (qx / norm, qy / norm, qz / norm, qw / norm)
        sample = Sample(stamp_ns, position_m, quaternion)

        last = self._accepted
        if last is None:
            return self._accept(sample._replace(is_restart=True))
        if stamp_ns <= last.stamp_ns:
            return Verdict.DUPLICATE if stamp_ns == last.stamp_ns else Verdict.OUT_OF_ORDER

        jumped = self._jumped
        if jumped is None:
            if (stamp_ns - last.stamp_ns) * 1e-9 >= limits.relocate_after_s:
                return self._accept(sample._replace(is_restart=True))
            if self._is_reachable(last, sample):
                return self._accept(sample)
            return self._begin_jump(sample)
        return self._judge_after_jump(last, jumped, sample)

    def _judge_after_jump(self, last: Sample, jumped: Sample, sample: Sample) -> Verdict:
        relocate_after_s = self._limits.relocate_after_s
        if sample.stamp_ns <= jumped.stamp_ns:
            same = sample.stamp_ns == jumped.stamp_ns
            return Verdict.DUPLICATE if same else Verdict.OUT_OF_ORDER
        if (sample.stamp_ns - jumped.stamp_ns) * 1e-9 >= relocate_after_s:
            return self._accept(sample._replace(is_restart=True))
        continues = self._is_reachable(jumped, sample)
        if continues and _distance(jumped, sample) <= _distance(last, sample):
            lasted_s = (sample.stamp_ns - self._jumped_since_ns) * 1e-9
            if self._is_jump_believed or lasted_s >= relocate_after_s:
                return self._accept(sample._replace(is_restart=True))
            self._jumped = sample
            return _JUMP
        since_last_s = (sample.stamp_ns - last.stamp_ns) * 1e-9
        if since_last_s < relocate_after_s and self._is_reachable(last, sample, _MAX_RETURN_S):
            return self._accept(sample)
        return self._begin_jump(sample)

    def _accept(self, sample: Sample) -> Verdict:
        self._accepted = sample
        self._jumped = None
        self._is_jump_believed = False
        return _ACCEPTED

    def _begin_jump(self, sample: Sample) -> Verdict:
        self._jumped = sample
        self._jumped_since_ns = sample.stamp_ns
        self._is_jump_believed = False
        return _JUMP

    def _is_reachable(
        self, start: Sample, end: Sample, longest_s: float = math.inf,
    ) -> bool:
        limits = self._limits
        duration_s = min((end.stamp_ns - start.stamp_ns) * 1e-9, longest_s)
        if math.dist(start.position_m, end.position_m) > (
                limits.max_speed_m_s * duration_s + _SLACK_M):
            return False
        turn_rad = angle_between(start.quaternion_xyzw, end.quaternion_xyzw)
        return turn_rad <= limits.max_turn_rad_s * duration_s + _SLACK_RAD


def _distance(a: Sample, b: Sample) -> float:
    """Return a distance in which one radian weighs as much as half a metre."""
    return math.dist(a.position_m, b.position_m) + 0.5 * angle_between(
        a.quaternion_xyzw, b.quaternion_xyzw)
