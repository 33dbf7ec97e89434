# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Opens .npz files of strangers: no pickles, and no more bytes than expected, packed or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile


class TooLargeError(ValueError):
    """A file that has more bytes than it may have."""


@contextmanager
def bounded_npz(path: str | Path, most_bytes: int) -> Iterator[NpzFile]:
    """
    Open a file.

    Args:
        path: of the file.
        most_bytes: that the file may have, and all its arrays together.

    Raises:
        TooLargeError: it has more; nothing of it was read.
        OSError, ValueError, EOFError, zipfile.BadZipFile: it is no .npz.
    """
    if Path(path).stat().st_size > most_bytes:
        raise TooLargeError(f'more than {most_bytes:,} bytes')
    archive = np.load(path, allow_pickle=False)
    if not isinstance(archive, NpzFile) or archive.zip is None:
        raise ValueError('one array, no archive of them')
    with archive:
        if sum(member.file_size for member in archive.zip.infolist()) > most_bytes:
            raise TooLargeError(f'more than {most_bytes:,} bytes of arrays')
        yield archive
