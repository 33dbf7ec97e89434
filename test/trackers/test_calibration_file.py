# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Calibrations on disk: what comes back, and which damaged files are refused how."""

from __future__ import annotations

from dataclasses import replace
import math
import os

import pytest
import yaml

from motion_avatar_ros.trackers.calibration import Calibration, TrackerFit, TrackerOffset
from motion_avatar_ros.trackers.calibration_file import (
    CalibrationFileError, OperatorNameError, calibration_path, default_operators_folder,
    known_operators, load_calibration, save_calibration,
)

QUARTER = (0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5))
ANNA = Calibration(
    height_m=1.8123456789012345, arm_scale=1.03, floor_m=-17.25,
    offsets={
        'head': TrackerOffset((0.1 / 3.0, 1e-17, -0.08), QUARTER),
        'left_hand': TrackerOffset((0.0, 0.05, 0.0), (0.5, -0.5, 0.5, -0.5)),
        'right_hand': TrackerOffset(), 'pelvis': TrackerOffset((0.0, 0.0, -0.1), QUARTER)},
    operator='anna', profile='quest', height_std_m=0.008, arm_scale_std=0.01, floor_std_m=0.004,
    fits={'head': TrackerFit(0.004, 0.01, 0.002, 0.005),
          'left_hand': TrackerFit(0.006, 0.02, 0.003, 0.006)},
    verdict='good: "explained" within 5 mm: yes, # all of it ±', date='2026-03-01T12:00:00Z')


def document(folder):
    return yaml.safe_load((folder / 'anna.yaml').read_text(encoding='utf-8'))


def spoil(folder, text):
    (folder / 'anna.yaml').write_text(text, encoding='utf-8')


def test_every_value_comes_back_exactly(tmp_path):
    folder = tmp_path / 'new' / 'operators'
    path = save_calibration(folder, ANNA)
    assert path == folder / 'anna.yaml'
    assert load_calibration(folder, 'anna') == ANNA


def test_file_can_be_read_by_people(tmp_path):
    text = save_calibration(tmp_path, ANNA).read_text(encoding='utf-8')
    assert text.startswith('# Calibration of the operator anna')
    assert document(tmp_path)['trackers']['head']['rpy_deg'] == [0.0, 0.0, 90.0]
    assert len(text.splitlines()) < 40


def test_gimbal_lock_warns_nobody(tmp_path, recwarn):
    pitched = TrackerOffset((0.0, 0.0, 0.0), (0.0, math.sqrt(0.5), 0.0, math.sqrt(0.5)))
    save_calibration(tmp_path, replace(ANNA, offsets={**ANNA.offsets, 'head': pitched}))
    assert not recwarn.list
    assert document(tmp_path)['trackers']['head']['rpy_deg'] == pytest.approx([0.0, 90.0, 0.0])


def test_copied_file_is_the_calibration_of_its_new_name(tmp_path):
    path = save_calibration(tmp_path, ANNA)
    (tmp_path / 'ben.yaml').write_bytes(path.read_bytes())
    assert load_calibration(tmp_path, 'ben') == replace(ANNA, operator='ben')
    (tmp_path / '.hidden.yaml').touch()
    (tmp_path / 'notes.txt').touch()
    assert known_operators(tmp_path) == ('anna', 'ben')


def test_nobody_is_known_where_there_is_no_folder(tmp_path):
    assert known_operators(tmp_path / 'missing') == ()
    assert load_calibration(tmp_path / 'missing', 'anna') is None


def test_folder_follows_ros_home(monkeypatch, tmp_path):
    monkeypatch.setenv('ROS_HOME', str(tmp_path))
    assert default_operators_folder() == tmp_path / 'motion_avatar_ros' / 'operators'
    monkeypatch.delenv('ROS_HOME')
    monkeypatch.setenv('HOME', '/somewhere')
    assert str(default_operators_folder()) == '/somewhere/.ros/motion_avatar_ros/operators'


@pytest.mark.parametrize('name', ['', '../anna', 'a/b', 'anna.yaml', 'anna b', 'é', 'a' * 65,
                                  '.', 'anna\n'])
def test_name_that_could_leave_the_folder_is_refused(tmp_path, name):
    for act in (lambda: calibration_path(tmp_path, name),
                lambda: load_calibration(tmp_path, name),
                lambda: save_calibration(tmp_path, replace(ANNA, operator=name))):
        with pytest.raises(OperatorNameError, match='letters, digits'):
            act()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(('change', 'words'), [
    ({'height_m': math.nan}, 'height_m is nan'),
    ({'height_m': 2.5}, 'height_m is 2.5; allowed: a finite number in 1.4 .. 2.1'),
    ({'floor_m': math.inf}, 'floor_m is inf'),
    ({'offsets': {'head': TrackerOffset()}}, "'trackers.left_hand' is missing"),
    ({'offsets': {**ANNA.offsets, 'tail': TrackerOffset()}}, "'trackers.tail' is unknown"),
    ({'offsets': {**ANNA.offsets, 'head': TrackerOffset((0, 0, 0), (0, 0, 0, 0))}}, 'length 0'),
])
def test_what_could_not_be_read_back_is_not_written_over_a_good_file(tmp_path, change, words):
    before = save_calibration(tmp_path, ANNA).read_bytes()
    with pytest.raises(CalibrationFileError, match=words):
        save_calibration(tmp_path, replace(ANNA, **change))
    assert [path.name for path in tmp_path.iterdir()] == ['anna.yaml']
    assert (tmp_path / 'anna.yaml').read_bytes() == before


