# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One calibration: frames from the pipeline's worker, a guide, then a solver in a thread.

Thread-safe: frames, questions and the cancellation may come from different threads. It ends by
itself whatever happens, given that somebody asks for its status. Knows no ROS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import contextlib
from dataclasses import dataclass
import os
import sys
import threading
import time
import traceback

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.calibration import Calibration, CalibrationTake
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide
from motion_avatar_ros.trackers.timeline import AlignedFrames

RUNNING, SOLVING, DONE, REFUSED = 'running', 'solving', 'done', 'refused'
SOLVING_PROMPT = 'Thank you, that is all: calculating'

_SILENCE_S = 3.0  # without a frame for so long it ends
_NICENESS = 10

#: Returns the calibration of a take; a MotionAvatarError refuses it.
Solve = Callable[[CalibrationTake], Calibration]


@dataclass(frozen=True)
class SessionStatus:
    """
    How far a session has come.

    Attributes:
        state: RUNNING, SOLVING, DONE or REFUSED.
        message: prompt, verdict or reason of the refusal.
        step: one of CALIBRATION_STEPS.
        progress: of the step, 0 to 1.
        hint: what is still lacking right now; may be empty.
        calibration: the result, of a session that is DONE.
        trace: where an error came from that is not the operator's; else empty.
    """

    state: str
    message: str
    step: str
    progress: float
    hint: str = ''
    calibration: Calibration | None = None
    trace: str = ''

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in (DONE, REFUSED)


class CalibrationSession:
    """From the first prompt to the verdict."""

    def __init__(
        self,
        guide: CalibrationGuide,
        solve: Solve,
        lost_trackers: Callable[[], Sequence[str]] = tuple,
        silence_s: float = _SILENCE_S,
    ) -> None:
        """
        Begin.

        Args:
            guide: a new one.
            solve: may take seconds.
            lost_trackers: names the trackers that give no samples now.
            silence_s: longest time without a frame.
        """
        self._guide = guide
        self._solve_take = solve
        self._lost_trackers = lost_trackers
        self._silence_s = silence_s
        self._lock = threading.Lock()
        self._frames_s = time.monotonic()
        self._lost: Sequence[str] = ()
        self._status = self._running()

    def on_frames(self, frames: AlignedFrames) -> None:
        """Take the next frames of the devices."""
        with self._lock:
            if self._status.state != RUNNING:
                return
            self._frames_s = time.monotonic()
            try:
                guided = self._guide.update(frames)
            except Exception as error:  # must not stop whom the frames come from
                self._refuse(f'{type(error).__name__}: {error}', traceback.format_exc())
                return
            if guided.refusal is not None:
                self._refuse(guided.refusal + self._whom_was_lost(frames))
            elif guided.is_done:
                self._status = SessionStatus(SOLVING, SOLVING_PROMPT, guided.step, 1.0)
                threading.Thread(
                    target=self._solve, args=(self._guide.take(),), name='calibration',
                    daemon=True).start()
            else:
                self._status = self._running()

    def status(self) -> SessionStatus:
        """Return the status now; to be asked several times a second."""
        lost = self._lost_trackers()
        with self._lock:
            self._lost = lost or self._lost
            silent_s = time.monotonic() - self._frames_s
            if self._status.state == RUNNING and silent_s > self._silence_s:
                self._refuse(
                    f'no frame of all trackers came for {silent_s:.0f} s'
                    + (f': {_names(lost)} gave nothing' if lost else ''))
            return self._status

    def cancel(self, reason: str) -> None:
        """End it unless it has ended."""
        with self._lock:
            if not self._status.has_ended:
                self._refuse(reason)

    def _running(self) -> SessionStatus:
        guided = self._guide.status
        return SessionStatus(
            RUNNING, guided.prompt, guided.step, guided.progress, guided.hint)

    def _refuse(self, reason: str, trace: str = '') -> None:
        status = self._status
        self._status = SessionStatus(
            REFUSED, ' '.join(reason.split()), status.step, status.progress, trace=trace)

    def _whom_was_lost(self, frames: AlignedFrames) -> str:
        if not (frames.is_restart and self._lost):
            return ''
        return f' ({_names(self._lost)} gave nothing)'

    def _solve(self, take: CalibrationTake) -> None:
        if sys.platform == 'linux':  # where a thread has a priority of its own
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        try:
            calibration = self._solve_take(take)
        except MotionAvatarError as error:
            self.cancel(str(error))
        except Exception as error:
            with self._lock:
                if not self._status.has_ended:
                    self._refuse(f'{type(error).__name__}: {error}', traceback.format_exc())
        else:
            with self._lock:
                if not self._status.has_ended:
                    self._status = SessionStatus(
                        DONE, calibration.verdict, self._status.step, 1.0,
                        calibration=calibration)


def _names(trackers: Sequence[str]) -> str:
    return 'the ' + ' and the '.join(f"{name.replace('_', ' ')} tracker" for name in trackers)
