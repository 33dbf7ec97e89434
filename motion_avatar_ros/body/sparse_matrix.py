# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Compressed sparse matrices of strangers, made dense with every index checked."""

from __future__ import annotations

import numpy as np

_MOST_ENTRIES = 20_000_000


def dense_from_compressed(
    shape: tuple[int, int], starts: np.ndarray, places: np.ndarray, values: np.ndarray,
) -> np.ndarray:
    """
    Return a matrix (R, C) that is stored row by row.

    Args:
        shape: rows and columns.
        starts: (R + 1,) where in `places` and `values` each row starts, and the last one ends.
        places: (N,) columns.
        values: (N,) what is there; those at one place add up.

    Raises:
        ValueError: too large, or the parts do not fit together.
    """
    rows, columns = shape
    if rows < 0 or columns < 0 or rows * columns > _MOST_ENTRIES:
        raise ValueError(
            f'a sparse matrix of {rows} x {columns}; allowed: {_MOST_ENTRIES:,} entries')
    if starts.shape != (rows + 1,) or values.ndim != 1 or places.shape != values.shape or any(
            array.dtype.kind not in 'iu' for array in (starts, places)):
        raise ValueError('a sparse matrix whose parts do not fit together')
    starts = starts.astype(np.int64)
    lengths: np.ndarray = starts[1:] - starts[:-1]
    ends = (int(starts[0]), int(starts[-1]))
    if ends != (0, len(values)) or (lengths < 0).any() or (
            len(places) and not 0 <= int(places.min()) <= int(places.max()) < columns):
        raise ValueError('a sparse matrix with indices outside of it')
    dense = np.zeros(shape, dtype=values.dtype)
    np.add.at(dense, (np.repeat(np.arange(rows), lengths), places.astype(np.int64)), values)
    return dense
