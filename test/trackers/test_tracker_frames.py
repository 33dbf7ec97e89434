# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples of the tracker frames out of a stream of all kinds of transforms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from motion_avatar_ros.trackers.tracker_frames import TrackerFrames

T = 1_700_000_000_000_000_000
MS = 1_000_000
UPRIGHT = (0.0, 0.0, 0.0, 1.0)
FRAMES = {'head': 'head_tracker', 'left_hand': 'left_tracker'}


class Stream:
    """A stream of transforms into TrackerFrames, and the samples that come out."""

    def __init__(self, buffer, frames=FRAMES, fixed_frame='odom'):
        self.samples = []
        self.frames = TrackerFrames(
            frames, fixed_frame, buffer, lambda *sample: self.samples.append(sample))

    def send(self, parent, child, stamp_ms=0, x=0.0, quaternion=UPRIGHT, is_static=False,
             now_ms=None):
        """Send one transform and return the samples that it brings forth."""
        before = len(self.samples)
        now_ns = T + (stamp_ms if now_ms is None else now_ms) * MS
        self.frames.take(
            f'{parent} {child}'.encode(), parent, child, T + stamp_ms * MS, (x, 0.0, 0.0),
            quaternion, now_ns, is_static)
        return self.samples[before:]


@pytest.fixture
def stream(buffer):
    """Give a stream with either buffer."""
    return Stream(buffer)


def test_child_of_the_fixed_frame_is_passed_on_as_it_is(stream):
    assert stream.send('odom', 'head_tracker', 5, 1.0) == [
        ('head', T + 5 * MS, (1.0, 0.0, 0.0), UPRIGHT)]
    bad = stream.send('odom', 'left_tracker', 5, math.nan, (0.0,) * 4)
    assert bad[0][0] == 'left_hand' and math.isnan(bad[0][2][0]) and bad[0][3] == (0.0,) * 4
    assert len(stream.send('odom', 'head_tracker', 5, 1.0)) == 1  # again: the gate counts it
    assert len(stream.send('odom', 'head_tracker', -9_000_000, 1.0, now_ms=5)) == 1


def test_a_loop_above_the_fixed_frame_does_not_stop_its_children(stream):
    stream.send('odom', 'head_tracker', 0)
    stream.send('head_tracker', 'odom', 8)
    assert len(stream.send('odom', 'head_tracker', 16)) == 1
    assert len(stream.send('odom', 'left_tracker', 16)) == 1


def test_static_frame_in_between_delays_nothing(stream):
    stream.send('odom', 'lighthouse', x=2.0, is_static=True)
    (tracker, stamp_ns, position, _), = stream.send('lighthouse', 'head_tracker', 16, 1.0)
    assert (tracker, stamp_ns) == ('head', T + 16 * MS)
    np.testing.assert_allclose(position, (3.0, 0.0, 0.0))


def test_static_frame_that_comes_last_connects(stream):
    assert not stream.send('lighthouse', 'head_tracker', 0, 1.0)
    stream.send('odom', 'lighthouse', x=2.0, is_static=True)
    assert len(stream.send('lighthouse', 'head_tracker', 16, 1.0)) == 1


def test_sample_waits_for_the_moving_frame_in_between_and_keeps_its_own_stamp(stream):
    stream.send('odom', 'rig', 0, 0.0)
    assert len(stream.send('rig', 'head_tracker', 0)) == 1
    assert not stream.send('rig', 'head_tracker', 16)
    assert not stream.send('rig', 'head_tracker', 32)
    samples = stream.send('odom', 'rig', 33, 0.33)
    assert [sample[1] for sample in samples] == [T + 16 * MS, T + 32 * MS]
    np.testing.assert_allclose([s[2][0] for s in samples], [0.16, 0.32], atol=1e-9)


def test_tracker_fixed_to_a_moving_device_takes_the_device_stamps(stream):
    stream.send('headset', 'head_tracker', x=0.1, is_static=True)
    stream.send('odom', 'headset', 0)
    (_, stamp_ns, position, _), = stream.send('odom', 'headset', 16, 1.0)
    assert stamp_ns == T + 16 * MS
    np.testing.assert_allclose(position[0], 1.1)


def test_one_frame_may_carry_several_trackers(stream):
    stream.send('odom', 'head_tracker', 0)
    stream.send('head_tracker', 'left_tracker', x=0.5, is_static=True)
    samples = stream.send('odom', 'head_tracker', 16, 1.0)
    assert {sample[0]: round(sample[2][0], 9) for sample in samples} == {
        'head': 1.0, 'left_hand': 1.5}


