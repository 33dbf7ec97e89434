# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The transformer of maps: what a cell sees, with keys kept or not."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.adaptive_blocks import DropPath, grid_angles
from motion_avatar_ros.networks.scale_blocks import turned
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig

CONFIG = ScaleMoGenConfig(
    widths=(4, 6, 8), bits=4, lengths=(1, 2, 4, 6), groups=(1, 2, 5, 7), width=16, layers=2,
    heads=2, feed_forward=24, text=10)


@pytest.fixture(scope='module')
def parts():
    torch.manual_seed(0)
    transformer = CONFIG.transformer().eval().requires_grad_(False)
    return transformer, CONFIG.tokenizer().quantizer


@pytest.fixture
def batch():
    torch.manual_seed(1)
    words, is_word = torch.randn(2, 5, 10), torch.ones(2, 5, dtype=torch.bool)
    is_word[1, 3:] = False
    tokens = [
        torch.rand(2, length, groups, 4) < 0.5
        for length, groups in zip(CONFIG.lengths, CONFIG.groups, strict=True)]
    return words, is_word, tokens, torch.tensor([6, 4])


def inputs_of(quantizer, tokens, counts):
    layers = [quantizer.layer(each, index, counts, 6) for index, each in enumerate(tokens)]
    return quantizer.inputs(layers, counts)


def own(logits, row, counts, transformer):
    """Return the logits of a clip's own cells."""
    lengths = transformer.scales.cell_lengths(counts)[row]
    return [each[row, :length] for each, length in zip(logits, lengths, strict=True)]


def test_changing_bits_of_a_map_changes_no_logits_up_to_it_and_all_after_it(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    before = transformer(words, is_word, inputs_of(quantizer, tokens, counts), counts)
    for index in range(len(tokens)):
        changed = list(tokens)
        changed[index] = ~tokens[index]
        after = transformer(words, is_word, inputs_of(quantizer, changed, counts), counts)
        for row in range(2):
            same = [torch.equal(a, b) for a, b in zip(
                own(before, row, counts, transformer), own(after, row, counts, transformer),
                strict=True)]
            assert same == [later <= index for later in range(len(tokens))]


def test_with_keys_kept_each_step_gives_the_logits_of_all_maps_at_once(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    inputs = inputs_of(quantizer, tokens, counts)
    at_once = transformer(words, is_word, inputs, counts)
    generation = transformer.begin(words, is_word, counts)
    steps = [
        transformer.step(generation, inputs[index - 1] if index else None, counts)
        for index in range(len(tokens))]
    for row in range(2):
        for a, b in zip(
                own(at_once, row, counts, transformer), own(steps, row, counts, transformer),
                strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_a_clip_gets_the_logits_it_would_get_alone(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    together = transformer(words, is_word, inputs_of(quantizer, tokens, counts), counts)
    alone = transformer(
        words[1:, :3], is_word[1:, :3],
        inputs_of(quantizer, [each[1:] for each in tokens], counts[1:]), counts[1:])
    for a, b in zip(own(together, 1, counts, transformer),
                    own(alone, 0, counts[1:], transformer), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_words_and_length_tell_and_words_that_are_not_there_do_not(parts, batch):
    transformer, quantizer = parts
    words, is_word, tokens, counts = batch
    inputs = inputs_of(quantizer, tokens, counts)
    before = transformer(words, is_word, inputs, counts)
    garbled = words.clone()
    garbled[1, 3:] = 50.0
    after = transformer(garbled, is_word, inputs, counts)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    garbled[:, 1] = 50.0
    after = transformer(garbled, is_word, inputs, counts)
    assert not any(torch.allclose(a, b) for a, b in zip(before, after, strict=True))
    longer = transformer(words, is_word, inputs, torch.tensor([6, 5]))
    assert torch.equal(longer[0][0], before[0][0])
    assert not torch.allclose(longer[0][1], before[0][1])


def test_a_map_may_begin_with_several_cells():
    config = ScaleMoGenConfig(
        widths=(4, 6, 8), bits=4, lengths=(2, 4), groups=(7, 7), width=16, layers=1, heads=2,
        feed_forward=24, text=10)
    transformer = config.transformer().eval().requires_grad_(False)
    words, counts = torch.randn(1, 2, 10), torch.tensor([4])
    generation = transformer.begin(words, torch.ones(1, 2, dtype=torch.bool), counts)
    logits = transformer.step(generation, None, counts)
    assert logits.shape == (1, 2, 7, 4)
    assert not torch.allclose(logits[:, :, 0], logits[:, :, 1])


def test_what_attention_sees_of_places_is_their_difference_in_time_and_in_the_body():
    torch.manual_seed(0)
    query, key = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)
    products = [
        (turned(query, grid_angles(torch.tensor([[time + 2.0]]), torch.tensor([part + 1.0]), 8))
         * turned(key, grid_angles(torch.tensor([[time]]), torch.tensor([part]), 8))).sum()
        for time, part in ((0.0, 0.0), (5.0, 0.0), (0.0, 3.0), (7.0, 4.0))]
    for product in products[1:]:
        torch.testing.assert_close(product, products[0], rtol=1e-4, atol=1e-4)


def test_paths_left_out_are_made_up_for_and_only_in_training():
    torch.manual_seed(0)
    path, x = DropPath(0.25), torch.ones(4000, 1, 1)
    assert torch.equal(path.eval()(x), x)
    path.train()
    assert float(path(x).mean()) == pytest.approx(1.0, abs=0.05)
    torch.testing.assert_close(path(x).unique(), torch.tensor([0.0, 4.0 / 3.0]))


def test_heads_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match='no multiple of four times'):
        ScaleMoGenConfig(width=18, heads=3).transformer()
