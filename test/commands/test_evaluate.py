# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from argparse import ArgumentParser
import csv
import json
from pathlib import Path

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import load_motion, save_motion
from motion_avatar_ros.commands import evaluate
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.one_euro_estimator import PoseSmoothing
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.training.metrics import METRIC_NAMES, clip_metrics
from motion_avatar_ros.training.online_evaluation import estimate_clips

SPLITS = {
    'cmu/a.npz': 'train', 'cmu/b.npz': 'train', 'cmu/c.npz': 'test', 'hdm05_bysa/d.npz': 'test',
    'extra/e.npz': 'test',
}


@pytest.fixture(scope='module')
def model(tmp_path_factory) -> Path:
    return write_random_baseline(tmp_path_factory.mktemp('models') / 'tiny', seed=1)


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('data')
    for seed, name in enumerate(SPLITS):
        (folder / name).parent.mkdir(exist_ok=True)
        save_motion(folder / name, swaying_motion(seed, 30 + 10 * seed))
    (folder / 'splits.json').write_text(json.dumps(SPLITS))
    return folder


def run(capsys, *arguments) -> tuple[str, str]:
    parser = ArgumentParser()
    evaluate.add_arguments(parser)
    assert evaluate.run(parser.parse_args([str(argument) for argument in arguments])) == 0
    return capsys.readouterr()


def last_json(output: str) -> dict:
    return json.loads(output.splitlines()[-1])


def test_json_is_the_mean_over_the_clips_of_the_tables_sets(model, data, capsys):
    out, _ = run(capsys, '--model', model, '--data', data, '--device', 'cpu', '--json')
    result = last_json(out)
    assert (result['model'], result['split']) == ('tiny', 'test')
    assert result['sets'] == ['cmu', 'hdm05_bysa']
    assert (result['clips'], result['frames']) == (2, 49 + 59)
    estimator = PoseEstimator.load(model, device='cpu')
    assert result['weights_sha256'] == estimator.weights_sha256
    clips = [load_motion(data / name) for name in ('cmu/c.npz', 'hdm05_bysa/d.npz')]
    scores = [
        clip_metrics(done.poses, done.truth, 60.0) for done in estimate_clips(estimator, clips)]
    for name in METRIC_NAMES:
        values = [getattr(score, name) for score in scores if getattr(score, name) is not None]
        expected = pytest.approx(np.mean(values), rel=1e-4) if values else None
        assert result[name] == expected, name
    assert result['after_2_s']['mpjpe_cm'] is None and result['clips_after_2_s'] == 0
    assert result['frame_weighted']['mpjpe_cm'] == pytest.approx(
        np.average([score.mpjpe_cm for score in scores],
                   weights=[score.frames for score in scores]), rel=1e-4)


def test_sets_and_split_choose_other_clips(model, data, capsys):
    result = last_json(run(
        capsys, '--model', model, '--data', data, '--sets', 'extra', '--json')[0])
    assert (result['sets'], result['clips']) == (['extra'], 1)
    result = last_json(run(
        capsys, '--model', model, '--data', data, '--split', 'train', '--json')[0])
    assert (result['split'], result['clips']) == ('train', 2)


def test_folder_without_splits_is_used_whole(model, data, capsys):
    out, errors = run(
        capsys, '--model', model, '--data', data / 'cmu', '--json', '--baselines')
    result = last_json(out)
    assert (result['split'], result['sets'], result['clips']) == ('all', None, 3)
    # Nothing may remember the clips it is tested on.
    assert list(result['baselines']) == ['rest_pose']
    assert 'no training split' in errors


def test_trivial_estimators_stand_beside_the_model(model, data, capsys):
    out, errors = run(capsys, '--model', model, '--data', data, '--baselines', '--json')
    baselines = last_json(out)['baselines']
    assert list(baselines) == ['rest_pose', 'mean_pose', 'nearest_neighbour']
    assert all(one['frames'] == 108 and one['mpjpe_cm'] > 0.0 for one in baselines.values())
    heading = next(line for line in out.splitlines() if 'rest_pose' in line)
    assert heading.split() == ['tiny', 'rest_pose', 'mean_pose', 'nearest_neighbour']
    row = next(line for line in out.splitlines() if line.startswith('mpjpe_cm')).split()
    assert float(row[4]) == pytest.approx(baselines['nearest_neighbour']['mpjpe_cm'], abs=1e-3)
    assert 'nearest_neighbour: 110 of 110 frames' in errors
    assert '\r' not in errors


