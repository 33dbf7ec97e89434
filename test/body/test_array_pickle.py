# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pickles that numpy or scipy would believe: forged arrays, indices outside, endless memos."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
import scipy.sparse

from motion_avatar_ros.body.array_pickle import ForeignPickleError, load_arrays


def loaded(data: bytes) -> dict[str, np.ndarray]:
    return load_arrays(io.BytesIO(data), ('a',))


@pytest.mark.parametrize('protocol', range(6))
@pytest.mark.parametrize('array', [
    np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6, dtype='>i4').reshape(2, 3)),
    np.array([True, False]), np.zeros((0, 3), dtype=np.float16), np.array(2.5)], ids=str)
def test_arrays_of_numbers_are_read(protocol, array):
    found = loaded(pickle.dumps({'a': array, 'b': 'text', 'c': object()}, protocol))['a']
    assert found.dtype.isnative and found.flags.writeable
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize('protocol', range(6))
@pytest.mark.parametrize('kind', [scipy.sparse.csc_matrix, scipy.sparse.csr_matrix])
def test_sparse_matrices_are_read_dense(protocol, kind):
    dense = np.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]])
    np.testing.assert_array_equal(loaded(pickle.dumps({'a': kind(dense)}, protocol))['a'], dense)


def test_what_is_no_array_of_numbers_is_not_there():
    assert loaded(pickle.dumps({'a': np.array(['x'])})) == {}
    assert loaded(pickle.dumps({'a': np.array([None, {}], dtype=object)})) == {}
    assert loaded(pickle.dumps({'a': [1.0]})) == {}


def test_indices_outside_of_a_sparse_matrix_write_nowhere():
    for change in ({'indices': [0, 10 ** 7, 2]}, {'indices': [0, -1, 2]}, {'indptr': [0, 9, 2, 3]},
                   {'indptr': [0, 1, 2, 9]}, {'_shape': (10 ** 9, 10 ** 9)}, {'_shape': (3, -3)},
                   {'indptr': [0, 1]}):
        matrix = scipy.sparse.csc_matrix(np.eye(3))
        for name, value in change.items():
            setattr(matrix, name, np.array(value, dtype=np.int32) if (
                isinstance(value, list)) else value)
        with pytest.raises(ValueError, match='sparse matrix'):
            loaded(pickle.dumps({'a': matrix}))


def test_an_array_of_forged_pointers_is_never_built():
    pointers = (b'\x80\x02}X\x01\0\0\0acbuiltins\nlist\ncnumpy\nndarray\n(K\x01\x85cnumpy\ndtype\n'
                b'X\x01\0\0\0O\x85Rcbuiltins\nbytearray\nX\x08\0\0\0AAAAAAAAX\x06\0\0\0latin1\x86'
                b'RtR\x85Rs.')
    assert loaded(pointers) == {}


def test_bytes_that_do_not_fill_a_shape_are_refused():
    data = pickle.dumps({'a': np.zeros(4)}, 2)
    assert b'K\x04\x85' in data
    with pytest.raises(ForeignPickleError, match='fill'):
        loaded(data.replace(b'K\x04\x85', b'K\xff\x85'))


@pytest.mark.parametrize('data', [
    b'\x80\x02}r' + (2 ** 29).to_bytes(4, 'little') + b'.',     # a memo of 8 GB
    b'\x80\x02}N' + b'\x85' * 100_000 + b'Ns.'], ids=['memo', 'nesting'])
def test_little_that_would_fill_memory_or_stack_is_refused_before_it_is_read(data):
    with pytest.raises(ForeignPickleError, match='operations'):
        loaded(data)


@pytest.mark.parametrize('name', [
    b'os\nsystem', b'builtins\neval', b'builtins\ngetattr', b'numpy\nload', b'numpy\nmemmap',
    b'numpy.core.multiarray\nfromfile', b'scipy.sparse\nload_npz', b'chumpyx\nCh',
    b'_codecs\nopen'])
def test_whatever_else_a_pickle_names_refuses_it(name):
    with pytest.raises(ForeignPickleError, match='allowed: arrays only'):
        loaded(b'\x80\x02}X\x01\0\0\0ac' + name + b'\ns.')
