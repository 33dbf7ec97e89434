# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Clips with captions: what is left out, cut and mirrored, and captions that are none."""

from __future__ import annotations

import json

import pytest

from motion_avatar_ros.body.motion import Motion, save_motion
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.training.captioned_clips import load_captioned_clips
from motion_avatar_ros.training.clips import DataFolderError


@pytest.fixture
def data(tmp_path):
    """Return a folder: a clip of 25 s to train with, another to test, and two to leave out."""
    walk = builtin_motion('walk', 20.0)
    frames = {'a/long': 500, 'a/tested': 500, 'b/short': 39, 'b/silent': 100}
    for name, count in frames.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        repeated = walk.poses[[index % len(walk) for index in range(count)]]
        save_motion(tmp_path / f'{name}.npz', Motion(repeated, 20.0))
    (tmp_path / 'splits.json').write_text(json.dumps({
        f'{name}.npz': 'test' if name == 'a/tested' else 'train' for name in frames}))
    (tmp_path / 'captions.json').write_text(json.dumps({
        f'{name}.npz': [f'{name} turns left'] for name in frames if name != 'b/silent'}))
    return tmp_path


def test_clips_to_train_with_are_whole_and_mirrored_ones_say_so(data):
    clip, other = load_captioned_clips(data, 'train', with_mirrored=True)
    assert (clip.name, clip.set, len(clip.features)) == ('a/long', 'a', 500)
    assert clip.captions == ('a/long turns left',) and not clip.is_mirrored
    assert other.captions == ('a/long turns right',) and other.is_mirrored
    assert (other.features != clip.features).any() and other.name == clip.name


def test_clips_to_test_with_are_cut_into_what_is_made_at_once(data):
    assert [len(clip.features) for clip in load_captioned_clips(data, 'test')] == [166, 167, 167]


def test_a_set_without_a_clip_that_serves_is_told(data):
    with pytest.raises(DataFolderError, match='40 frames'):
        load_captioned_clips(data, 'train', ['b'])


@pytest.mark.parametrize(('text', 'problem'), [
    (None, 'learn from'), ('{', 'JSON'), ('["a"]', 'list of sentences'),
    ('{"a/long.npz": "one"}', 'list of sentences')])
def test_captions_that_are_none_are_told(data, text, problem):
    if text is None:
        (data / 'captions.json').unlink()
    else:
        (data / 'captions.json').write_text(text)
    with pytest.raises(DataFolderError, match=problem):
        load_captioned_clips(data, 'train')
