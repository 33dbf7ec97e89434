# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights at a byte each."""

from __future__ import annotations

from motion_avatar_ros.estimation.compact_weights import compacted, expanded
from motion_avatar_ros.estimation.model_folder import (
    WEIGHTS_FILE, read_weights, write_compact_copy, write_model_folder,
)
import torch
from torch import nn


def test_a_matrix_comes_back_within_half_a_step_of_its_rows():
    torch.manual_seed(0)
    matrix = torch.randn(96, 8, 16) * torch.logspace(-6, 3, 96)[:, None, None]
    matrix[5] = 0.0
    back = expanded(compacted({'w': matrix}))['w']
    step = matrix.flatten(1).abs().amax(dim=1) / 127.0
    assert ((back - matrix).flatten(1).abs().amax(dim=1) <= 0.501 * step + 1e-12).all()


def test_small_tensors_vectors_and_whole_numbers_stay_as_they_are():
    tensors = {'bias': torch.randn(9000), 'small': torch.randn(8, 8),
               'table': torch.arange(10_000).reshape(100, 100)}
    assert compacted(tensors).keys() == tensors.keys()
    for name, tensor in expanded(compacted(tensors)).items():
        assert torch.equal(tensor, tensors[name].float())


def test_a_compact_folder_is_half_as_large_and_loads_into_the_same_network(tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64))
    write_model_folder(tmp_path / 'plain', {'architecture': 'x'}, network)
    write_compact_copy(tmp_path / 'plain', tmp_path / 'compact')
    sizes = [(tmp_path / name / WEIGHTS_FILE).stat().st_size for name in ('plain', 'compact')]
    assert sizes[1] < 0.56 * sizes[0]
    other = nn.Sequential(nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64))
    read_weights(tmp_path / 'compact', other)
    x = torch.randn(50, 256)
    assert (other(x) - network(x)).abs().max() < 0.02 * network(x).abs().max()
