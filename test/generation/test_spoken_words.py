# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Words as networks see them: nothing is left of words that are not said."""

from __future__ import annotations

from hashed_words import HashedWords
import torch

from motion_avatar_ros.generation.spoken_words import said, words_with_sentence


def test_the_sentence_comes_first_and_every_vector_has_the_same_size():
    words, is_word = words_with_sentence(HashedWords(8).encode(['walk', 'turn left now']))
    assert words.shape == (2, 4, 8)
    assert is_word.tolist() == [[True, True, False, False], [True] * 4]
    torch.testing.assert_close(
        words.square().mean(-1), is_word.float(), rtol=1e-4, atol=1e-4)


def test_silence_holds_nothing_of_the_words_and_one_vector_to_look_at():
    words, is_word = words_with_sentence(HashedWords(8).encode(['walk', 'turn left now']))
    silent, is_silent = said(words, is_word, torch.tensor([True, False]))
    torch.testing.assert_close(silent[0], words[0])
    assert torch.equal(is_silent[0], is_word[0])
    assert (silent[1] == 0.0).all()
    assert is_silent[1].tolist() == [True, False, False, False]
