# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen as a generator: the same seed, any length, what an edit leaves alone."""

from __future__ import annotations

from hashed_words import HashedWords
import numpy as np
import pytest
from swaying_motion import swaying_motion
import torch
import yaml

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.generation.motion_features import features_from_motion
from motion_avatar_ros.generation.random_scalemogen import write_random_scalemogen
from motion_avatar_ros.generation.request_checks import GenerationError
from motion_avatar_ros.generation.text_to_motion import load_generator


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_random_scalemogen(tmp_path_factory.mktemp('models') / 'tiny')


@pytest.fixture
def generator(folder, monkeypatch):
    monkeypatch.setattr(
        'motion_avatar_ros.generation.scalemogen.text_encoder', lambda name: HashedWords())
    return load_generator(folder, 'cpu')


@pytest.fixture
def source():
    return features_from_motion(swaying_motion(0, 300))[:90]


@pytest.fixture
def drawn(generator, monkeypatch):
    """Return the latents that the generator decodes, one after the other."""
    latents = []
    frames = generator.tokenizer.frames
    monkeypatch.setattr(
        generator.tokenizer, 'frames',
        lambda each, counts: (latents.append(each.clone()), frames(each, counts))[1])
    return latents


@pytest.fixture
def written(generator, monkeypatch):
    """Return the tokens that the quantiser brings back, with their map, one after the other."""
    tokens = []
    quantizer = generator.network.tokenizer.quantizer
    layer = quantizer.layer
    monkeypatch.setattr(
        quantizer, 'layer',
        lambda each, index, *more: (
            tokens.append((index, each.clone())), layer(each, index, *more))[1])
    return tokens


def source_tokens(generator, source):
    """Return the tokens of a source, its last frame gone on with to the end of a latent."""
    tokenizer = generator.network.tokenizer
    frames = torch.zeros(1, 96, 269)
    frames[0, :92] = torch.from_numpy(np.pad(source, ((0, 2), (0, 0)), mode='edge'))
    counts = torch.tensor([23])
    return tokenizer.tokens(frames, counts), counts


def test_a_motion_is_told_by_text_length_and_seed(generator):
    first = generator.generate(['walk', 'jump'], [80, 43], 7)
    assert [each.shape for each in first] == [(80, 269), (43, 269)]
    assert all(each.dtype == np.float32 and np.isfinite(each).all() for each in first)
    again = generator.generate(['walk', 'jump'], [80, 43], 7)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    alone, = generator.generate(['walk'], [80], 7)
    np.testing.assert_allclose(alone, first[0], atol=1e-4)
    for text, frames, seed in (('run', 80, 7), ('walk', 84, 7), ('walk', 80, 8)):
        other, = generator.generate([text], [frames], seed)
        assert np.abs(other[:80] - first[0]).max() > 1e-3


@pytest.mark.parametrize('frames', [4, 41, 96, 97, 250])
def test_any_length_that_makes_sense_is_made(generator, frames):
    made, = generator.generate([''], [frames], 1)
    assert made.shape == (frames, 269) and np.isfinite(made).all()


def test_with_everything_kept_an_edit_is_the_tokenisers_reconstruction(generator, source):
    found, counts = source_tokens(generator, source)
    with torch.inference_mode():
        expected = generator.network.tokenizer.frames(sum(found.layers), counts)[0, :90]
    made = generator.edit(source, np.ones(90, bool), 'walk', 1)
    np.testing.assert_allclose(made, expected.numpy(), atol=1e-4)
    again = generator.edit_parts(source, np.ones(90, bool), ['head'], 'jump', 2)
    np.testing.assert_allclose(again, made, atol=1e-4)


def test_what_is_remade_does_not_depend_on_what_was_there(generator, source):
    is_kept = np.ones(90, bool)
    is_kept[30:70] = False
    made = generator.edit(source, is_kept, 'walk', 1)
    changed = source.copy()
    changed[30:70] = 5.0
    np.testing.assert_array_equal(generator.edit(changed, is_kept, 'walk', 1), made)
    assert np.abs(generator.edit(source, is_kept, 'walk', 2) - made).max() > 1e-3