@pytest.mark.parametrize('option', ['--streams', '--frames-per-step'])
def test_number_of_streams_and_of_frames_a_step_change_nothing(model, data, capsys, option):
    one, many = (
        last_json(run(capsys, '--model', model, '--data', data, option, count,
                      '--json')[0]) for count in (1, 5))
    for name in METRIC_NAMES:
        assert one[name] == (
            None if many[name] is None else pytest.approx(many[name], rel=1e-3)), name


def test_without_json_no_json_is_printed_and_confidence_is_shown(model, data, capsys):
    out, _ = run(capsys, '--model', model, '--data', data)
    assert '{' not in out
    assert 'confidence_corr' in out


def test_per_clip_table_has_a_row_for_each_clip(model, data, capsys, tmp_path):
    table = tmp_path / 'clips.csv'
    out, _ = run(capsys, '--model', model, '--data', data, '--per-clip', table, '--json')
    with table.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['clip'] for row in rows] == ['cmu/c', 'hdm05_bysa/d']
    assert [row['frames'] for row in rows] == ['49', '59']
    assert np.mean([float(row['mpjpe_cm']) for row in rows]) == pytest.approx(
        last_json(out)['mpjpe_cm'])


def test_clips_are_in_the_json_if_asked_for(model, data, capsys):
    out, _ = run(capsys, '--model', model, '--data', data, '--json-clips', '--one-euro')
    result = last_json(out)
    clips = result['per_clip']
    assert clips['clips'] == ['cmu/c', 'hdm05_bysa/d']
    assert list(clips['models']) == ['tiny', 'tiny+one_euro']
    assert np.mean(clips['models']['tiny']['mpjpe_cm']) == pytest.approx(result['mpjpe_cm'])
    assert tuple(clips['models']['tiny']) == METRIC_NAMES


@pytest.fixture(scope='module')
def seeds(tmp_path_factory) -> list[Path]:
    """Models in folders that share a name, as those of training runs do."""
    folder = tmp_path_factory.mktemp('seeds')
    return [write_random_baseline(folder / f'run{seed}' / 'model', seed=seed) for seed in (2, 3)]


def test_models_are_compared_with_others_clip_by_clip(model, seeds, data, capsys):
    out, _ = run(capsys, '--model', ','.join(map(str, seeds)), '--against', model,
                 '--data', data, '--json')
    result = last_json(out)
    against = result['against']
    assert (against['models'], against['against']) == ([str(seed) for seed in seeds], ['tiny'])
    alone = [last_json(run(capsys, '--model', one, '--data', data, '--json')[0])['mpjpe_cm']
             for one in (*seeds, model)]
    one = against['metrics']['mpjpe_cm']
    assert one['mean'] == pytest.approx(np.mean(alone[:2]))
    assert one['against_mean'] == pytest.approx(alone[2])
    assert one['seeds_std'] == pytest.approx(np.std(alone[:2], ddof=1))
    assert one['percent_low'] <= one['percent'] <= one['percent_high']
    assert [each['mpjpe_cm'] for each in result['models'].values()] == pytest.approx(alone)
    assert result['mpjpe_cm'] == pytest.approx(alone[0])
    assert 'against tiny: mean over clips, paired bootstrap' in out


def test_one_model_alone_has_no_comparison(model, data, capsys):
    result = last_json(run(capsys, '--model', model, '--data', data, '--json')[0])
    assert not {'against', 'against_one_euro', 'models', 'one_euro'} & set(result)


def test_filtered_model_stands_beside_the_model_and_trembles_less(model, seeds, data, capsys):
    out, _ = run(capsys, '--model', model, '--against', seeds[0], '--data', data, '--json',
                 '--one-euro', '2,0', '--noise-deg', '3')
    result = last_json(out)
    smooth = result['one_euro']
    assert smooth['smoothing'] == {
        'min_cutoff_hz': 2.0, 'beta': 0.0, 'derivative_cutoff_hz': 1.0}
    assert 0.0 < smooth['tiny+one_euro']['jitter_1e2_m_s3'] < result['jitter_1e2_m_s3']
    heading = next(line for line in out.splitlines() if line.lstrip().startswith('tiny'))
    assert heading.split() == ['tiny', 'model', 'tiny+one_euro', 'model+one_euro']
    assert result['against_one_euro']['against'] == ['model+one_euro']
    assert result['against_one_euro']['models'] == ['tiny']


