# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Who is there in a training window: the head always, the usual set mostly, and dropouts."""

import numpy as np

from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.training.tracker_presence import PresenceConfig, draw_presence

NAMES = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)


def draw(probability, seed=0, batch=2000, names=NAMES):
    return draw_presence(
        names, batch, 80, 60.0, PresenceConfig(probability), np.random.default_rng(seed)).numpy()


def test_head_never_drops_out():
    assert draw(1.0)[..., 0].all()


def test_without_dropouts_a_window_has_one_set_and_half_of_them_the_usual_one():
    present = draw(0.0)
    assert (present == present[:, :1]).all()
    usual = [name in TRACKER_NAMES for name in NAMES]
    assert 0.5 < (present[:, 0] == usual).all(axis=1).mean() < 0.6


def test_a_dropout_is_one_stretch_of_its_length():
    present = draw(1.0)[:, :, 1]
    lost = ~present[present.any(axis=1)]
    starts = np.diff(lost.astype(int), axis=1, prepend=0) == 1
    assert (starts.sum(axis=1) == 1).mean() > 0.9
    assert lost.sum(axis=1).max() <= 80


def test_fewer_trackers_than_all_are_drawn_alike():
    assert draw(0.0, names=TRACKER_NAMES).shape == (2000, 80, 3)


def test_every_set_is_met_now_and_then():
    worn = {tuple(row) for row in draw(0.0, batch=8000)[:, 0].tolist()}
    assert len(worn) == 2 ** (len(NAMES) - 1)
