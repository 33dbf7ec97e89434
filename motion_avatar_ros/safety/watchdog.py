# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether the avatar may be believed to follow its operator, and if not, why.

All times are of a steady clock: a stopped or stepped ROS clock must not silence the watchdog.
Ages count from reception; a sample that was refused does not make its tracker fresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import enum
import threading

from motion_avatar_ros.safety.follow_budgets import FollowBudgets


class FollowState(enum.Enum):
    """What the avatar does."""

    WAITING = 'waiting'  # some tracker has not appeared since the start: no pose yet
    TRACKING = 'tracking'
    HOLD = 'hold'  # the last pose stays: a tracker stopped, no frame comes, or none to believe
    ERROR = 'error'  # the last pose stays: the estimator failed


@dataclass(frozen=True)
class FollowStatus:
    """
    State, why in one line, and whom it is about.

    Attributes:
        state: what the avatar does.
        reason: one line for the log.
        trackers: the trackers that never appeared, or that stopped.
    """

    state: FollowState
    reason: str
    trackers: tuple[str, ...] = ()


class TrackerWatchdog:
    """Judges by the last accepted sample of each tracker and the last pose; thread safe."""

    def __init__(
        self, trackers: Sequence[str], budgets: FollowBudgets = FollowBudgets()
    ) -> None:
        self._budgets_s = {tracker: budgets.of(tracker) for tracker in trackers}
        self._pose_s = budgets.pose_s
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Start over: no tracker has appeared."""
        with self._lock:
            self._received_s: dict[str, float] = {}
            self._accepted_s: dict[str, float] = {}
            self._complete_s = 0.0  # when the last tracker appeared
            self._frames_s: float | None = None
            self._output_s: float | None = None
            self._error: str | None = None
            self._doubt: str | None = None

    def on_sample(self, tracker: str, is_accepted: bool, now_s: float) -> None:
        """Note a sample of a tracker."""
        with self._lock:
            self._received_s[tracker] = now_s
            if not is_accepted:
                return
            if tracker not in self._accepted_s:
                self._complete_s = now_s
            self._accepted_s[tracker] = now_s

    def on_frames(self, now_s: float) -> None:
        """Note that frames with all trackers are being worked on."""
        with self._lock:
            self._frames_s = now_s

    def on_pose(self, now_s: float) -> None:
        """Note that a pose was published."""
        with self._lock:
            self._output_s = now_s
            self._error = self._doubt = None

    def on_doubt(self, doubt: str) -> None:
        """Note that a pose was made and is not believed."""
        with self._lock:
            self._error, self._doubt = None, doubt

    def on_error(self, problem: str) -> None:
        """Note that no pose could be made of good frames."""
        with self._lock:
            self._error = problem

    def age_s(self, tracker: str, now_s: float) -> float | None:
        """Return the time since a tracker's last sample of any kind was received."""
        with self._lock:
            received_s = self._received_s.get(tracker)
        return None if received_s is None else now_s - received_s

    def status(self, now_s: float) -> FollowStatus:
        """Return the state now."""
        with self._lock:
            missing = tuple(t for t in self._budgets_s if t not in self._accepted_s)
            if missing:
                return FollowStatus(
                    FollowState.WAITING, f'waiting for {_names(missing)}', missing)
            ages_s = {t: now_s - self._accepted_s[t] for t in self._budgets_s}
            stopped = tuple(t for t, most_s in self._budgets_s.items() if ages_s[t] > most_s)
            if stopped:
                refused = tuple(t for t in stopped if self._is_fresh(t, now_s))
                verb = 'only refused samples' if refused == stopped else 'nothing'
                return FollowStatus(
                    FollowState.HOLD,
                    f'{verb} from {_names(stopped)} for '
                    f'{max(ages_s[t] for t in stopped):.2f} s: holding the last pose', stopped)
            if self._error is not None:
                return FollowStatus(
                    FollowState.ERROR, f'{self._error}: holding the last pose')
            if self._doubt is not None:
                return FollowStatus(FollowState.HOLD, f'{self._doubt}: holding the last pose')
            since_s = now_s - (
                self._complete_s if self._output_s is None else self._output_s)
            if since_s > self._pose_s:
                return FollowStatus(
                    FollowState.HOLD,
                    f'no pose for {since_s:.2f} s, {self._why()}: holding the last pose')
            if self._output_s is None:
                return FollowStatus(FollowState.WAITING, 'waiting for the first frames')
            return FollowStatus(FollowState.TRACKING, 'following the trackers')

    def _why(self) -> str:
        if self._frames_s is not None and (
                self._output_s is None or self._frames_s > self._output_s):
            return 'inference takes too long'
        return 'no stamp that all trackers cover (do they come from one clock?)'

    def _is_fresh(self, tracker: str, now_s: float) -> bool:
        return now_s - self._received_s[tracker] <= self._budgets_s[tracker]


def _names(trackers: Sequence[str]) -> str:
    return ', '.join(trackers)
