# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training configurations: the shipped ones load, wrong ones are refused by name."""

from pathlib import Path

import pytest
import yaml

from motion_avatar_ros.training.baseline_training import BaselineTraining
from motion_avatar_ros.training.configuration import ConfigurationError, load_training_config
from motion_avatar_ros.training.mage_training import MageTraining
from motion_avatar_ros.training.momask_training import MomaskStages
from motion_avatar_ros.training.mosa_training import MosaStages
from motion_avatar_ros.training.sage_training import SageStages
from motion_avatar_ros.training.scalemogen_training import ScaleMoGenStages
from motion_avatar_ros.training.shipped_configurations import shipped_config
from motion_avatar_ros.training.text_motion_training import TextMotionTraining

SHIPPED = sorted((Path(__file__).parents[2] / 'config' / 'training').glob('*.yaml'))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_load_and_write_back(path, tmp_path):
    config = load_training_config(path)
    assert config.model == path.stem.removesuffix('_paper')
    {'baseline': BaselineTraining, 'mage': MageTraining, 'momask': MomaskStages,
     'mosa': MosaStages, 'sage': SageStages, 'scalemogen': ScaleMoGenStages,
     'text_motion': TextMotionTraining}[config.model](config)
    written = tmp_path / 'config.yaml'
    written.write_text(yaml.safe_dump(config.as_dict()))
    assert load_training_config(written) == config


@pytest.mark.parametrize('text, told', [
    ('model: baseline\nsede: 2', "unknown 'sede'; known: model, seed"),
    ('model: baseline\noptimisation: {steps: 1.5}', 'optimisation.steps: expected int, got 1.5'),
    ('model: baseline\noptimisation: {precision: fp8}', 'allowed: fp32, bf16'),
    ('model: baseline\ndata: 3', 'expected names and values'),
    ('seed: 1', 'model'),
    ('- list', 'expected names and values'),
    ('a: [', 'configuration'),
])
def test_a_wrong_configuration_is_refused_and_says_why(tmp_path, text, told):
    path = tmp_path / 'wrong.yaml'
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        load_training_config(path)


@pytest.mark.parametrize('content', [b'a: [', b'\xff\xfe\x00', b'\x00\x01'])
def test_a_configuration_that_is_no_yaml_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / 'wrong.yaml'
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        load_training_config(path)
    assert '\n' not in str(refused.value)


@pytest.mark.parametrize('section, told', [
    ('network: {widht: 3}', "network: unknown 'widht'"), ('loss: {hands: 1.0}', "'hands'")])
def test_the_models_own_sections_are_checked_too(tmp_path, section, told):
    path = tmp_path / 'wrong.yaml'
    path.write_text(f'model: baseline\n{section}')
    with pytest.raises(ConfigurationError, match=told):
        BaselineTraining(load_training_config(path))


def test_a_change_replaces_what_the_file_says_and_is_checked_like_it(tmp_path):
    path = tmp_path / 'run.yaml'
    path.write_text('model: baseline\noptimisation: {steps: 5, batch: 7}')
    config = load_training_config(
        path, ['optimisation.steps=9', 'network.stages=[6, 22]', 'seed=3'])
    assert (config.optimisation.steps, config.optimisation.batch, config.seed) == (9, 7, 3)
    assert config.network == {'stages': [6, 22]}


@pytest.mark.parametrize('change, told', [
    ('optimisation.stesp=3', "unknown 'stesp'"), ('seed=one', 'seed: expected int'),
    ('seed', 'expected NAME=VALUE'), ('=3', 'expected NAME=VALUE'),
    ('model.name=3', "change 'model.name=3'"), ('network.stages=[', 'change'),
])
def test_a_wrong_change_is_refused_and_says_why(tmp_path, change, told):
    path = tmp_path / 'run.yaml'
    path.write_text('model: baseline')
    with pytest.raises(ConfigurationError, match=told):
        load_training_config(path, [change])


@pytest.mark.parametrize('kind', [BaselineTraining, MageTraining])
def test_a_window_shorter_than_what_the_network_attends_to_is_refused(tmp_path, kind):
    path = tmp_path / 'run.yaml'
    path.write_text('model: x\ndata: {window_frames: 30}\nnetwork: {band: 31}')
    with pytest.raises(ConfigurationError, match='is 30, shorter than the band of 31'):
        kind(load_training_config(path))


def test_presets_are_found_by_name_and_an_unknown_one_lists_them():
    assert shipped_config('mage').name == 'mage.yaml'
    assert shipped_config('mage', 'paper').name == 'mage_paper.yaml'
    with pytest.raises(ConfigurationError, match="no preset 'huge' of 'mage'; known: live, paper"):
        shipped_config('mage', 'huge')
