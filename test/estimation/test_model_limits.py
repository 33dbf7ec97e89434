# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A number in a model's config.yaml that asks for more memory or time than there is."""

from __future__ import annotations

import time

import pytest
from safetensors.torch import load_file, save_file
import torch
import yaml

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.estimation.random_sage import write_random_sage


def refusal(folder, **changes) -> str:
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    for key, value in changes.items():
        section, _, name = key.rpartition('__')
        (config[section] if section else config)[name] = value
    (folder / 'config.yaml').write_text(yaml.safe_dump(config))
    began_s = time.monotonic()
    with pytest.raises(ModelFolderError) as caught:
        PoseEstimator.load(folder, 'cpu')
    assert time.monotonic() - began_s < 5.0
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(('changes', 'word'), [
    ({'network__width': 4096, 'network__layers': 64}, 'numbers, and weights.safetensors has'),
    ({'network__layers': 10 ** 9}, 'network.layers'), ({'network__width': 10 ** 9}, 'width'),
    ({'network__width': -1}, 'width'), ({'network__width': 0}, 'do not fit'),
    ({'network__heads': 7}, 'network'), ({'network__width': '32'}, 'network'),
    ({'network__width': [1, [2]]}, 'network.width'), ({'network': 3}, 'network'),
    ({'rate_hz': 1e9}, 'rate_hz'), ({'rate_hz': True}, 'rate_hz'), ({'rate_hz': None}, 'rate_hz'),
    ({'trackers': 'head'}, 'trackers'), ({'trackers': ['head', 'head']}, 'trackers'),
    ({'trackers': ['left_hand', 'head', 'right_hand']}, 'head first'),
    ({'trackers': ['head', 'left_hand']}, 'network.trackers is 3'),
    ({'architecture': ['baseline']}, 'unknown')])
def test_a_baseline_is_refused_before_it_is_built(tmp_path, changes, word):
    assert word in refusal(write_random_baseline(tmp_path / 'm'), **changes)


@pytest.mark.parametrize('write', [write_random_mage, write_random_sage])
@pytest.mark.parametrize(('changes', 'word'), [
    ({'sampler__steps': 10 ** 6}, 'sampler.steps'), ({'sampler__seed': -1}, 'sampler.seed'),
    ({'sampler__steps': 0}, 'steps'), ({'sampler': []}, 'sampler'),
    ({'network__training_steps': 10 ** 9}, 'training_steps')])
def test_a_sampler_is_refused_before_it_runs(tmp_path, write, changes, word):
    assert word in refusal(write(tmp_path / 'm'), **changes)


def test_scales_that_are_not_those_of_the_rows_multiply_nothing(tmp_path):
    folder = write_random_baseline(tmp_path / 'm')
    path = folder / 'weights.safetensors'
    save_file(load_file(path) | {'embed.weight.row_scale': torch.ones(10 ** 6)}, path)
    assert 'no scale for each of its rows' in refusal(folder)


def test_weights_of_a_type_that_none_is_of_are_refused(tmp_path):
    folder = write_random_baseline(tmp_path / 'm')
    path = folder / 'weights.safetensors'
    weights = load_file(path)
    save_file(weights | {'embed.weight': weights['embed.weight'].to(torch.complex64)}, path)
    assert 'complex64; allowed' in refusal(folder)
