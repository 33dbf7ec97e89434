# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion longer than a generator's longest: no seam, no frame twice, what is kept stays."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation.motion_windows import edited_in_windows, with_kept_frames


class Recorder:
    """An editor that marks what it makes with the window's number."""

    def __init__(self) -> None:
        self.calls: list[tuple[np.ndarray, np.ndarray]] = []

    def __call__(self, source, is_kept, window):
        self.calls.append((source.copy(), is_kept.copy()))
        return np.where(is_kept[:, None], source, 100.0 + window).astype(np.float32)


@pytest.mark.parametrize('frames', [4, 19, 20, 21, 60, 61, 75, 100, 101, 480])
def test_any_length_comes_out_and_no_window_is_too_long_or_much_shorter_than_others(frames):
    edit = Recorder()
    nothing = np.zeros((frames, 2), dtype=np.float32)
    made = edited_in_windows(edit, nothing, np.zeros(frames, dtype=bool), 60, 20)
    assert made.shape == (frames, 2) and made.dtype == np.float32
    assert (made >= 100.0).all()
    lengths = [len(source) for source, _ in edit.calls]
    assert max(lengths) <= 60
    assert len(lengths) == 1 or min(lengths) > 20
    assert len(lengths) == max(1, -(-(frames - 20) // 40))


def test_each_window_keeps_the_last_frames_of_what_was_made_and_fades_in_over_them():
    edit = Recorder()
    made = edited_in_windows(
        lambda source, is_kept, window: edit(source, is_kept, window) + 1.0,
        np.zeros((100, 1), dtype=np.float32), np.zeros(100, dtype=bool), 60, 20)
    (_, first_kept), (second, second_kept) = edit.calls
    assert not first_kept.any()
    assert second_kept[:20].all() and not second_kept[20:].any()
    assert (second[:20] == 101.0).all()
    shared = made[40:60, 0]
    assert (np.diff(shared) > 0.0).all() and 101.0 < shared[0] < 101.1 < 101.9 < shared[-1] < 102.0
    assert (made[60:] == 102.0).all()


def test_frames_of_a_long_motion_that_stay_reach_the_editor_as_they_are():
    edit = Recorder()
    source = np.arange(150, dtype=np.float32)[:, None]
    is_kept = np.ones(150, dtype=bool)
    is_kept[70:90] = False
    made = edited_in_windows(edit, source, is_kept, 60, 20)
    np.testing.assert_array_equal(made[is_kept], source[is_kept])
    assert (made[70:90] >= 100.0).all()


def test_kept_frames_are_the_sources_own_and_pass_into_the_new_ones_without_a_jump():
    source, made = np.zeros((50, 1), dtype=np.float32), np.ones((50, 1), dtype=np.float32)
    is_kept = np.ones(50, dtype=bool)
    is_kept[20:30] = False
    mixed = with_kept_frames(made, source, is_kept, 4)[:, 0]
    assert (mixed[:16] == 0.0).all() and (mixed[34:] == 0.0).all()
    assert (mixed[20:30] == 1.0).all()
    assert np.abs(np.diff(mixed)).max() <= 0.21
    np.testing.assert_array_equal(
        with_kept_frames(made, source, np.ones(50, dtype=bool), 4), source)
