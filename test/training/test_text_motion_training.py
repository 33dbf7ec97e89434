# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The evaluator's space: what is padded or alike must not matter, what belongs together must."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.text_motion import TextMotionConfig, TextMotionNetwork
from motion_avatar_ros.training.text_motion_training import contrast, statistics

CONFIG = TextMotionConfig(features=9, text=6, width=16, embedding=8)


@pytest.fixture
def network() -> TextMotionNetwork:
    torch.manual_seed(0)
    return TextMotionNetwork(CONFIG).eval()


def test_what_comes_after_a_motion_does_not_matter(network):
    features = torch.randn(2, 40, 9)
    counts = torch.tensor([24, 40])
    changed = features.clone()
    changed[0, 24:] = 100.0
    vectors = network.embed_motions(features, counts)
    torch.testing.assert_close(network.embed_motions(changed, counts), vectors)
    torch.testing.assert_close(vectors.square().sum(-1), torch.full((2,), 8.0), rtol=1e-2, atol=0)
    torch.testing.assert_close(
        statistics(changed, counts), statistics(features, counts))


def test_statistics_are_those_of_the_frames():
    features = torch.randn(1, 50, 9)
    mean, *logs = statistics(features, torch.tensor([30])).chunk(3, dim=-1)
    deviation, change = (each[0].exp() - 0.01 for each in logs)
    torch.testing.assert_close(mean[0], features[0, :30].mean(0))
    torch.testing.assert_close(deviation, features[0, :30].std(0, correction=0))
    torch.testing.assert_close(
        change, features[0, :30].diff(dim=0).square().mean(0).sqrt())


def test_the_right_pairs_have_the_least_loss_and_the_same_caption_is_no_mistake():
    vectors = torch.eye(8) * 8.0 ** 0.5
    captions, sentences = torch.arange(8), torch.eye(8, 6)
    sentences[6:] = 0.0
    temperature = torch.tensor(0.1)
    right = contrast(vectors, vectors, sentences, captions, temperature)
    wrong = contrast(vectors, vectors.roll(1, 0), sentences, captions, temperature)
    assert right < 0.01 and wrong > 5.0
    twice = captions.clone()
    twice[1] = 0
    swapped = vectors[[1, 0, *range(2, 8)]]
    assert contrast(vectors, swapped, sentences, twice, temperature) < 0.3 * wrong


def test_captions_that_are_alike_are_no_strangers():
    vectors = torch.eye(8) * 8.0 ** 0.5
    captions, sentences = torch.arange(8), torch.eye(8)
    near = vectors.clone()
    near[1] = near[0]
    strange = contrast(near, near, sentences, captions, torch.tensor(0.1))
    sentences[1] = sentences[0]
    assert contrast(near, near, sentences, captions, torch.tensor(0.1)) < 0.5 * strange
