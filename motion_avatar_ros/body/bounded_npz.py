# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Opens .npz files of strangers: no pickles, and no more bytes than expected, packed or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

_NUMBERS = 'fiub'


class NpzError(ValueError):
    """A file that is no archive of arrays of numbers."""


class TooLargeError(NpzError):
    """A file that has more bytes than it may have."""


class NumberArchive:
    """Arrays of numbers by name."""

    def __init__(self, archive: NpzFile) -> None:
        self._archive = archive

    def __contains__(self, name: str) -> bool:
        return name in self._archive

    def __getitem__(self, name: str) -> np.ndarray:
        """
        Read an array.

        Raises:
            KeyError: there is none of that name.
            NpzError: it cannot be read, or holds something else than numbers.
        """
        if name not in self._archive:
            raise KeyError(f'{name} is not a file in the archive')
        try:
            array = self._archive[name]
        except Exception as error:  # numpy and zipfile let through whatever the bytes cause
            raise NpzError(f'{name}: {_in_words(error)}') from None
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _NUMBERS:
            raise NpzError(f'{name} holds no numbers')
        return array


@contextmanager
def bounded_npz(path: str | Path, most_bytes: int) -> Iterator[NumberArchive]:
    """
    Open a file.

    Args:
        path: of the file.
        most_bytes: that the file may have, and all its arrays together.

    Raises:
        TooLargeError: it has more; nothing of it was read.
        OSError: it is missing or may not be read.
        NpzError: it is no .npz.
    """
    if Path(path).stat().st_size > most_bytes:
        raise TooLargeError(f'more than {most_bytes:,} bytes')
    try:
        archive = np.load(path, allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # numpy and zipfile let through whatever the bytes cause
        raise NpzError(_in_words(error)) from None
    if not isinstance(archive, NpzFile) or archive.zip is None:
        raise NpzError('one array, no archive of them')
    with archive:
        if sum(member.file_size for member in archive.zip.infolist()) > most_bytes:
            raise TooLargeError(f'more than {most_bytes:,} bytes of arrays')
        yield NumberArchive(archive)


def _in_words(error: Exception) -> str:
    return ' '.join(str(error).split()) or type(error).__name__
