# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`generate` and `edit`: motion files, or one clear line."""

from __future__ import annotations

from hashed_words import HashedWords
import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import load_motion, save_motion
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.generation.motion_features import (
    features_from_motion, motion_from_features,
)
from motion_avatar_ros.generation.random_mosa import write_random_mosa
from motion_avatar_ros.generation.random_scalemogen import write_random_scalemogen


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return str(write_random_mosa(tmp_path_factory.mktemp('models') / 'tiny'))


@pytest.fixture(scope='module')
def part_model(tmp_path_factory):
    return str(write_random_scalemogen(tmp_path_factory.mktemp('models') / 'parts'))


@pytest.fixture(autouse=True)
def hashed_words(monkeypatch):
    for module in ('mosa', 'scalemogen'):
        monkeypatch.setattr(
            f'motion_avatar_ros.generation.{module}.text_encoder', lambda name: HashedWords())


@pytest.fixture
def motion(tmp_path):
    """Return a file of 6 s at 60 Hz."""
    path = tmp_path / 'motion.npz'
    save_motion(path, swaying_motion(0, 361))
    return path


def generate(model, out, *options):
    return main(['generate', model, '--out', str(out), *options])


def edit(model, motion, out, *options):
    return main(['edit', model, '--motion', str(motion), '--out', str(out), *options])


def test_a_sentence_becomes_a_motion_file_and_the_same_one_for_the_same_seed(
    model, tmp_path, capsys
):
    for name, seed in (('a', '3'), ('b', '3'), ('c', '4')):
        assert generate(model, tmp_path / f'{name}.npz', '--text', 'a person walks', '--frames',
                        '50', '--seed', seed) == 0
    assert "50 frames by 'tiny'" in capsys.readouterr().out
    a, b, c = (load_motion(tmp_path / f'{name}.npz') for name in 'abc')
    assert len(a) == 50 and a.rate_hz == 20.0
    np.testing.assert_array_equal(a.poses.local_rotations, b.poses.local_rotations)
    assert np.abs(a.poses.local_rotations - c.poses.local_rotations).max() > 1e-3


@pytest.mark.parametrize('frames', ['0', '1', '-3', '100000'])
def test_lengths_that_make_no_sense_are_one_line_before_a_model_is_looked_for(
    frames, tmp_path, capsys
):
    assert generate('no_such_model', tmp_path / 'a.npz', '--frames', frames) == 2
    said = capsys.readouterr().err
    assert said.count('\n') == 1 and 'allowed: 4 to 6000' in said
    assert not (tmp_path / 'a.npz').exists()


@pytest.mark.parametrize('text', ['', '人が歩く', '\x00\x1b[31m walk \n\n', '🕺' * 50])
def test_any_prompt_of_a_sensible_length_makes_a_motion(model, text, tmp_path):
    assert generate(model, tmp_path / 'a.npz', '--text', text, '--frames', '40') == 0
    assert len(load_motion(tmp_path / 'a.npz')) == 40


def test_a_prompt_that_is_too_long_is_one_line(model, tmp_path, capsys):
    assert generate(model, tmp_path / 'a.npz', '--text', 'walk ' * 2000) == 2
    said = capsys.readouterr().err
    assert said.count('\n') == 1 and 'at most 1000' in said


def test_a_model_that_is_not_there_and_a_file_that_is_are_told(model, tmp_path, capsys):
    assert generate('no_such_model', tmp_path / 'a.npz') == 2
    assert 'no such folder; shipped models' in capsys.readouterr().err
    (tmp_path / 'a.npz').touch()
    assert generate(model, tmp_path / 'a.npz') == 2
    assert 'exists already' in capsys.readouterr().err


def test_what_an_edit_leaves_alone_is_the_motions_own(model, motion, tmp_path):
    out = tmp_path / 'edited.npz'
    assert edit(model, motion, out, '--remake', '2,4', '--text', 'jump') == 0
    own = features_from_motion(load_motion(motion))
    before = motion_from_features(own).poses.global_joints()[1]
    after = load_motion(out).poses.global_joints()[1]
    assert len(after) == len(own) == 121
    np.testing.assert_allclose(after[:32], before[:32], atol=1e-3)
    assert np.abs(after[40:80] - before[40:80]).max() > 0.05
    # After it the pose is the motion's own again, wherever the new part has led to.
    np.testing.assert_allclose(
        features_from_motion(load_motion(out))[90:, 10:136], own[90:, 10:136], atol=1e-3)


def test_a_motion_is_carried_on(model, motion, tmp_path):
    out = tmp_path / 'longer.npz'
    assert edit(model, motion, out, '--extend', '1.5') == 0
    assert len(load_motion(out)) == 121 + 30


def test_a_part_or_other_words_are_an_edit_of_the_whole_time_or_of_some_of_it(
    part_model, motion, tmp_path, capsys
):
    made = []
    for name, options in (
            ('part', ('--part', 'left_arm', '--part', 'head')),
            ('some', ('--part', 'left_arm', '--remake', '2,4')),
            ('words', ('--was', 'a person sways')), ('time', ('--remake', '2,4'))):
        out = tmp_path / f'{name}.npz'
        assert edit(part_model, motion, out, '--text', 'a person jumps', *options) == 0
        made.append(load_motion(out))
    assert 'of 121 frames' in capsys.readouterr().out
    assert [len(each) for each in made] == [121] * 4
    own = motion_from_features(features_from_motion(load_motion(motion)))
    np.testing.assert_allclose(
        made[1].poses.local_rotations[:32], own.poses.local_rotations[:32], atol=1e-4)
    assert edit(part_model, motion, tmp_path / 'a.npz', '--part', 'tail') == 2
    assert "no part 'tail' of the body; known: root" in capsys.readouterr().err


def test_edits_that_make_no_sense_are_one_line(model, motion, tmp_path, capsys):
    for options, reason in (
            ((), 'nothing to do'), (('--remake', '9,12'), 'the motion has 6.05 s'),
            (('--extend', '400'), 'allowed: 4 to 6000'), (('--part', 'head'), 'scalemogen has'),
            (('--was', 'a person walks'), 'scalemogen has'),
            (('--text', 'x' * 1001, '--extend', '1'), 'at most 1000')):
        assert edit(model, motion, tmp_path / 'a.npz', *options) == 2
        said = capsys.readouterr().err
        assert said.count('\n') == 1 and reason in said
    for stretch in ('3', '4,2', 'a,b', '-1,2'):
        with pytest.raises(SystemExit):
            edit(model, motion, tmp_path / 'a.npz', f'--remake={stretch}')
        assert 'error' in capsys.readouterr().err
