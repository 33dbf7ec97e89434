# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Codebooks fitted anew: no code stays dead, latents get nearer, the same run gives the same."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.product_quantizer import ProductQuantizer
from motion_avatar_ros.training.codebook_refit import refit_codebooks

GROUPS, ENTRIES, CHANNELS = 2, 16, 4


@pytest.fixture
def latents() -> torch.Tensor:
    """Forty directions, most latents about a few of them."""
    random = torch.Generator().manual_seed(0)
    directions = torch.randn(40, GROUPS * CHANNELS, generator=random)
    which = (40 * torch.rand(3000, generator=random) ** 3).long()
    return directions[which] + 0.1 * torch.randn(3000, GROUPS * CHANNELS, generator=random)


def quantizer(seed: int = 0) -> ProductQuantizer:
    torch.manual_seed(seed)
    return ProductQuantizer(GROUPS, ENTRIES, CHANNELS).eval()


def refitted(latents: torch.Tensor, before: ProductQuantizer) -> ProductQuantizer:
    refit_codebooks(before, latents, torch.Generator().manual_seed(1))
    return before


def used(network: ProductQuantizer, latents: torch.Tensor) -> list[int]:
    codes = network(latents).codes
    return [len(codes[:, group].unique()) for group in range(GROUPS)]


def test_codes_far_from_all_latents_come_back_into_use(latents):
    network = quantizer()
    network.codebooks.data[:, 3:] += 50.0
    assert max(used(network, latents)) < 4
    assert used(refitted(latents, network), latents) == [ENTRIES, ENTRIES]


def test_latents_are_nearer_to_their_codes_than_before(latents):
    network = quantizer()
    before = network(latents).loss
    assert refitted(latents, network)(latents).loss < 0.5 * before


def test_no_code_is_left_on_a_single_stray_latent(latents):
    stray = torch.cat((latents, -8.0 * latents[:1]))
    network = refitted(stray, quantizer())
    codes = network(stray).codes
    for group in range(GROUPS):
        assert codes[:, group].bincount(minlength=ENTRIES).min() > 0.1 * len(stray) / ENTRIES


def test_use_is_that_of_the_codes_as_they_are_now(latents):
    network = refitted(latents, quantizer())
    counts = torch.stack([
        network(latents).codes[:, group].bincount(minlength=ENTRIES) for group in range(GROUPS)])
    torch.testing.assert_close(
        network.use, counts * (ENTRIES / len(latents)), atol=0.05, rtol=0.0)


def test_the_same_seed_gives_the_same_codes_and_gradients_stay_possible(latents):
    first, second = (refitted(latents, quantizer()) for _ in range(2))
    torch.testing.assert_close(first.codebooks, second.codebooks, rtol=0.0, atol=0.0)
    assert first.codebooks.requires_grad
    first.train()(latents).loss.backward()
    assert first.codebooks.grad is not None


def test_fewer_kinds_of_latents_than_codes_ends_without_values_that_are_not_finite():
    latents = torch.randn(1, GROUPS * CHANNELS).repeat(100, 1)
    assert torch.isfinite(refitted(latents, quantizer()).codebooks).all()
