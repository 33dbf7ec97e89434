# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Pickles that hold arrays and nothing else.

A pickle may run any code as it is read. SMPL's files are pickles of Python 2 with numpy arrays,
scipy's sparse matrices and arrays of chumpy, which no longer installs. Nothing of any of them is
built while reading: numpy and scipy trust what a pickle tells of an array, which is enough to
read and write memory that is not the array's. What a pickle may name becomes a record of what it
was given, and the arrays that are wanted are made of these afterwards, every number checked.
Whatever else a pickle names refuses it.
"""

from __future__ import annotations

from collections.abc import Collection
import math
import pickle
import pickletools
import re
from typing import Any, BinaryIO

import numpy as np

from motion_avatar_ros.body.sparse_matrix import dense_from_compressed

_NUMPY = ('numpy', 'numpy.core', 'numpy._core', 'numpy.core.multiarray',
          'numpy._core.multiarray', 'numpy.core.numeric', 'numpy._core.numeric')
_BUILTINS = ('builtins', '__builtin__')
_COPY = ('copy_reg', 'copyreg')
#: Of numbers: byte order, kind, bytes.
_KIND = re.compile(r'[<>|=]?([fiub])([1248])')
_NO_KINDS = ('f1', 'b2', 'b4', 'b8')
_ORDERS = ('<', '>', '|', '=')
# A model has some hundred. The memo is as long as its largest index says, and deeper nesting than
# there are operations is not possible.
_MOST_OPERATIONS = 50_000
_MEMO = ('PUT', 'BINPUT', 'LONG_BINPUT')
_MOST_AXES = 4


class ForeignPickleError(ValueError):
    """A pickle that asks for more than arrays, or tells nonsense of one."""


class _Record:
    """What a pickle would have built: of what, and in which state."""

    def __new__(cls, *given: Any, **_: Any) -> Any:
        record = object.__new__(cls)
        record.given = given
        record.state = None
        return record

    given: tuple[Any, ...]
    state: Any

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Record):
    """numpy.ndarray, by `_reconstruct` with a state."""


class _BufferArray(_Record):
    """numpy.ndarray, by `_frombuffer`."""


class _Kind(_Record):
    """numpy.dtype."""


class _Columns(_Record):
    """scipy.sparse.csc_matrix."""


class _Rows(_Record):
    """scipy.sparse.csr_matrix."""


class _Chumpy(_Record):
    """Whatever chumpy stored: its array is under `x`."""


class _Encoded(_Record):
    """Bytes, as Python 3 stores them for Python 2: a text to be encoded, or nothing."""


class _Other(_Record):
    """What is no array, and harms nobody."""


class _Reconstruct(_Record):
    """numpy's function that makes an empty array, of which the state says more."""

    def __new__(cls, *_: Any) -> Any:
        return _Array()


class _Reconstructor(_Record):
    """copyreg's function that makes an object of a kind."""

    def __new__(cls, kind: Any = None, *_: Any) -> Any:
        return kind() if isinstance(kind, type) and issubclass(kind, _Record) else _Other()


_NAMES = {
    **{(module, name): kind for module in _NUMPY for name, kind in (
        ('ndarray', _Array), ('dtype', _Kind), ('scalar', _Other), ('_reconstruct', _Reconstruct),
        ('_frombuffer', _BufferArray))},
    **{(module, name): _Other for module in _BUILTINS for name in (
        'object', 'dict', 'list', 'tuple', 'set', 'bytearray', 'complex', 'int', 'float', 'str')},
    **{(module, '_reconstructor'): _Reconstructor for module in _COPY},
    ('_codecs', 'encode'): _Encoded,
    **{(module, 'bytes'): _Encoded for module in _BUILTINS},
}
_SPARSE = {
    'csc_matrix': _Columns, 'csc_array': _Columns, 'csr_matrix': _Rows, 'csr_array': _Rows}


class _RecordUnpickler(pickle.Unpickler):
    """Builds records only."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the record of what a pickle may name."""
        kind = _NAMES.get((module, name))
        if kind is None and module.split('.')[0] == 'chumpy':
            kind = _Chumpy
        if kind is None and module.split('.')[:2] == ['scipy', 'sparse']:
            kind = _SPARSE.get(name)
        if kind is None:
            raise ForeignPickleError(f"it asks for '{module}.{name}'; allowed: arrays only")
        return kind