def test_parts_that_are_not_chosen_keep_the_sources_bits_at_every_map(
    generator, source, drawn, written
):
    found, counts = source_tokens(generator, source)
    members = generator.network.tokenizer.quantizer.scales.members
    written.clear()
    generator.edit_parts(source, np.zeros(90, bool), ['left_arm', 'right_arm'], 'wave', 3)
    assert [index for index, _ in written] == list(range(6))
    for (index, made), tokens in zip(written, found.tokens, strict=True):
        is_chosen = members(index)[:, [0, 1, 2, 3, 6]].sum(dim=1) == 0.0
        length = int(generator.network.tokenizer.quantizer.scales.cell_lengths(counts)[0, index])
        assert torch.equal(made[:, :length, ~is_chosen], tokens[:, :length, ~is_chosen])
        if is_chosen.any():
            assert not torch.equal(made[:, :length, is_chosen], tokens[:, :length, is_chosen])
    total, truth = (each.unflatten(-1, (7, -1)) for each in (drawn[-1], sum(found.layers)))
    torch.testing.assert_close(total[:, :, [0, 1, 2, 3, 6]], truth[:, :, [0, 1, 2, 3, 6]])


def test_a_part_and_a_time_leave_the_part_alone_at_other_times(generator, source, drawn):
    is_kept = np.ones(90, bool)
    is_kept[40:60] = False
    generator.edit_parts(source, is_kept, ['head'], 'nod', 3)
    found, _ = source_tokens(generator, source)
    total, truth = (each.unflatten(-1, (7, -1)) for each in (drawn[-1], sum(found.layers)))
    torch.testing.assert_close(total[:, :, :6], truth[:, :, :6])
    assert not torch.allclose(total[0, 10:15, 6], truth[0, 10:15, 6])
    with pytest.raises(GenerationError, match="no part 'tail' of the body; known: root, left_leg"):
        generator.edit_parts(source, is_kept, ['tail'], '', 1)
    with pytest.raises(GenerationError, match='no part'):
        generator.edit_parts(source, is_kept, [], '', 1)


def test_the_same_words_leave_a_motion_as_it_is_and_others_its_coarse_maps(
    generator, source, drawn, written
):
    found, counts = source_tokens(generator, source)
    truth, none = sum(found.layers), np.zeros(90, bool)
    every = ['root', 'left_leg', 'right_leg', 'spine', 'left_arm', 'right_arm', 'head']
    generator.reword(source, none, every, 'a person walks', 'a person walks', 4)
    torch.testing.assert_close(drawn[-1], truth)
    written.clear()
    generator.reword(source, none, every, 'a person walks', 'a person jumps high', 4)
    assert not torch.allclose(drawn[-1], truth)
    # Behind the source's own layers, of each map what is made and what it was.
    made = [tokens for _, tokens in written[len(found.tokens)::2]]
    kept = generator.sampler.config.kept_maps
    lengths = generator.network.tokenizer.quantizer.scales.cell_lengths(counts)[0]
    same = [torch.equal(a[:, :length], b[:, :length]) for a, b, length in zip(
        made, found.tokens, lengths, strict=True)]
    assert all(same[:kept]) and not all(same[kept:])
    generator.reword(source, none, ['left_arm'], 'a person walks', 'a person jumps high', 4)
    parts = drawn[-1].unflatten(-1, (7, -1))
    rest = [0, 1, 2, 3, 5, 6]
    torch.testing.assert_close(parts[:, :, rest], truth.unflatten(-1, (7, -1))[:, :, rest])


def test_folders_that_hold_no_generator_are_refused_in_one_line(folder, tmp_path):
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    for change in ({'network': {'no': 1}}, {'sampler': {'temperature': 0.0}},
                   {'network': {**config['network'], 'lengths': [1]}}):
        (tmp_path / 'config.yaml').write_text(yaml.safe_dump({**config, **change}))
        with pytest.raises(ModelFolderError, match='config.yaml'):
            load_generator(tmp_path)
