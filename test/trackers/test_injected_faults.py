# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Faults on purpose."""

from __future__ import annotations

from motion_avatar_ros.trackers.injected_faults import (
    FAULT_KINDS, DueFrame, FaultInjector, FaultSettings,
)
from motion_avatar_ros.trackers.tracker_playback import TrackerFrame
import numpy as np
import pytest

NAMES = ('head', 'left_hand', 'right_hand')
PERIOD_NS = 16_666_667
FRAME = TrackerFrame(
    np.array([[0.0, 0.0, 1.6], [0.3, 0.4, 1.0], [0.3, -0.4, 1.0]]),
    np.tile([0.0, 0.0, 0.0, 1.0], (3, 1)), np.ones(3, dtype=bool), None)


def played(seconds: float, **settings) -> tuple[FaultInjector, list[tuple[int, list[DueFrame]]]]:
    injector = FaultInjector(FaultSettings(**settings), NAMES)
    frames = []
    for number in range(round(seconds * 60)):
        now_ns = number * PERIOD_NS
        frames.append((now_ns, injector.sent(FRAME, now_ns, now_ns)))
    return injector, frames


def test_without_kinds_frames_go_as_they_are():
    _, frames = played(10.0)
    assert all(len(sent) == 1 and sent[0].due_ns == sent[0].stamp_ns == now_ns
               for now_ns, sent in frames)
    np.testing.assert_array_equal(frames[-1][1][0].frame.positions, FRAME.positions)


def test_the_seed_decides_everything():
    first, second, third = (
        played(120.0, kinds=FAULT_KINDS, per_min=30.0, seed=seed) for seed in (1, 1, 2))
    assert first[0].counts == second[0].counts != third[0].counts
    assert [[(due.due_ns, due.stamp_ns) for due in sent] for _, sent in first[1]] == [
        [(due.due_ns, due.stamp_ns) for due in sent] for _, sent in second[1]]
    assert len(first[0].counts) > 8


def changed(kind: str) -> list[tuple[int, list[DueFrame]]]:
    """Return what was sent while a fault of a kind went on, from its first frame."""
    injector = FaultInjector(FaultSettings(kinds=(kind,), per_min=600.0, longest_s=1.0), NAMES)
    frames = []
    for number in range(600):
        now_ns = number * PERIOD_NS
        sent = injector.sent(FRAME, now_ns, now_ns)
        if injector.kind:
            frames.append((now_ns, sent))
    assert injector.counts[kind] > 3 and len(frames) > 60
    return frames


@pytest.mark.parametrize(('kind', 'shows'), [
    ('dropout', lambda now, sent: not sent),
    ('duplicate', lambda now, sent: len(sent) == 2 and sent[0] is sent[1]),
    ('nan', lambda now, sent: np.isnan(sent[0].frame.positions).sum() == 1),
    ('zero_quaternion', lambda now, sent: (
        np.abs(sent[0].frame.quaternions_xyzw).sum(axis=1) == 0.0).sum() == 1),
    ('teleport', lambda now, sent: np.abs(sent[0].frame.positions - FRAME.positions).max() > 0.01),
    ('swap', lambda now, sent: (sent[0].frame.positions[1] == FRAME.positions[2]).all()),
    ('future', lambda now, sent: sent[0].stamp_ns == now + 2_000_000_000),
    ('past', lambda now, sent: sent[0].stamp_ns == now - 700_000_000),
    ('clock_step', lambda now, sent: sent[0].stamp_ns == now - 3_000_000_000),
    ('stall', lambda now, sent: sent[0].due_ns > now and sent[0].stamp_ns == now),
    ('jitter', lambda now, sent: now <= sent[0].due_ns <= now + 60_000_000),
])
def test_each_kind_is_what_it_is_called(kind, shows):
    assert all(shows(now_ns, sent) for now_ns, sent in changed(kind))


def test_half_of_the_frames_go_at_half_rate_and_reordered_ones_pass_each_other():
    half = [len(sent) for _, sent in changed('half_rate')]
    assert abs(sum(half) - len(half) / 2) <= 0.1 * len(half)
    dues_ns = [sent[0].due_ns for _, sent in changed('reorder')]
    assert (np.diff(dues_ns) < 0).sum() > 20


def test_a_drift_grows():
    heights_m = [sent[0].frame.positions[0, 2] for _, sent in changed('drift')]
    assert max(heights_m) > 1.62 and min(heights_m) == 1.6