def test_filter_without_numbers_is_the_default(model, data, capsys):
    result = last_json(run(
        capsys, '--model', model, '--data', data, '--one-euro', '--json')[0])
    assert result['one_euro']['smoothing']['min_cutoff_hz'] == PoseSmoothing().min_cutoff_hz


@pytest.mark.parametrize('option, value', [
    ('--one-euro', '3'), ('--one-euro', '0,1'), ('--one-euro', '1,-1'), ('--one-euro', 'a,b'),
    ('--one-euro', '1,2,3'), ('--model', ','), ('--model', 'mage,mage'), ('--against', ''),
])
def test_bad_list_or_filter_is_refused(option, value):
    parser = ArgumentParser()
    evaluate.add_arguments(parser)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(['--model', 'x', '--data', 'y', option, value])
    assert caught.value.code == 2


@pytest.mark.parametrize('arguments, said', [
    (('--data', '/nowhere'), '/nowhere'),
    (('--split', 'dev'), 'known: test, train'),
    (('--sets', 'cmu,kit'), "no set 'kit'; known: cmu, extra, hdm05_bysa"),
    (('--sets', ','), 'known: cmu'),
    (('--model', 'nonesuch'), 'nonesuch'),
    (('--device', 'abacus'), 'abacus'),
    (('--model', 'mage', '--against', 'baseline,mage'), 'name the same model'),
    (('--per-clip', '/nowhere/x.csv'), '/nowhere/x.csv'),
])
def test_mistake_is_one_clear_line(model, data, capsys, arguments, said):
    with pytest.raises(MotionAvatarError, match=said) as caught:
        run(capsys, '--model', model, '--data', data, *arguments)
    assert '\n' not in str(caught.value)


def test_unreadable_clip_is_named(model, data, tmp_path, capsys):
    (tmp_path / 'broken.npz').write_bytes(b'not an archive')
    with pytest.raises(MotionAvatarError, match='broken.npz'):
        run(capsys, '--model', model, '--data', tmp_path)


@pytest.mark.parametrize('streams', ['0', '-3', 'many'])
def test_bad_number_of_streams_is_refused(streams):
    parser = ArgumentParser()
    evaluate.add_arguments(parser)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(['--model', 'x', '--data', 'y', '--streams', streams])
    assert caught.value.code == 2


def test_poses_ahead_are_scored_against_the_truth_then_with_prediction_and_without(
    model, data, capsys
):
    out, _ = run(
        capsys, '--model', model, '--data', data, '--device', 'cpu', '--ahead-ms', 50, '--json')
    result = last_json(out)
    held, predicted = (result['ahead'][f'tiny{sign}50ms'] for sign in '-+')
    assert held['frames'] == predicted['frames'] < result['frames']
    assert held['mpjpe_cm'] != result['mpjpe_cm'] != predicted['mpjpe_cm']


def test_a_model_that_needs_hands_is_not_measured_without_them(model, data):
    with pytest.raises(MotionAvatarError, match="'tiny' needs head, left_hand, right_hand"):
        run(None, '--model', model, '--data', data, '--dropout-percent', 20)


def test_windows_take_whole_clips_and_measure_what_streaming_does_where_they_are_longer(
    tmp_path, data, capsys
):
    options = ('--model', write_random_mage(tmp_path / 'tiny'), '--data', data, '--device', 'cpu',
               '--json')
    streamed, windowed = (
        last_json(run(capsys, *options, *more)[0]) for more in ((), ('--windows', '120,60')))
    assert windowed['windows'] == {'frames': 120, 'overlap': 60}
    assert windowed['frames'] == streamed['frames']
    assert windowed['mpjpe_cm'] == pytest.approx(streamed['mpjpe_cm'], rel=1e-4)


@pytest.mark.parametrize('windows', ['120', '120,61', 'a,b', '120,60,1'])
def test_windows_that_are_none_are_refused(windows, data, capsys):
    parser = ArgumentParser()
    evaluate.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(['--model', 'mage', '--data', str(data), '--windows', windows])
    assert '--windows' in capsys.readouterr().err
