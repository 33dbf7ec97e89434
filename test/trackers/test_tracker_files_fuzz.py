# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever stands in a device profile or an operator's calibration: a value, or one clear line."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, mutated_values, random_bytes
import yaml

from motion_avatar_ros.trackers.calibration import Calibration, TrackerOffset
from motion_avatar_ros.trackers.calibration_file import (
    CalibrationFileError, load_calibration, save_calibration,
)
from motion_avatar_ros.trackers.device_profile import DeviceProfile
from motion_avatar_ros.trackers.device_profile_file import DeviceProfileError, load_profile
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

PROFILES = Path(__file__).resolve().parents[2] / 'config' / 'trackers'


def drawn(random: Random, seeds: list[str]) -> bytes:
    """Return a damaged YAML file, by its values, its text or its bytes."""
    kind = random.randrange(4)
    if kind == 0:
        values = mutated_values(random, yaml.safe_load(random.choice(seeds)))
        return yaml.safe_dump(values, sort_keys=False).encode('utf-8', 'surrogatepass')
    if kind == 1:
        return mutated_bytes(random, [seed.encode() for seed in seeds])
    if kind == 2 and random.random() < 0.2:
        return random_bytes(random)
    return mutated_text(random, seeds).encode('utf-8', 'surrogatepass')


def test_a_fuzzed_device_profile_is_used_or_refused(tmp_path):
    seeds = [path.read_text(encoding='utf-8') for path in sorted(PROFILES.glob('*.yaml'))]
    path = tmp_path / 'mine.yaml'

    def parse(data: bytes) -> DeviceProfile:
        path.write_bytes(data)
        return load_profile(path)

    def check(profile: DeviceProfile) -> None:
        for offset in profile.offsets.values():
            assert all(map(math.isfinite, (*offset.position_m, *offset.quaternion_xyzw)))
        assert math.isfinite(profile.latency_s) and profile.fixed_frame

    fuzz('device profile', lambda random: drawn(random, seeds), parse, (DeviceProfileError,), 500,
         check)


def test_a_fuzzed_calibration_is_used_or_refused(tmp_path):
    offset = TrackerOffset((0.01, -0.02, 0.03), (0.0, 0.0, math.sin(0.1), math.cos(0.1)))
    saved = save_calibration(tmp_path, Calibration(
        operator='anna', profile='quest', height_m=1.7, arm_scale=1.02, floor_m=0.1,
        offsets=dict.fromkeys(TRACKER_NAMES, offset)))
    seeds = [saved.read_text(encoding='utf-8')]

    def parse(data: bytes) -> Calibration | None:
        saved.write_bytes(data)
        return load_calibration(tmp_path, 'anna')

    def check(calibration: Calibration) -> None:
        assert calibration.operator == 'anna' and set(TRACKER_NAMES) <= set(calibration.offsets)
        for each in calibration.offsets.values():
            assert abs(math.hypot(*each.quaternion_xyzw) - 1.0) < 1e-2
        assert math.isfinite(calibration.height_m + calibration.arm_scale + calibration.floor_m)

    fuzz('calibration', lambda random: drawn(random, seeds), parse, (CalibrationFileError,), 500,
         check)
