# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MAGE: streams exactly, uses every stage and every tracker, and refuses what it cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from motion_avatar_ros.networks.mage import MageConfig, MageNetwork
from motion_avatar_ros.networks.mage_denoiser import FUSIONS

CONFIG = MageConfig(width=32, heads=4, band=6, blocks=(1, 1, 1))
FRAMES = 30


def make(config: MageConfig = CONFIG) -> MageNetwork:
    torch.manual_seed(0)
    network = MageNetwork(config).eval()
    for name, parameter in network.named_parameters():
        if 'lag_bias' in name or 'to_' in name and '.blocks.' not in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return network


@pytest.fixture
def inputs():
    random = torch.Generator().manual_seed(1)
    return (
        torch.randn(2, FRAMES, 6, 18, generator=random),
        torch.randn(2, 1, 132, generator=random).expand(-1, FRAMES, -1),
        torch.tensor([999, 499]))


@pytest.mark.parametrize('cuts', [[1] * FRAMES, [7, 1, 2, 20], [29, 1]])
def test_cut_anywhere_the_stream_equals_the_whole_clip(inputs, cuts):
    network, (features, noisy, timestep) = make(), inputs
    state, poses = None, []
    for part, noise in zip(features.split(cuts, dim=1), noisy.split(cuts, dim=1), strict=True):
        output, state = network(part, noise, timestep, state)
        poses.append(output.pose.local_rotations)
    torch.testing.assert_close(
        torch.cat(poses, dim=1), network(features, noisy, timestep)[0].pose.local_rotations,
        atol=1e-4, rtol=0.0)


def test_no_frame_sees_what_comes_after_it(inputs):
    network, (features, noisy, timestep) = make(), inputs
    changed = features.clone()
    changed[:, 20:] += 1.0
    before = network(features, noisy, timestep)[0].x0
    after = network(changed, noisy, timestep)[0].x0
    assert torch.equal(before[:, :20], after[:, :20])
    assert not torch.allclose(before[:, 20:], after[:, 20:])


@pytest.mark.parametrize('tracker', range(1, 6))
def test_values_of_an_absent_tracker_do_not_matter_but_its_absence_does(inputs, tracker):
    network, (features, noisy, timestep) = make(), inputs
    absent, partly = features.clone(), features.clone()
    absent[:, :, tracker] = torch.nan
    partly[:, :, tracker, 3] = torch.nan  # one bad number is as good as none at all
    without = network(absent, noisy, timestep)[0].x0
    assert torch.isfinite(without).all()
    assert torch.equal(network(partly, noisy, timestep)[0].x0, without)
    assert not torch.allclose(network(features, noisy, timestep)[0].x0, without)


@pytest.mark.parametrize('stage', [0, 1])
def test_recovered_motion_of_a_stage_reaches_the_pose(inputs, stage):
    network, (features, noisy, timestep) = make(), inputs
    before = network(features, noisy, timestep)[0].x0
    with torch.no_grad():
        network.denoisers[0].embed_parts[stage].weight.zero_()
    assert (network(features, noisy, timestep)[0].x0 - before).abs().mean() > 1e-3


def test_what_the_stage_before_sampled_reaches_the_next_denoiser(inputs):
    network = make(replace(CONFIG, variant='sequential'))
    features, _, timestep = inputs
    noisy = torch.zeros(2, FRAMES, network.noise_size(1))
    given = torch.randn(2, FRAMES, 6, 9, generator=torch.Generator().manual_seed(2))
    one, _ = network(features, noisy, timestep, phase=1, given=given)
    other, _ = network(features, noisy, timestep, phase=1, given=given + 0.5)
    assert one.parts[11].shape == (2, FRAMES, 11, 9) and one.pose is None
    assert (one.x0 - other.x0).abs().mean() > 1e-3


@pytest.mark.parametrize('fusion', FUSIONS)
@pytest.mark.parametrize('stages', [(22,), (11, 22), (6, 11, 22)])
def test_every_variant_of_the_paper_can_be_built(inputs, fusion, stages):
    config = replace(CONFIG, fusion=fusion, stages=stages, blocks=(1,) * len(stages))
    output, _ = make(config)(*inputs)
    assert output.pose.local_rotations.shape == (2, FRAMES, 22, 3, 3)
    assert {parts: tuple(each.shape[2:]) for parts, each in output.parts.items()} == {
        parts: (parts, 9) for parts in stages[:-1]}


@pytest.mark.parametrize(('changes', 'words'), [
    ({'fusion': 'c'}, 'allowed: c\\+f'), ({'variant': 'cascade'}, 'allowed: gradual, seq'),
    ({'stages': (6, 22)}, 'as many of each'),
    ({'stages': (6, 11, 21)}, 'the last one of 22'), ({'stages': (3, 11, 22)}, '6 and 11'),
])
def test_impossible_variant_is_refused_with_what_is_allowed(changes, words):
    with pytest.raises(ValueError, match=words):
        replace(CONFIG, **changes)
