# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arrays that took time to compute, kept on disk under a key that names all they depend on.

They are in `MOTION_AVATAR_CACHE`, or without it in `motion_avatar_ros` of the user's cache folder
(`XDG_CACHE_HOME`, `~/.cache`); a variable that is empty keeps nothing. The folder may be deleted
at any time, and one that cannot be written costs time only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import hashlib
import logging
import os
from pathlib import Path
import tempfile
import zipfile

import numpy as np

VARIABLE = 'MOTION_AVATAR_CACHE'

_log = logging.getLogger(__name__)


def cache_folder() -> Path | None:
    """Return the folder; None where nothing is to be kept."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    home = os.environ.get('XDG_CACHE_HOME')
    try:
        return (Path(home) if home else Path.home() / '.cache') / 'motion_avatar_ros'
    except RuntimeError:    # a user without a home
        return None


def cached_arrays(
    kind: str, key: str, compute: Callable[[], Mapping[str, np.ndarray]]
) -> Mapping[str, np.ndarray]:
    """
    Return arrays by name, computed unless they are kept.

    Args:
        kind: folder in the cache.
        key: everything the arrays depend on, the code included.
        compute: makes them.
    """
    arrays = kept_arrays(kind, key)
    if arrays is None:
        arrays = compute()
        keep_arrays(kind, key, arrays)
    return arrays


def kept_arrays(kind: str, key: str) -> Mapping[str, np.ndarray] | None:
    """Return what `keep_arrays` kept under a key, None where there is nothing whole."""
    path = _path(kind, key)
    if path is None:
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        _log.warning("'%s' in the cache is unreadable and made anew: %s", path, error)
        return None


def keep_arrays(kind: str, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep arrays by name under a key, if they can be kept."""
    path = _path(kind, key)
    if path is None:
        return
    try:
        _write(path, arrays)
    except OSError as error:
        _log.warning("'%s' cannot be kept: %s", path, error)


def _path(kind: str, key: str) -> Path | None:
    folder = cache_folder()
    if folder is None:
        return None
    digest = hashlib.sha256(key.encode()).hexdigest()
    return folder / kind / digest[:2] / f'{digest[2:]}.npz'


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write so that nobody ever reads a part, also when several processes write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as handle:
        try:
            np.savez(handle, **arrays)  # type: ignore[arg-type]
            handle.close()
            os.replace(handle.name, path)
        except BaseException:
            Path(handle.name).unlink(missing_ok=True)
            raise
