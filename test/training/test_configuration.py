# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training configurations: the shipped ones load, wrong ones are refused by name."""

from pathlib import Path

import pytest
import yaml

from motion_avatar_ros.training.baseline_training import BaselineTraining
from motion_avatar_ros.training.configuration import ConfigurationError, load_training_config
from motion_avatar_ros.training.mage_training import MageTraining

SHIPPED = sorted((Path(__file__).parents[2] / 'config' / 'training').glob('*.yaml'))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_load_and_write_back(path, tmp_path):
    config = load_training_config(path)
    assert config.model == path.stem
    {'baseline': BaselineTraining, 'mage': MageTraining}[config.model](config)
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