def load_arrays(file: BinaryIO, names: Collection[str]) -> dict[str, np.ndarray]:
    """
    Read a pickled dictionary; return which of the names are arrays of numbers in it.

    Raises:
        ForeignPickleError: there is more in it than arrays, or less.
        Exception: of many kinds, for bytes that are no pickle.
    """
    _check_operations(file)
    file.seek(0)
    content = _RecordUnpickler(file, encoding='latin1').load()
    if not isinstance(content, dict):
        raise ForeignPickleError('it holds no dictionary')
    found = {name: _array(content[name]) for name in names if name in content}
    return {name: array for name, array in found.items() if array is not None}


def _check_operations(file: BinaryIO) -> None:
    """Refuse what would fill the memory or the stack before anything could be checked."""
    for number, (operation, argument, _) in enumerate(pickletools.genops(file)):
        if number >= _MOST_OPERATIONS or (
                operation.name in _MEMO and (argument or 0) >= _MOST_OPERATIONS):
            raise ForeignPickleError(f'it has more than {_MOST_OPERATIONS:,} operations')


def _array(value: Any) -> np.ndarray | None:
    """Return the array of numbers that a record is of, None where it is of something else."""
    if isinstance(value, _Chumpy):
        value = value.state.get('x') if isinstance(value.state, dict) else None
    if isinstance(value, _Array) and isinstance(value.state, tuple) and len(value.state) == 5:
        _, shape, kind, is_fortran, data = value.state
        return _of_bytes(data, kind, shape, bool(is_fortran))
    if isinstance(value, _BufferArray) and len(value.given) >= 4:
        data, kind, shape, order = value.given[:4]
        return _of_bytes(data, kind, shape, order == 'F')
    if isinstance(value, (_Columns, _Rows)) and isinstance(value.state, dict):
        return _of_sparse(value.state, isinstance(value, _Columns))
    return None


def _of_sparse(state: dict[Any, Any], is_by_column: bool) -> np.ndarray | None:
    shape = state.get('_shape', state.get('shape'))
    starts, places, values = (
        _array(state.get(name)) for name in ('indptr', 'indices', 'data'))
    if starts is None or places is None or values is None:
        return None
    if not isinstance(shape, tuple) or not _is_shape(shape) or len(shape) != 2:
        raise ForeignPickleError('a sparse matrix without a shape')
    dense = dense_from_compressed(shape[::-1] if is_by_column else shape, starts, places, values)
    return dense.T if is_by_column else dense


def _of_bytes(data: Any, kind: Any, shape: Any, is_fortran: bool) -> np.ndarray | None:
    dtype = _dtype(kind)
    if dtype is None:
        return None
    if isinstance(data, _Encoded) and data.given[1:] in ((), ('latin1',)):
        data = data.given[0] if data.given else b''
    if isinstance(data, str):
        data = data.encode('latin1')
    if not isinstance(data, bytes | bytearray) or not _is_shape(shape) or (
            len(shape) > _MOST_AXES or math.prod(shape) * dtype.itemsize != len(data)):
        raise ForeignPickleError('an array whose bytes do not fill its shape')
    array = np.frombuffer(data, dtype).reshape(shape, order='F' if is_fortran else 'C')
    return array.astype(dtype.newbyteorder('='))


def _dtype(kind: Any) -> np.dtype | None:
    """Return a type of numbers; None of anything else."""
    text = kind.given[0] if isinstance(kind, _Kind) and kind.given else None
    match = _KIND.fullmatch(text) if isinstance(text, str) else None
    if not isinstance(text, str) or match is None or match[1] + match[2] in _NO_KINDS:
        return None
    order = text[0] if text[0] in _ORDERS else '='
    state = kind.state
    if isinstance(state, tuple) and len(state) > 1 and state[1] in _ORDERS:
        order = state[1]
    return np.dtype(f'{order}{match[1]}{match[2]}')


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple) and all(
        type(size) is int and 0 <= size < 2 ** 40 for size in shape)
