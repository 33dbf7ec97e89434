# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Leads an operator through the steps of a calibration, by what the devices show.

Nothing is counted down: a step ends when it has been seen and recorded, or too late. Time is
that of the stamps. Not thread-safe: the caller locks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, CalibrationRefusedError, CalibrationTake, TakeStep,
)
from motion_avatar_ros.trackers.calibration_holds import ArmsDown, TPose
from motion_avatar_ros.trackers.calibration_moves import ArmCircles, HeadTurns
from motion_avatar_ros.trackers.calibration_step import CalibrationStep, DeviceFrame, Stance
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.timeline import AlignedFrames

_LONGEST_GAP_S = 1.0  # longer ones end it, shorter ones cost what there is of the step
_FARTHEST_M = 0.3  # the head comes back from a gap, else the whole space may have moved

DONE_PROMPT = 'Thank you, that is all'


@dataclass(frozen=True)
class GuideTimes:
    """
    How long the steps take [s].

    Attributes:
        read_s: for reading a prompt; what is seen before is not recorded.
        hold_s: of the T-pose and of the arms down.
        head_s, circles_s: shortest recordings of the movements.
        step_timeout_s: longest time for one step.
        place_s: what is added to it for the first step, for walking into place.
    """

    read_s: float = 0.75
    hold_s: float = 2.0
    head_s: float = 4.0
    circles_s: float = 5.0
    step_timeout_s: float = 12.0
    place_s: float = 12.0


@dataclass(frozen=True)
class GuideStatus:
    """
    How far a calibration has come.

    Attributes:
        step: one of CALIBRATION_STEPS; the last one also when all are done.
        prompt: what the operator is to do.
        progress: of the step, 0 to 1.
        is_done: all steps are recorded.
        refusal: why the calibration has ended without a take, or None.
        hint: what is still lacking right now; may be empty.
    """

    step: str
    prompt: str
    progress: float
    is_done: bool = False
    refusal: str | None = None
    hint: str = ''


class CalibrationGuide:
    """One walk through CALIBRATION_STEPS."""

    def __init__(
        self, tracker_names: Sequence[str], rate_hz: float, times: GuideTimes = GuideTimes()
    ) -> None:
        """
        Begin with the first step.

        Args:
            tracker_names: N trackers in the order of every frame, the head first.
            rate_hz: frames per second.
            times: how long the steps take.
        """
        self._names = tuple(tracker_names)
        self._rows = {
            name.removesuffix('_hand'): self._names.index(name) for name in TRACKER_NAMES}
        self._rate_hz = rate_hz
        self._times = times
        self._make_step: Callable[[], CalibrationStep] = partial(TPose, times.hold_s)
        self._step: CalibrationStep = self._make_step()
        self._later_steps = iter((
            (ArmsDown, times.hold_s), (HeadTurns, times.head_s), (ArmCircles, times.circles_s)))
        self._stance: Stance | None = None
        self._step_began_s: float | None = None
        self._last: DeviceFrame | None = None
        self._takes: dict[str, TakeStep] = {}
        self.status = self._status()

    def update(self, frames: AlignedFrames) -> GuideStatus:
        """Take the next frames of the devices, unless the walk has ended."""
        for index, stamp_ns in enumerate(frames.stamps_ns.tolist()):
            if self.status.is_done or self.status.refusal is not None:
                break
            if not np.isfinite(frames.positions[index, list(self._rows.values())]).all():
                continue  # a hand that is lost shows no pose
            frame = DeviceFrame(
                stamp_ns * 1e-9, frames.rotations[index], frames.positions[index], **self._rows)
            try:
                if index == 0 and frames.is_restart:
                    self._bridge(frame)
                self._add(frame)
            except CalibrationRefusedError as error:
                self.status = self._status(refusal=str(error))
                break
            self.status = self._status()
        return self.status

    def take(self) -> CalibrationTake:
        """
        Return the recording; only when the status is done.

        A tracker that was absent from a part of it is left out of all.
        """
        assert self.status.is_done, self.status
        is_whole = np.all([
            np.isfinite(step.positions).all(axis=(0, 2)) for step in self._takes.values()], axis=0)
        return CalibrationTake(
            tuple(name for name, is_kept in zip(self._names, is_whole) if is_kept),
            self._rate_hz,
            {name: TakeStep(step.rotations[:, is_whole], step.positions[:, is_whole])
             for name, step in self._takes.items()})

    def _status(self, refusal: str | None = None) -> GuideStatus:
        step = self._step
        is_done = len(self._takes) == len(CALIBRATION_STEPS)
        prompt = DONE_PROMPT if is_done else step.prompt
        return GuideStatus(step.name, prompt, step.progress, is_done, refusal, step.hint)

    def _add(self, frame: DeviceFrame) -> None:
        self._last = frame
        if self._step_began_s is None:
            self._step_began_s = frame.time_s
        step, times = self._step, self._times
        elapsed_s = frame.time_s - self._step_began_s
        if elapsed_s < times.read_s:
            return
        step.add(frame)
        if step.is_done:
            step.check()
            self._takes[step.name] = step.take
            self._step_began_s = frame.time_s
            self._go_on()
            return
        longest_s = times.step_timeout_s + (times.place_s if step.name == TPose.name else 0.0)
        if elapsed_s > longest_s:
            raise CalibrationRefusedError(
                f'{step.noun} was not seen within {longest_s:g} s: {step.measured}')

    def _go_on(self) -> None:
        if isinstance(self._step, TPose):
            self._stance = self._step.stance
        if (later := next(self._later_steps, None)) is not None:
            assert self._stance is not None  # the first step is the T-pose
            step_type, duration_s = later
            self._make_step = partial(step_type, duration_s, self._stance)
            self._step = self._make_step()

    def _bridge(self, frame: DeviceFrame) -> None:
        """Begin the step again after a short gap; refuse a longer one and another place."""
        last = self._last
        if last is None:  # the first frames ever follow none
            return
        gap_s = frame.time_s - last.time_s
        moved_m = float(np.linalg.norm(
            frame.positions[frame.head] - last.positions[last.head]))
        if gap_s <= 0.0:
            what = 'the clock of the trackers was set back'
        elif gap_s > _LONGEST_GAP_S:
            what = f'the trackers were lost for {gap_s:.1f} s'
        elif moved_m > _FARTHEST_M:
            what = (f'the head tracker jumped by {100.0 * moved_m:.0f} cm (was the tracking '
                    'space moved?)')
        else:
            self._step = self._make_step()
            return
        raise CalibrationRefusedError(f'{what} during {self._step.noun}')
