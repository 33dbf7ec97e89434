# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A small data folder of synthetic motion."""

import json

import pytest
from swaying_motion import swaying_motion
import torch

from motion_avatar_ros.body.motion import save_motion


@pytest.fixture
def one_thread():
    """Sum in one order, so that runs can be compared bit by bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def data_folder(tmp_path):
    """Four training clips and one each for val and test, of two sources."""
    folder, splits = tmp_path / 'data', {}
    for seed, (source, split) in enumerate([
            ('cmu', 'train'), ('cmu', 'train'), ('idle', 'train'), ('idle', 'train'),
            ('cmu', 'val'), ('cmu', 'test')]):
        name = f'{source}/clip_{seed}.npz'
        (folder / source).mkdir(parents=True, exist_ok=True)
        save_motion(folder / name, swaying_motion(seed, 90 + 10 * seed))
        splits[name] = split
    (folder / 'splits.json').write_text(json.dumps(splits))
    return folder


@pytest.fixture
def captioned_folder(tmp_path):
    """Return five clips of 2 to 4 s with captions, in two sets."""
    folder, splits, captions = tmp_path / 'data', {}, {}
    for seed, (group, split) in enumerate([
            ('cmu', 'train'), ('cmu', 'train'), ('idle', 'train'), ('cmu', 'val'),
            ('cmu', 'val')]):
        name = f'{group}/clip_{seed}.npz'
        (folder / group).mkdir(parents=True, exist_ok=True)
        save_motion(folder / name, swaying_motion(seed, 130 + 30 * seed))
        splits[name] = split
        captions[name] = [f'a person sways to the left {seed} times', f'swaying {seed}']
    (folder / 'splits.json').write_text(json.dumps(splits))
    (folder / 'captions.json').write_text(json.dumps(captions))
    return folder