@pytest.mark.parametrize(('keys', 'value', 'words'), [
    (('format_version',), 0, 'format_version is 0; this version reads 1'),
    (('format_version',), True, 'format_version is True'),
    (('format_version',), None, 'format_version is None'),
    (('height_m',), 'tall', "height_m is 'tall', not a number"),
    (('height_m',), 1.2, 'height_m is 1.2'),
    (('height_m',), float('nan'), 'height_m is nan'),
    (('height_m',), True, 'height_m is True'),
    (('arm_scale',), 0.0, 'arm_scale is 0'),
    (('floor_m',), float('-inf'), 'floor_m is -inf'),
    (('height_std_m',), -0.1, 'height_std_m is -0.1'),
    (('verdict',), 7, 'verdict is 7, not a text'),
    (('trackers',), [], 'trackers holds no keys'),
    (('trackers', 'head'), None, 'trackers.head holds no keys'),
    (('trackers', 'head', 'position_m'), [0.0, 0.0], 'trackers.head.position_m is'),
    (('trackers', 'head', 'position_m'), [0.0, 0.0, 3.0], 'trackers.head.position_m is 3'),
    (('trackers', 'head', 'quaternion_xyzw'), [0.0, 0.0, 0.0, 0.9], 'length 0.9'),
    (('trackers', 'head', 'quaternion_xyzw'), [0.0, 0.0, 0.0, float('nan')], 'is nan'),
    (('trackers', 'head', 'fit', 'residual_m'), -1.0, 'fit.residual_m is -1'),
    (('trackers', 'tail'), {}, "'trackers.tail' is unknown"),
    (('trackers', 'head', 'angle'), 1.0, "'trackers.head.angle' is unknown"),
    (('colour',), 'red', "'colour' is unknown"),
])
def test_impossible_value_is_one_line_that_names_it(tmp_path, keys, value, words):
    save_calibration(tmp_path, ANNA)
    content = document(tmp_path)
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    spoil(tmp_path, yaml.safe_dump(content))
    with pytest.raises(CalibrationFileError) as refusal:
        load_calibration(tmp_path, 'anna')
    assert words in str(refusal.value) and 'anna.yaml' in str(refusal.value)
    assert '\n' not in str(refusal.value)


@pytest.mark.parametrize('keys', [
    ('height_m',), ('date',), ('trackers',), ('format_version',), ('trackers', 'right_hand'),
    ('trackers', 'head', 'quaternion_xyzw'), ('trackers', 'head', 'fit', 'residual_rad')])
def test_missing_key_is_named(tmp_path, keys):
    save_calibration(tmp_path, ANNA)
    content = document(tmp_path)
    place = content
    for key in keys[:-1]:
        place = place[key]
    del place[keys[-1]]
    spoil(tmp_path, yaml.safe_dump(content))
    with pytest.raises(CalibrationFileError, match=keys[-1]):
        load_calibration(tmp_path, 'anna')


@pytest.mark.parametrize(('text', 'words'), [
    ('', 'holds no keys'), ('- a\n- b\n', 'holds no keys'), ('a: [1, 2\nb: 3\n', 'is not YAML'),
    ('!!python/object/apply:os.system ["true"]\n', 'is not YAML'),
    pytest.param('[' * 5000, 'is not YAML', id='deep'),
    pytest.param('a: ' + 'x' * 70000, 'larger than 65536 bytes', id='large'),
    ('format_version: 2\nwhatever: 1\n', 'format_version is 2'),
])
def test_file_that_is_something_else_is_refused(tmp_path, text, words):
    spoil(tmp_path, text)
    with pytest.raises(CalibrationFileError, match=words):
        load_calibration(tmp_path, 'anna')


def test_file_of_bytes_is_refused(tmp_path):
    (tmp_path / 'anna.yaml').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(CalibrationFileError, match='is not text'):
        load_calibration(tmp_path, 'anna')


def test_folder_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / 'anna.yaml').mkdir()
    with pytest.raises(CalibrationFileError, match='cannot be read'):
        load_calibration(tmp_path, 'anna')
    with pytest.raises(CalibrationFileError, match='cannot be written'):
        save_calibration(tmp_path, ANNA)
    assert known_operators(tmp_path) == ()


def test_disk_that_fails_in_the_middle_leaves_the_file_before(tmp_path, monkeypatch):
    save_calibration(tmp_path, ANNA)

    def fail(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', fail)
    with pytest.raises(CalibrationFileError, match='No space left'):
        save_calibration(tmp_path, replace(ANNA, height_m=1.5))
    assert load_calibration(tmp_path, 'anna') == ANNA
    assert [path.name for path in tmp_path.iterdir()] == ['anna.yaml']
