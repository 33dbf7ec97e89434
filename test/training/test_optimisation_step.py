# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A step's loss must fit into a CUDA graph, which a machine without a GPU can tell too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from motion_avatar_ros.training.baseline_training import BaselineTraining
from motion_avatar_ros.training.clips import find_clips
from motion_avatar_ros.training.configuration import (
    DataConfig, OptimisationConfig, TrainingConfig,
)
from motion_avatar_ros.training.mage_training import MageTraining
from motion_avatar_ros.training.optimisation_step import OptimisationStep

CPU = torch.device('cpu')
#: Constants made on the host, values asked for, shapes that depend on values.
FORBIDDEN = {'lift_fresh', '_local_scalar_dense', 'nonzero', 'masked_select', 'unique2'}
SMALL = {'width': 16, 'heads': 2, 'band': 8}


class Seen(TorchDispatchMode):
    """Notes what is computed."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.add(function.__name__.split('.')[0])
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize('made', [
    (BaselineTraining, {**SMALL, 'layers': 1}),
    (MageTraining, SMALL),
])
def test_a_loss_asks_a_gpu_for_nothing_and_copies_nothing_to_it(made, data_folder):
    kind, network_config = made
    training = kind(TrainingConfig(
        'x', 1, network_config, DataConfig(window_frames=12),
        optimisation=OptimisationConfig(batch=4)))
    training.load_data(data_folder, {
        split: find_clips(data_folder, split) for split in ('train', 'val')})
    network = training.build_network(CPU)
    batch = training.draw(4, np.random.default_rng(0), CPU)
    training.loss(network, batch)[0].backward()  # what is made once may be copied
    with Seen() as seen:
        training.loss(network, batch)[0].backward()
    assert 'mul' in seen.names
    assert not seen.names & FORBIDDEN


def test_the_learning_rate_of_a_step_is_the_one_given():
    network = torch.nn.Linear(1, 1, bias=False)
    optimiser = torch.optim.SGD(network.parameters(), lr=123.0)
    update = OptimisationStep(
        lambda network, batch: (network(batch).sum(), {}), network, optimiser, 10.0, False)
    before = network.weight.item()
    update(torch.ones(1, 1), 0.25)
    assert network.weight.item() == pytest.approx(before - 0.25)
