# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Pickles that hold arrays and nothing else.

A pickle may run any code as it is read. SMPL's files are pickles of Python 2 with numpy arrays,
scipy's sparse matrices and arrays of chumpy, which no longer installs: only what those are made of
is built here, and of chumpy's objects only the array inside. Everything else is refused.
"""

from __future__ import annotations

import builtins
import pickle
from typing import Any, BinaryIO

import numpy as np
import scipy.sparse

_SCALARS = ('dict', 'list', 'tuple', 'set', 'bytearray', 'complex', 'int', 'float', 'str')
_NUMPY = ('numpy', 'numpy.core', 'numpy._core', 'numpy.core.multiarray',
          'numpy._core.multiarray', 'numpy.core.numeric', 'numpy._core.numeric')
#: By the names of both generations of numpy; the functions are where this one has them.
_NUMPY_NAMES = {
    'ndarray': np.ndarray, 'dtype': np.dtype, 'scalar': np.float64(0.0).__reduce__()[0],
    '_reconstruct': np.zeros(1).__reduce__()[0], '_frombuffer': np.zeros(1).__reduce_ex__(5)[0],
}
_SPARSE = ('csc_matrix', 'csr_matrix', 'csc_array', 'csr_array')


class ForeignPickleError(ValueError):
    """A pickle that asks for more than arrays."""


class _Chumpy:
    """Whatever chumpy stored: its array is under `x`."""

    x: Any = None

    def __setstate__(self, state: Any) -> None:
        self.x = state.get('x') if isinstance(state, dict) else None


class _ArrayUnpickler(pickle.Unpickler):
    """Builds arrays only."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle may name."""
        if module in ('builtins', '__builtin__') and name in _SCALARS:
            return getattr(builtins, name)
        if module in _NUMPY and name in _NUMPY_NAMES:
            return _NUMPY_NAMES[name]
        if module.startswith('scipy.sparse') and name in _SPARSE:
            return getattr(scipy.sparse, name)
        if module in ('copy_reg', 'copyreg') and name == '_reconstructor':
            return _reconstructed
        if module == '_codecs' and name == 'encode':
            return _encoded
        if module.split('.')[0] == 'chumpy':
            return _Chumpy
        raise ForeignPickleError(f"it asks for '{module}.{name}'; allowed: arrays only")


def _reconstructed(kind: type, base: type, state: Any) -> Any:
    """Make an empty object, as copyreg does, of the kinds that are allowed here."""
    if kind is not _Chumpy and kind.__name__ not in _SPARSE:
        raise ForeignPickleError(f"it asks for an object of '{kind.__name__}'")
    return object.__new__(kind)


def _encoded(text: str, encoding: str) -> bytes:
    """Return bytes, as Python 3 stores them for Python 2."""
    if encoding != 'latin1':
        raise ForeignPickleError(f"it asks for the encoding '{encoding}'")
    return text.encode('latin1')


def load_arrays(file: BinaryIO) -> dict[str, np.ndarray]:
    """
    Read a pickled dictionary; keep what is an array in it, as one.

    Raises:
        ForeignPickleError: there is more in it, or less.
        Exception: of many kinds, for bytes that are no pickle.
    """
    content = _ArrayUnpickler(file, encoding='latin1').load()
    if not isinstance(content, dict):
        raise ForeignPickleError('it holds no dictionary')
    arrays = {}
    for key, value in content.items():
        if isinstance(value, _Chumpy):
            value = value.x
        if scipy.sparse.issparse(value):
            value = value.toarray()
        if isinstance(value, np.ndarray) and value.dtype.kind in 'fiub':
            arrays[str(key)] = value
    return arrays
