# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The transformer of scales: what a token sees, with keys kept or not."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.mosa import MosaConfig
from motion_avatar_ros.networks.scale_blocks import rotary_angles, turned

CONFIG = MosaConfig(
    features=6, tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4,
    scales=(1, 2, 4, 7), fewest_codes=5, most_codes=8, width=16, layers=2, heads=2,
    feed_forward=24, text=10)


@pytest.fixture(scope='module')
def parts():
    torch.manual_seed(0)
    transformer = CONFIG.transformer().eval().requires_grad_(False)
    quantizer = CONFIG.tokenizer().quantizer.requires_grad_(False)
    return transformer, quantizer


@pytest.fixture
def batch():
    torch.manual_seed(1)
    words, is_word = torch.randn(2, 5, 10), torch.ones(2, 5, dtype=torch.bool)
    is_word[1, 3:] = False
    tokens = [torch.randint(count, (2, scale)) for count, scale in zip(
        CONFIG.codes, CONFIG.scales, strict=True)]
    return words, is_word, tokens, torch.tensor([7, 5])


def own(logits, row, counts, transformer):
    """Return the logits of a clip's own tokens."""
    lengths = transformer.resampling.lengths[counts[row]]
    return [each[row, :length] for each, length in zip(logits, lengths, strict=True)]


def test_changing_tokens_of_a_scale_changes_no_logits_up_to_it_and_all_after_it(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    before = transformer(words, is_word, quantizer.inputs(tokens, counts, 7), counts)
    for scale in range(len(CONFIG.scales)):
        changed = list(tokens)
        changed[scale] = (tokens[scale] + 1) % CONFIG.codes[scale]
        after = transformer(words, is_word, quantizer.inputs(changed, counts, 7), counts)
        for row in range(2):
            same = [torch.equal(a, b) for a, b in zip(
                own(before, row, counts, transformer), own(after, row, counts, transformer),
                strict=True)]
            assert same == [later <= scale for later in range(len(CONFIG.scales))]


def test_with_keys_kept_each_step_gives_the_logits_of_all_scales_at_once(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    inputs = quantizer.inputs(tokens, counts, 7)
    at_once = transformer(words, is_word, inputs, counts)
    generation = transformer.begin(words, is_word, counts)
    steps = [
        transformer.step(generation, inputs[scale - 1] if scale else None, counts)
        for scale in range(len(CONFIG.scales))]
    for row in range(2):
        for a, b in zip(
                own(at_once, row, counts, transformer), own(steps, row, counts, transformer),
                strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_a_clip_gets_the_logits_it_would_get_alone(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    together = transformer(words, is_word, quantizer.inputs(tokens, counts, 7), counts)
    alone = transformer(
        words[1:, :3], is_word[1:, :3],
        quantizer.inputs([each[1:] for each in tokens], counts[1:], 7), counts[1:])
    for a, b in zip(own(together, 1, counts, transformer),
                    own(alone, 0, counts[1:], transformer), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_words_and_length_tell_and_words_that_are_not_there_do_not(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    inputs = quantizer.inputs(tokens, counts, 7)
    before = transformer(words, is_word, inputs, counts)
    garbled = words.clone()
    garbled[1, 3:] = 50.0
    after = transformer(garbled, is_word, inputs, counts)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    garbled[:, 1] = 50.0
    after = transformer(garbled, is_word, inputs, counts)
    assert not any(torch.allclose(a, b) for a, b in zip(before, after, strict=True))
    longer = transformer(words, is_word, inputs, torch.tensor([7, 6]))
    assert torch.equal(longer[0][0], before[0][0])
    assert not torch.allclose(longer[0][1, :1], before[0][1, :1])


def test_positions_span_the_same_range_at_every_scale_and_for_every_length():
    for lengths in (torch.tensor([7, 4]), torch.tensor([2, 3])):
        angles = rotary_angles(lengths, 7, 8)
        assert angles.shape == (2, 7, 4)
        assert (angles[:, 0] == 0.0).all()
        last = angles[torch.arange(2), lengths - 1]
        torch.testing.assert_close(last[0], last[1])
        assert last[0, 0] == pytest.approx(64.0)
    assert (rotary_angles(torch.tensor([1]), 1, 8) == 0.0).all()


def test_what_attention_sees_of_positions_is_their_difference():
    torch.manual_seed(0)
    query, key = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)
    angles = torch.rand(1, 1, 4)
    for shift in (0.0, 5.0):
        product = (turned(query, angles + shift) * turned(key, 2 * angles + shift)).sum()
        torch.testing.assert_close(
            product, (query * turned(key, angles)).sum(), rtol=1e-4, atol=1e-4)


def test_codes_grow_evenly_from_the_first_scale_to_the_last():
    assert MosaConfig(fewest_codes=256, most_codes=768).codes == (
        256, 313, 370, 427, 484, 540, 597, 654, 711, 768)
    assert CONFIG.codes == (5, 6, 7, 8)
    assert CONFIG.longest_frames == 28
