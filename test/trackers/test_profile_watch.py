# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A wrong device profile is noticed and the right one named; normal movement raises no doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
import itertools
import math
import time

from device_streams import (
    MAKES, NAMES, START, Make, WornDevices, exported, sample_times,
)
import numpy as np
import pytest

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import matrix_from_axis_angle
from motion_avatar_ros.trackers.device_profile_file import shipped_profiles
from motion_avatar_ros.trackers.profile_watch import ProfileWatch

PROFILES = shipped_profiles()
RATE_HZ = 20.0
#: Profiles that turn the joints alike and differ in typical offsets only.
ALIKE = {'quest': 'vive', 'vive': 'quest'}


@pytest.fixture(scope='module')
def worn() -> WornDevices:
    return WornDevices(builtin_motion('mix', 30.0))


def stream(worn: WornDevices, make: Make, repeats: int = 1) -> Iterator[tuple]:
    """Yield the samples of a clip, again and again, as devices of a make send them."""
    times_s = {name: sample_times(worn.duration_s, RATE_HZ, 0.005, seed=seed)
               for seed, name in enumerate(NAMES)}
    samples = list(worn.samples(make, times_s))
    for repeat in range(repeats):
        for tracker, stamp_ns, position, quaternion in samples:
            yield (tracker, stamp_ns + round(repeat * (worn.duration_s + 0.05) * 1e9), position,
                   quaternion)


def watched(name: str, samples: Iterator[tuple]) -> ProfileWatch:
    watch = ProfileWatch(PROFILES[name], PROFILES.values())
    for sample in samples:
        watch.take(*sample)
    return watch


@pytest.mark.parametrize(('make', 'read_as'), [
    pair for pair in itertools.permutations(sorted(MAKES), 2) if ALIKE.get(pair[0]) != pair[1]])
def test_every_wrong_profile_is_noticed_and_the_right_one_named(make, read_as, worn):
    doubt = watched(read_as, stream(worn, MAKES[make])).verdict
    assert doubt is not None
    assert doubt.suggestion in (make, ALIKE.get(make))
    assert f"'{make}'" in doubt.message and f"not '{read_as}'" in doubt.message
    assert f'set profile: {doubt.suggestion}' in doubt.message


@pytest.mark.parametrize('make', sorted(MAKES))
def test_right_profile_is_never_doubted_and_settles(make, worn):
    watch = ProfileWatch(PROFILES[make], PROFILES.values())
    for sample in stream(worn, MAKES[make], repeats=2):
        watch.take(*sample)
        assert watch.verdict is None
    assert watch.is_settled


@pytest.mark.parametrize(('make', 'read_as'), ALIKE.items())
def test_profiles_that_differ_in_offsets_only_are_not_doubted(make, read_as, worn):
    assert watched(read_as, stream(worn, MAKES[make])).verdict is None


@pytest.mark.parametrize('make', ['optitrack', 'quest', 'generic'])
@pytest.mark.parametrize(('order', 'units', 'change'), [
    ('wxyz', 1.0, 'quaternion_order: wxyz'),
    ('xyzw', 1000.0, 'metres_per_unit: 0.001'),
    ('xyzw', 100.0, 'metres_per_unit: 0.01'),
    ('wxyz', 1000.0, 'quaternion_order: wxyz and metres_per_unit: 0.001'),
])
def test_wrong_order_and_unit_are_named(make, order, units, change, worn):
    doubt = watched(make, stream(worn, exported(MAKES[make], order, units))).verdict
    assert doubt is not None and doubt.suggestion is None
    assert f'with {change}, not' in doubt.message
    assert f'base: {make} and {change}' in doubt.message


def test_swapped_hands_are_left_to_the_swap_watch(worn):
    hands = dict(zip(NAMES, ('head', 'right_hand', 'left_hand')))
    watch = watched('quest', (
        (hands[tracker], *sample) for tracker, *sample in stream(worn, MAKES['quest'])))
    assert watch.verdict is None and not watch.is_settled


