# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Model folders: found by name or path; broken ones refused with one line that says why."""

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
import torch

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.model_folder import find_model
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_model import write_random_baseline


@pytest.fixture
def folder(tmp_path):
    return write_random_baseline(tmp_path / 'tiny')


def refused(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        PoseEstimator.load(folder, 'cpu').warm_up()
    assert '\n' not in str(caught.value)
    return str(caught.value)


def change_weights(folder: Path, change) -> None:
    tensors = load_file(folder / 'weights.safetensors')
    save_file({name: change(name, t) for name, t in tensors.items()},
              folder / 'weights.safetensors')


def test_a_shipped_name_and_a_path_are_found(folder):
    assert find_model(folder) == folder
    assert find_model('baseline').name == 'baseline'


def test_a_missing_folder_names_what_is_shipped():
    assert 'baseline' in refused(Path('no_such_model'))


def test_missing_weights_are_named(folder):
    (folder / 'weights.safetensors').unlink()
    assert 'weights.safetensors' in refused(folder)


def test_a_truncated_weights_file_is_refused(folder):
    path = folder / 'weights.safetensors'
    path.write_bytes(path.read_bytes()[:1000])
    assert 'weights.safetensors' in refused(folder)


def test_weights_of_another_network_are_refused(folder):
    change_weights(folder, lambda name, t: t[:-1] if name == 'embed.weight' else t)
    assert 'do not fit' in refused(folder)


def test_weights_that_are_not_finite_are_refused(folder):
    change_weights(folder, lambda name, t: t * torch.nan if name == 'embed.weight' else t)
    assert "'embed.weight' are not finite" in refused(folder)


def test_a_file_of_zeros_is_refused_at_warm_up(folder):
    change_weights(folder, lambda name, t: torch.zeros_like(t))
    assert 'no rotations' in refused(folder)


@pytest.mark.parametrize('text, told', [
    ('no: [yaml', 'config.yaml'),
    ('- a list', "names no 'architecture'"),
    ('architecture: other', "'other' is unknown; known: baseline"),
    ('{architecture: baseline, rate_hz: 60, trackers: [head], network: {size: 3}}', 'size'),
])
def test_a_broken_config_is_refused(folder, text, told):
    (folder / 'config.yaml').write_text(text)
    assert told in refused(folder)
