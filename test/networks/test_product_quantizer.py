# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The quantiser: nearest codes, gradients straight through, no dead codes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from motion_avatar_ros.networks.product_quantizer import ProductQuantizer


@pytest.fixture
def quantizer():
    torch.manual_seed(0)
    return ProductQuantizer(groups=2, entries=8, channels=3)


def test_each_group_takes_its_nearest_code(quantizer):
    latents = torch.randn(4, 5, 6)
    quantized = quantizer.eval()(latents)
    assert quantized.codes.shape == (4, 5, 2)
    for group in range(2):
        part = functional.layer_norm(latents[..., 3 * group:3 * group + 3], (3,))
        nearest = (part[..., None, :] - quantizer.codebooks[group]).norm(dim=-1).argmin(-1)
        assert (quantized.codes[..., group] == nearest).all()
        torch.testing.assert_close(
            quantized.latents[..., 3 * group:3 * group + 3], quantizer.codebooks[group][nearest])


def test_gradients_pass_straight_through_and_the_loss_pulls_codes_and_latents(quantizer):
    latents = torch.randn(3, 6, requires_grad=True)
    quantized = quantizer.eval()(latents)
    weights = torch.randn(3, 6)
    (weights * quantized.latents).sum().backward(retain_graph=True)
    normed = latents.detach().clone().requires_grad_(True)
    (weights * functional.layer_norm(normed.unflatten(-1, (2, 3)), (3,)).flatten(-2)
     ).sum().backward()
    torch.testing.assert_close(latents.grad, normed.grad)
    assert quantizer.codebooks.grad is None
    quantized.loss.backward()
    assert quantizer.codebooks.grad.abs().sum() > 0.0


def test_codes_that_nobody_uses_come_to_where_latents_are(quantizer):
    with torch.no_grad():
        quantizer.codebooks[:, 1:] += 100.0  # one code takes all
    for step in range(400):
        torch.manual_seed(step)
        quantizer.train()(torch.randn(64, 6))
    codes = quantizer.eval()(torch.randn(512, 6)).codes
    assert [len(codes[:, group].unique()) for group in range(2)] == [8, 8]


def test_codes_in_use_stay_where_gradients_put_them(quantizer):
    latents = torch.randn(256, 6)
    for _ in range(600):
        quantizer.train()(latents)
    before = quantizer.codebooks.detach().clone()
    quantizer(latents)
    used = quantizer.use > 0.7
    assert used.any()
    assert (quantizer.codebooks[used] == before[used]).all()


def test_half_of_the_training_latents_pass_as_they_are(quantizer):
    latents = torch.randn(400, 6)
    normed = functional.layer_norm(latents.unflatten(-1, (2, 3)), (3,)).flatten(-2)
    passed = (quantizer.train()(latents).latents == normed).all(dim=-1)
    assert 0.4 < passed.float().mean() < 0.6


def test_nothing_moves_while_evaluating(quantizer):
    before = quantizer.codebooks.detach().clone()
    quantizer.eval()(torch.randn(64, 6))
    assert (quantizer.codebooks == before).all() and (quantizer.use == 0.0).all()
