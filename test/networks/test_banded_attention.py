# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Banded attention streams exactly: no look-ahead, no dependence on how a clip is cut."""

import pytest
import torch

from motion_avatar_ros.networks.baseline import BaselineConfig, BaselineNetwork

CONFIG = BaselineConfig(width=32, layers=3, heads=4, band=6)
FRAMES = 40


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = BaselineNetwork(CONFIG).eval()
    for name, parameter in network.named_parameters():
        if 'lag_bias' in name or name.startswith('to_'):
            torch.nn.init.normal_(parameter, std=0.3)
    return network


@pytest.fixture
def features():
    return torch.randn(2, FRAMES, 3, 18, generator=torch.Generator().manual_seed(1))


def whole(network, features):
    return network(features)[0].local_rotations


@pytest.mark.parametrize('cuts', [[1] * FRAMES, [7, 1, 2, 30], [39, 1]])
def test_cut_anywhere_the_stream_equals_the_whole_clip(network, features, cuts):
    state, parts = None, []
    for part in features.split(cuts, dim=1):
        output, state = network(part, state)
        parts.append(output.local_rotations)
    torch.testing.assert_close(
        torch.cat(parts, dim=1), whole(network, features), atol=1e-4, rtol=0.0)


def test_the_future_never_changes_the_past(network, features):
    before = whole(network, features)[:, :20]
    features[:, 20:] += 5.0
    torch.testing.assert_close(whole(network, features)[:, :20], before, atol=1e-6, rtol=0.0)


def test_the_past_beyond_the_band_of_all_layers_is_forgotten(network, features):
    reach = CONFIG.layers * (CONFIG.band - 1)
    before = whole(network, features)
    features[:, 0] += 5.0
    after = whole(network, features)
    assert (after - before)[:, reach].abs().max() > 1e-6
    torch.testing.assert_close(
        after[:, reach + 1:], before[:, reach + 1:], atol=1e-6, rtol=0.0)


def test_a_stream_that_starts_late_is_not_touched_by_its_batch(network, features):
    _, state = network(features[:, :10])
    state.filled[1] = 0
    output, _ = network(features[:, 10:], state)
    alone, _ = network(features[1:, 10:])
    torch.testing.assert_close(
        output.local_rotations[1], alone.local_rotations[0], atol=1e-5, rtol=0.0)


def test_the_error_head_does_not_shape_the_pose(network, features):
    network(features)[0].log_error.sum().backward()
    assert network.embed.weight.grad is None
    assert network.to_log_error[-1].weight.grad is not None


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match='width=30'):
        BaselineNetwork(BaselineConfig(width=30, heads=4))
