# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which bodies of a stream may be followed, and until when the last one may be believed.

Two clocks: stamps and the time they are compared with are ROS time, which may stand still or
step; the age of what was received is counted on a steady clock, which does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from motion_avatar_ros.errors import MotionAvatarError

#: A longer pause is no reason to move further in one frame.
LONGEST_FRAME_S = 0.1
_MOST_AHEAD_S = 0.2         # poses may be predicted
_RESTART_S = 1.0            # a stamp this far back is a source that began anew


class BodyStampError(MotionAvatarError):
    """A body whose stamp cannot be."""


@dataclass(frozen=True)
class StreamSettings:
    """
    Times.

    Attributes:
        stale_after_s: so long is the last body believed, counted from its reception.
        late_after_s: bodies that are older by their stamps when they come are not believed.
        max_age_s: even older ones are refused.
    """

    stale_after_s: float = 0.3
    late_after_s: float = 0.5
    max_age_s: float = 1.0


class BodyStream:
    """Judges the bodies of one topic."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self.begin()

    def begin(self) -> None:
        """Forget what came before."""
        self._stamp_ns: int | None = None
        self._received_s = float('-inf')
        #: How old the last body was by its stamp when it came [s].
        self.age_s = 0.0

    def elapsed_s(self, stamp_ns: int, now_ns: int) -> float | None:
        """
        Return the time from the last body to this one [s], None for the first of a source.

        Args:
            stamp_ns: of the body.
            now_ns: ROS time.

        Raises:
            BodyStampError: it is too old, of the future, or not later than the one before.
        """
        age_s = (now_ns - stamp_ns) * 1e-9
        if age_s > self._settings.max_age_s:
            raise BodyStampError(
                f'its stamp is {age_s:.2f} s old; allowed: {self._settings.max_age_s:g} s (do '
                'the clocks agree?)')
        if age_s < -_MOST_AHEAD_S:
            raise BodyStampError(
                f'its stamp is {-age_s:.2f} s ahead; allowed: {_MOST_AHEAD_S:g} s (do the clocks '
                'agree?)')
        if self._stamp_ns is None or stamp_ns < self._stamp_ns - _RESTART_S * 1e9:
            return None
        elapsed_s = (stamp_ns - self._stamp_ns) * 1e-9
        if elapsed_s <= 0.0:
            raise BodyStampError('its stamp is not later than that of the pose before')
        return min(elapsed_s, LONGEST_FRAME_S)

    def take(self, stamp_ns: int, now_ns: int, now_s: float) -> None:
        """Believe a body of a stamp from now on; `now_s` is steady time."""
        self._stamp_ns, self._received_s = stamp_ns, now_s
        self.age_s = (now_ns - stamp_ns) * 1e-9

    def is_fresh(self, now_s: float) -> bool:
        """Say whether a body came lately."""
        return now_s - self._received_s <= self._settings.stale_after_s

    def why_not(self, now_s: float) -> str:
        """Return why the last body is not to be believed, or ''."""
        if not self.is_fresh(now_s):
            return 'no body to follow'
        if self.age_s > self._settings.late_after_s:
            return f'bodies come {self.age_s:.1f} s late'
        return ''