def test_fixed_frame_that_moves_under_a_common_ancestor(stream):
    stream.send('map', 'odom', 0, 1.0)
    stream.send('map', 'odom', 50, 2.0)
    (_, stamp_ns, position, _), = stream.send('map', 'head_tracker', 25, 4.0, now_ms=50)
    assert stamp_ns == T + 25 * MS
    np.testing.assert_allclose(position[0], 2.5)


def test_bad_numbers_behind_a_frame_in_between_are_passed_on_to_be_counted(stream):
    stream.send('odom', 'lighthouse', x=2.0, is_static=True)
    stream.send('lighthouse', 'head_tracker', 0)
    (_, _, position, _), = stream.send('lighthouse', 'head_tracker', 16, math.inf)
    assert not np.isfinite(position).any()
    (_, _, position, _), = stream.send('lighthouse', 'head_tracker', 32, 0.0, (0.0,) * 4)
    assert not np.isfinite(position).any()


def test_bad_numbers_of_a_frame_in_between_are_left_out(stream):
    stream.send('odom', 'rig', 0, 0.0)
    stream.send('odom', 'rig', 30, math.nan)
    stream.send('rig', 'head_tracker', 16)
    assert len(stream.send('odom', 'rig', 32, 0.32)) == 1
    assert all(np.isfinite(sample[2]).all() for sample in stream.samples)


def test_far_future_of_a_frame_in_between_does_not_stop_the_tracker(stream):
    stream.send('odom', 'rig', 0)
    stream.send('odom', 'rig', 10 ** 10, 9.0, now_ms=1)
    for step in range(1, 20):
        stream.send('rig', 'head_tracker', 16 * step)
        stream.send('odom', 'rig', 16 * step)
    assert len(stream.samples) >= 18
    assert all(sample[2][0] == 0.0 for sample in stream.samples)


def test_dead_frame_in_between_keeps_few_samples_waiting(stream):
    stream.send('odom', 'rig', 0)
    for step in range(1, 5000):
        stream.send('rig', 'head_tracker', step)
    assert not stream.samples
    assert len(stream.send('odom', 'rig', 5000)) == 64


def test_clock_that_is_set_back_is_no_end(stream):
    for start_ms in (100_000, 0):
        before = len(stream.samples)
        for step in range(10):
            stream.send('odom', 'rig', start_ms + 16 * step)
            stream.send('rig', 'head_tracker', start_ms + 16 * step)
        assert len(stream.samples) - before == 10


def test_unrelated_frames_are_skipped_until_they_matter(stream):
    stream.send('base', 'arm', 0)
    stream.send('odom', 'base', 0)
    assert stream.frames.skipped_keys == {b'base arm', b'odom base'}
    stream.send('arm', 'head_tracker', 0)
    assert not stream.frames.skipped_keys  # the arm now carries the head
    stream.send('base', 'arm', 16)
    stream.send('odom', 'base', 16)
    assert [sample[1] for sample in stream.send('arm', 'head_tracker', 16)] == [T + 16 * MS]


def test_leading_slashes_of_old_drivers_do_not_matter(buffer):
    stream = Stream(buffer, {'head': '/head_tracker'}, '/odom')
    assert len(stream.send('/odom', '/head_tracker')) == 1
    assert len(stream.send('odom', 'head_tracker')) == 1


def test_message_names_the_missing_frame_and_the_known_ones(stream):
    assert stream.frames.missing_message(['head']) == (
        "head: frame 'head_tracker' is not in TF; known frames: none")
    stream.send('odom', 'base')
    stream.send('vr', 'head_tracker')
    message = stream.frames.missing_message(['head', 'left_hand'])
    assert "head: frame 'head_tracker' (under 'vr') is not connected with 'odom'" in message
    assert "left_hand: frame 'left_tracker' is not in TF" in message
    assert message.endswith('known frames: base, head_tracker, odom, vr')
    assert '\n' not in message


def test_message_tells_of_static_late_and_silent_frames(stream):
    stream.send('odom', 'head_tracker', is_static=True)
    assert 'static' in stream.frames.missing_message(['head'])
    stream.send('odom', 'rig', 0)
    stream.send('rig', 'left_tracker', 16)
    assert "'rig'" in stream.frames.missing_message(['left_hand'])
    stream.send('odom', 'rig', 16)
    assert 'no new transform' in stream.frames.missing_message(['left_hand'])
