# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
When to send a recorded message again, and which stamp it then has.

Everything moves by one constant: at speed 1 the differences between stamps, and the age of
each pose when it is sent, are those of the recording to the nanosecond. Stamps of another
clock than that of the reception (a device that counts from its start) would stay stale or in
the future for ever: they are moved so that the first one is the present.
"""

from __future__ import annotations

from fractions import Fraction

_SAME_CLOCK_NS = 60_000_000_000


class BagTimes:
    """The times of one pass through a bag."""

    def __init__(
        self, first_received_ns: int, first_stamp_ns: int, start_ns: int, start_stamp_ns: int,
        speed: float = 1.0,
    ) -> None:
        """
        Set the constants.

        Args:
            first_received_ns: when the first sample of the bag was received.
            first_stamp_ns: its stamp.
            start_ns: when it is to be sent, by the clock of the schedule.
            start_stamp_ns: the same instant by the clock of the stamps.
            speed: 2 plays twice as fast, stamps included.
        """
        self._received_ns = first_received_ns
        self.is_other_clock = abs(first_received_ns - first_stamp_ns) > _SAME_CLOCK_NS
        self._stamp_base_ns = first_stamp_ns if self.is_other_clock else first_received_ns
        self._start_ns = start_ns
        self._start_stamp_ns = start_stamp_ns
        self._speed = None if speed == 1.0 else Fraction(speed).limit_denominator(10_000)

    def due_ns(self, received_ns: int) -> int:
        """Return when a message is to be sent that was received then."""
        return self._start_ns + self._scaled(received_ns - self._received_ns)

    def stamp_ns(self, stamp_ns: int) -> int:
        """Return the new stamp for a recorded one; 0, which means none, stays."""
        if stamp_ns == 0:
            return 0
        return max(0, self._start_stamp_ns + self._scaled(stamp_ns - self._stamp_base_ns))

    def set_back(self, by_ns: int) -> None:
        """Follow a clock that was set back."""
        self._start_ns -= by_ns
        self._start_stamp_ns -= by_ns

    def _scaled(self, duration_ns: int) -> int:
        return duration_ns if self._speed is None else round(duration_ns / self._speed)