def test_axes_that_no_profile_has_are_said_to_fit_none(worn):
    upside_down = replace(MAKES['generic'], turns=np.stack([
        np.diag([1.0, -1.0, -1.0]), np.diag([-1.0, 1.0, -1.0]), np.diag([-1.0, 1.0, -1.0])]))
    doubt = watched('generic', stream(worn, upside_down, repeats=2)).verdict
    assert doubt is not None and doubt.suggestion is None
    assert 'no known profile fits; see docs/trackers.md' in doubt.message


def lying(seconds: float) -> Motion:
    """Return a person who stands, lies down, stays there moving the arms, and gets up."""
    standing = builtin_motion('mix', 20.0)
    count = round(seconds * 20.0)
    still = standing.poses[np.resize(np.arange(60), count)]
    times_s = np.arange(count) / 20.0
    lain = np.clip(np.minimum(times_s, times_s[-1] - times_s), 0.0, 2.0) / 2.0
    turn = matrix_from_axis_angle(np.outer(lain, [0.0, -math.pi / 2, 0.0]))
    rotations, positions = still.local_rotations.copy(), still.root_position.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    positions[:, 2] += lain * (0.15 - positions[:, 2])
    before, after = standing.poses[:300], standing.poses[300:]
    return Motion(BodyPose(
        np.concatenate([before.local_rotations, rotations, after.local_rotations]),
        np.concatenate([before.root_position, positions, after.root_position])), 20.0)


@pytest.mark.parametrize('make', ['quest', 'generic', 'vive_libsurvive'])
def test_lying_down_for_a_while_raises_no_doubt(make):
    watch = ProfileWatch(PROFILES[make], PROFILES.values())
    for sample in stream(WornDevices(lying(15.0)), MAKES[make]):
        watch.take(*sample)
        assert watch.verdict is None


@pytest.mark.parametrize('make', ['quest', 'optitrack'])
def test_devices_worn_otherwise_than_typical_raise_no_doubt(make, worn):
    generator = np.random.default_rng(7)
    tilts = matrix_from_axis_angle(np.radians(20.0) * generator.uniform(-1.0, 1.0, (3, 3)))
    askew = replace(MAKES[make], turns=MAKES[make].turns @ tilts,
                    places=MAKES[make].places + generator.uniform(-0.05, 0.05, (3, 3)))
    assert watched(make, stream(worn, askew, repeats=2)).verdict is None


def test_devices_on_a_table_are_not_judged(worn):
    positions, quaternions = worn.raw(MAKES['quest'], np.zeros(1))
    noise = np.random.default_rng(3).normal(scale=3e-4, size=(600, 3, 3))
    watch = watched('generic', (
        (name, START + frame * 50_000_000, positions[0, index] + noise[frame, index],
         quaternions[0, index])
        for frame in range(600) for index, name in enumerate(NAMES)))
    assert watch.verdict is None


def test_bad_numbers_and_missing_hands_are_skipped(worn):
    bad = {'head': ((math.nan, 1e300, 0.0), (0.0, 0.0, 0.0, 1.0)),
           'left_hand': ((1e300,) * 3, (0.0, 0.0, 0.0, 1.0)),
           'right_hand': ((0.0,) * 3, (math.inf,) * 4)}
    watch = ProfileWatch(PROFILES['generic'], PROFILES.values())
    for number, (tracker, stamp_ns, position, quaternion) in enumerate(
            stream(worn, MAKES['quest'])):
        watch.take(tracker, stamp_ns, position, quaternion)
        if number % 5 == 0:
            watch.take(tracker, stamp_ns + 1, *bad[tracker])
    only_head = watched('generic', (
        sample for sample in stream(worn, MAKES['quest']) if sample[0] == 'head'))
    assert watch.verdict is not None and watch.verdict.suggestion in ('quest', 'vive')
    assert only_head.verdict is None


def test_doubt_goes_when_forgotten(worn):
    watch = watched('generic', stream(worn, MAKES['quest']))
    assert watch.verdict is not None
    watch.clear()
    assert watch.verdict is None


def test_settled_watch_costs_next_to_nothing(worn):
    watch = watched('quest', stream(worn, MAKES['quest'], repeats=2))
    assert watch.is_settled
    pose = (0.0, 1.6, 0.0), (0.0, 0.0, 0.0, 1.0)
    start_s = time.perf_counter()
    for number in range(10_000):
        watch.take('head', START + number * 10**9, *pose)
    assert time.perf_counter() - start_s < 0.1
