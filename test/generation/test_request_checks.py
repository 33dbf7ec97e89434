# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Requests that make no sense get one clear line."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation.request_checks import (
    GenerationError, check_source, check_texts,
)


@pytest.mark.parametrize('frames', [-5, 0, 1, 3, 6001, 100_000])
def test_lengths_that_make_no_sense_are_refused_with_what_is_allowed(frames):
    with pytest.raises(GenerationError, match=rf'^{frames} frames .*allowed: 4 to 6000$'):
        check_texts(['walk'], [frames])


def test_as_many_lengths_as_texts_are_asked_for():
    check_texts(['walk', ''], [4, 6000])
    with pytest.raises(GenerationError, match='2 texts, but 1 lengths'):
        check_texts(['walk', 'run'], [40])


def test_a_source_and_its_mask_are_checked_before_anything_is_made():
    source, is_kept = np.zeros((40, 5), dtype=np.float32), np.ones(40, dtype=bool)
    check_source(source, is_kept, 5)
    for bad in (source[:, :4], source[0], np.full_like(source, np.nan)):
        with pytest.raises(GenerationError, match=r'a motion to edit is \(frames, 5\) finite'):
            check_source(bad, is_kept, 5)
    for mask in (is_kept[:-1], is_kept.astype(float)):
        with pytest.raises(GenerationError, match='a truth value for each of 40 frames'):
            check_source(source, mask, 5)
    with pytest.raises(GenerationError, match='3 frames'):
        check_source(source[:3], is_kept[:3], 5)
