# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SAGE's parts: what reaches what, and sizes that cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.random_sage import TINY
from motion_avatar_ros.networks.part_tokenizer import PART_JOINTS, PartTokenizer
from motion_avatar_ros.networks.sage import SageNetwork, latent_denoiser


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def inputs(batch=3):
    tokens = TINY.window // 2
    return (torch.randn(batch, tokens, TINY.latent), torch.full((batch,), 500.0),
            torch.randn(batch, TINY.window, TINY.features))


def test_halves_share_the_root_alone_and_cover_the_body():
    upper, lower = (set(PART_JOINTS[part]) for part in ('upper', 'lower'))
    assert upper & lower == {0}
    assert upper | lower == set(range(JOINT_COUNT))


@pytest.mark.parametrize('part', ['upper', 'lower'])
def test_tokens_are_half_the_frames_and_decode_to_all_of_them(part):
    network = PartTokenizer(TINY.tokenizer, part, TINY.features).eval()
    motion = torch.randn(2, TINY.window, len(PART_JOINTS[part]), 6)
    decoded, tokens = network(torch.randn(2, TINY.window, TINY.features), motion)
    assert tokens.latents.shape == (2, TINY.window // 2, TINY.latent)
    assert decoded.shape == motion.shape


def test_hidden_joints_do_not_reach_the_tokens():
    network = PartTokenizer(TINY.tokenizer, 'lower', TINY.features).eval()
    features = torch.randn(2, TINY.window, TINY.features)
    motion = torch.randn(2, TINY.window, 9, 6)
    is_hidden = torch.zeros(2, 1, 9, 1, dtype=torch.bool)
    is_hidden[:, :, 4] = True
    other = motion.clone()
    other[:, :, 4] += 10.0
    hidden, seen = (
        [network.encode(features, each, which).latents for each in (motion, other)]
        for which in (is_hidden, None))
    torch.testing.assert_close(*hidden)
    assert (seen[0] - seen[1]).abs().max() > 1e-3


def test_lower_denoiser_sees_the_upper_bodys_tokens_unless_it_is_parallel():
    noisy, times, features = inputs()
    lower = latent_denoiser(TINY, 'lower').eval()
    upper = torch.randn_like(noisy)
    with_upper, without = (
        lower(noisy, times, features, given) for given in (upper, torch.zeros_like(upper)))
    assert (with_upper - without).abs().max() > 1e-3
    assert latent_denoiser(replace(TINY, is_stratified=False), 'lower').embed_given is None
    assert latent_denoiser(TINY, 'upper').embed_given is None


def test_the_timestep_reaches_a_trained_denoiser():
    noisy, times, features = inputs()
    upper = latent_denoiser(TINY, 'upper').eval()
    torch.nn.init.normal_(upper.blocks[0].modulation[1].weight, std=0.5)
    assert (upper(noisy, times, features) - upper(noisy, times - 400.0, features)
            ).abs().max() > 1e-4


def test_refiner_starts_as_no_change_and_streams_like_the_whole():
    network = SageNetwork(TINY).eval()
    poses = torch.randn(2, 30, 6 * JOINT_COUNT)
    state = network.initial_refiner_state(2)
    torch.testing.assert_close(network.refined(poses, state)[0], poses)
    torch.nn.init.normal_(network.to_residual.weight, std=0.1)
    whole, _ = network.refined(poses, state)
    parts = []
    for frame in range(30):
        part, state = network.refined(poses[:, frame:frame + 1], state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_parts_that_are_not_trained_have_no_dropout():
    network = SageNetwork(TINY).requires_grad_(False)
    network.decoder.requires_grad_(True)
    network.train()
    assert network.decoder.training
    assert not any(module.training for module in network.denoisers.modules()
                   if module is not network.denoisers)
    network.eval()
    assert not network.decoder.training


@pytest.mark.parametrize(('change', 'words'), [
    ({'prediction': 'v'}, "prediction 'v' is unknown; known: x0, noise"),
    ({'window': 7}, 'window is 7; allowed: even numbers'),
    ({'latent': 18}, 'no multiple of 4 groups'),
    ({'width': 18}, 'width is 18; allowed: multiples of 4'),
])
def test_impossible_sizes_are_refused_with_what_is_allowed(change, words):
    with pytest.raises(ValueError, match=words):
        replace(TINY, **change)
