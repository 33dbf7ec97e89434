# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Streams as devices of several makes send them come out as the joints they are worn at.

The streams are written from the makers' definitions (support/device_streams.py), the way back
is the profile, the timeline and the profile's typical offsets.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from device_streams import (
    MAKES, NAMES, START, WornDevices, exported, sample_times,
)
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.trackers.device_profile import DeviceProfile
from motion_avatar_ros.trackers.device_profile_file import load_profile
from motion_avatar_ros.trackers.gate import Verdict
from motion_avatar_ros.trackers.operator_body import OperatorBody
from motion_avatar_ros.trackers.timeline import AlignedFrames, TrackerTimeline

RATE_HZ = 60.0
DURATION_S = 8.0


@pytest.fixture(scope='module')
def worn() -> WornDevices:
    return WornDevices(builtin_motion('mix', RATE_HZ))


def frames_of(
    profile: DeviceProfile, make: str, worn: WornDevices, times_s: dict[str, np.ndarray],
    late_s: float = 0.0, **export: object,
) -> list[AlignedFrames]:
    """Send a stream through a profile and the timeline, and return its frames."""
    timeline = TrackerTimeline(NAMES, RATE_HZ)
    batches = []
    for tracker, *sample in worn.samples(exported(MAKES[make], **export), times_s, late_s):
        stamp_ns, position, quaternion = profile.convert(tracker, *sample)
        verdict = timeline.add(tracker, stamp_ns, position, quaternion, sample[0])
        assert verdict is Verdict.ACCEPTED
        frames = timeline.take()
        if frames is not None:
            batches.append(frames)
    return batches


def errors(
    profile: DeviceProfile, worn: WornDevices, batches: list[AlignedFrames]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times (T,) [s] and errors of the joints (T, 3) [m] and (T, 3) [rad]."""
    body = OperatorBody(profile.typical_calibration(), NAMES)
    rotations, positions = body.joints(
        np.concatenate([frames.rotations for frames in batches]),
        np.concatenate([frames.positions for frames in batches]))
    stamps = np.concatenate([frames.stamps_ns for frames in batches])
    times_s = (stamps - START) * 1e-9
    true_rotations, true_positions = worn.joints(times_s)
    difference = ros_global_rotations(rotations).swapaxes(-1, -2) @ true_rotations
    angles = Rotation.from_matrix(difference.reshape(-1, 3, 3)).magnitude().reshape(-1, 3)
    return times_s, np.linalg.norm(positions - true_positions, axis=-1), angles


def every(rate_hz: float, **options: float) -> dict[str, np.ndarray]:
    return {name: sample_times(DURATION_S, rate_hz, **options) for name in NAMES}


@pytest.mark.parametrize('make', sorted(MAKES))
def test_joints_are_exact_at_the_times_of_samples(make, worn):
    profile = load_profile(make)
    batches = frames_of(profile, make, worn, every(RATE_HZ))
    times_s, apart_m, angle_rad = errors(profile, worn, batches)
    assert len(times_s) > 0.95 * DURATION_S * RATE_HZ
    assert apart_m.max() < 1e-3 and np.degrees(angle_rad.max()) < 0.1


@pytest.mark.parametrize('rate_hz', [72.0, 120.0])
def test_quest_stream_with_jittering_stamps_is_resampled(rate_hz, worn):
    times_s = {name: sample_times(DURATION_S, rate_hz, 0.3 / rate_hz, seed=seed)
               for seed, name in enumerate(NAMES)}
    profile = load_profile('quest')
    times_s, apart_m, angle_rad = errors(
        profile, worn, frames_of(profile, 'quest', worn, times_s))
    np.testing.assert_allclose(np.diff(times_s), 1.0 / RATE_HZ, rtol=1e-3)
    assert apart_m.max() < 2e-3 and np.degrees(angle_rad.max()) < 1.0


def test_vive_trackers_that_are_not_synchronised_are_brought_together(worn):
    times_s = {
        'head': sample_times(DURATION_S, 90.0, 0.002, seed=1),
        'left_hand': sample_times(DURATION_S, 120.0, 0.002, first_s=0.003, seed=2),
        'right_hand': sample_times(DURATION_S, 30.0, 0.004, first_s=0.011, seed=3)}
    profile = load_profile('vive_libsurvive')
    times_s, apart_m, angle_rad = errors(
        profile, worn, frames_of(profile, 'vive_libsurvive', worn, times_s))
    assert len(times_s) > 0.9 * DURATION_S * RATE_HZ
    assert apart_m[:, :2].max() < 3e-3 and np.degrees(angle_rad[:, :2].max()) < 1.0
    # A waving hand at 30 Hz is cut off at its turning points.
    assert apart_m[:, 2].max() < 0.01 and np.degrees(angle_rad[:, 2].max()) < 4.0


def test_unity_export_of_a_pico_is_not_mirrored(worn):
    profile = load_profile('pico')
    _, apart_m, angle_rad = errors(
        profile, worn, frames_of(profile, 'pico', worn, every(90.0, jitter_s=0.002)))
    assert apart_m.max() < 2e-3 and np.degrees(angle_rad.max()) < 1.0


def test_motive_export_in_millimetres_with_w_first(tmp_path: Path, worn):
    path = tmp_path / 'lab.yaml'
    path.write_text('base: optitrack\nquaternion_order: wxyz\nmetres_per_unit: 0.001\n')
    profile = load_profile(path)
    times_s, apart_m, angle_rad = errors(profile, worn, frames_of(
        profile, 'optitrack', worn, every(120.0), order='wxyz', units_per_metre=1000.0))
    # Every other sample is a frame's, give or take what stamps are rounded to.
    assert apart_m.max() < 1e-3 and np.degrees(angle_rad.max()) < 0.1


def test_late_stream_gets_the_time_it_is_of(worn):
    late = replace(load_profile('quest'), latency_s=0.04)
    on_time = load_profile('quest')
    batches = frames_of(late, 'quest', worn, every(RATE_HZ), late_s=0.04)
    assert errors(late, worn, batches)[1].max() < 1e-3
    unaware = frames_of(on_time, 'quest', worn, every(RATE_HZ), late_s=0.04)
    assert errors(on_time, worn, unaware)[1].max() > 0.02


@pytest.mark.parametrize(('make', 'read_as'), [
    ('quest', 'generic'), ('pico', 'quest'), ('webxr', 'generic'), ('vive_libsurvive', 'vive'),
    ('optitrack', 'pico')])
def test_wrong_profile_is_wrong_by_far(make, read_as, worn):
    profile = load_profile(read_as)
    _, apart_m, angle_rad = errors(
        profile, worn, frames_of(profile, make, worn, every(RATE_HZ)))
    assert apart_m.max() > 0.05 and np.degrees(angle_rad.max()) > 80.0
