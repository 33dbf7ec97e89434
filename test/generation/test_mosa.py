# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa as a generator: the same seed, any length, parts that stay."""

from __future__ import annotations

from hashed_words import HashedWords
import numpy as np
import pytest
from swaying_motion import swaying_motion
import torch
import yaml

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.generation.motion_features import features_from_motion
from motion_avatar_ros.generation.prompt_text import PromptError
from motion_avatar_ros.generation.random_mosa import write_random_mosa
from motion_avatar_ros.generation.request_checks import GenerationError
from motion_avatar_ros.generation.text_to_motion import load_generator


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_random_mosa(tmp_path_factory.mktemp('models') / 'tiny')


@pytest.fixture
def generator(folder, monkeypatch):
    monkeypatch.setattr(
        'motion_avatar_ros.generation.mosa.text_encoder', lambda name: HashedWords())
    return load_generator(folder, 'cpu')


@pytest.fixture
def source():
    return features_from_motion(swaying_motion(0, 300))


def reconstruction(generator, source):
    """Return what the tokeniser alone makes of a source of whole latents."""
    tokenizer = generator.network.tokenizer
    frames = torch.from_numpy(source)[None]
    counts = torch.tensor([len(source) // 4])
    with torch.inference_mode():
        tokens = tokenizer.tokens(frames, counts).tokens
        latents = tokenizer.quantizer.decode(tokens, counts, int(counts))
        return tokenizer.frames(latents, counts)[0].numpy()


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


@pytest.mark.parametrize('frames', [4, 5, 39, 40, 41, 196, 197, 500])
def test_any_length_that_makes_sense_is_made(generator, frames):
    made, = generator.generate([''], [frames], 1)
    assert made.shape == (frames, 269) and np.isfinite(made).all()


def test_a_long_motion_goes_on_where_its_first_window_ends(generator):
    long, = generator.generate(['walk'], [372], 3)
    first = generator.edit(
        np.zeros((196, 269), np.float32), np.zeros(196, bool), 'walk', 3)
    np.testing.assert_allclose(long[:176], first[:176], atol=1e-4)


def test_nothing_said_is_any_motion_and_words_make_another(generator):
    silent, other_silence = (
        generator.generate([text], [60], 5)[0] for text in ('', '  \x07 '))
    np.testing.assert_array_equal(silent, other_silence)
    assert np.abs(generator.generate(['walk'], [60], 5)[0] - silent).max() > 1e-3


def test_requests_that_make_no_sense_are_refused(generator, source):
    for frames in (0, 1, 3, 100_000):
        with pytest.raises(GenerationError, match='allowed: 4 to 6000'):
            generator.generate(['walk'], [frames], 1)
    with pytest.raises(PromptError):
        generator.generate(['x' * 10_000], [60], 1)
    with pytest.raises(GenerationError, match='finite'):
        generator.edit(np.full_like(source, np.nan), np.ones(len(source), bool), '', 1)
    made, = generator.generate(['一个人向前走 🚶'], [60], 1)
    assert made.shape == (60, 269)


def test_with_everything_kept_an_edit_is_the_tokenisers_reconstruction(generator, source):
    source = source[:100]
    made = generator.edit(source, np.ones(100, bool), 'walk', 1)
    np.testing.assert_allclose(made, reconstruction(generator, source), atol=1e-5)
    again = generator.edit(source, np.ones(100, bool), 'jump', 2)
    np.testing.assert_array_equal(made, again)


def test_what_is_remade_does_not_depend_on_what_was_there(generator, source):
    source, is_kept = source[:90], np.ones(90, bool)
    is_kept[30:70] = False
    made = generator.edit(source, is_kept, 'walk', 1)
    assert made.shape == source.shape
    changed = source.copy()
    changed[30:70] = 5.0
    np.testing.assert_array_equal(generator.edit(changed, is_kept, 'walk', 1), made)
    assert np.abs(generator.edit(source, is_kept, 'walk', 2) - made).max() > 1e-3


def test_an_edit_with_nothing_kept_is_a_motion_to_the_text(generator, source):
    made = generator.edit(source[:60], np.zeros(60, bool), 'walk', 9)
    np.testing.assert_array_equal(made, generator.generate(['walk'], [60], 9)[0])


def test_folders_that_hold_no_generator_are_refused_in_one_line(folder, tmp_path):
    with pytest.raises(ModelFolderError, match="'baseline' makes no motion from words"):
        load_generator('baseline')
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    broken = tmp_path / 'broken'
    broken.mkdir()
    for change in ({'network': {'no': 1}}, {'sampler': {'top_k': 0.0}}, {'network': None}):
        (broken / 'config.yaml').write_text(yaml.safe_dump({**config, **change}))
        with pytest.raises(ModelFolderError, match='config.yaml'):
            load_generator(broken)
    (broken / 'config.yaml').write_text(yaml.safe_dump(config))
    with pytest.raises(ModelFolderError, match='weights.safetensors'):
        load_generator(broken)
