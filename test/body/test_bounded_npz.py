# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that would fill the memory."""

from __future__ import annotations

import os

from motion_avatar_ros.body.bounded_npz import TooLargeError, bounded_npz
from motion_avatar_ros.body.mesh import MeshFileError, load_mesh
from motion_avatar_ros.body.motion import MotionFileError, load_motion
from motion_avatar_ros.body.smpl_file import load_smpl
import numpy as np
import pytest

TWO_GB = 2 * 1024 ** 3


@pytest.fixture
def huge(tmp_path):
    """Return a file of 2 GB that takes no room on the disk."""
    path = tmp_path / 'huge.npz'
    with open(path, 'wb') as file:
        file.write(b'PK\x03\x04')
        os.truncate(file.fileno(), TWO_GB)
    return path


@pytest.mark.parametrize(('load', 'error'), [
    (load_motion, MotionFileError), (load_mesh, MeshFileError), (load_smpl, MeshFileError)])
def test_a_file_of_two_gigabytes_is_refused_without_being_read(huge, load, error):
    with pytest.raises(error, match='more than') as refusal:
        load(huge)
    assert '\n' not in str(refusal.value)


def test_small_files_that_unpack_to_much_are_refused(tmp_path):
    path = tmp_path / 'bomb.npz'
    np.savez_compressed(path, poses=np.zeros((1000, 156)))
    assert path.stat().st_size < 10_000
    with pytest.raises(TooLargeError, match='of arrays'), bounded_npz(path, 100_000):
        pass


def test_a_single_array_is_no_archive(tmp_path):
    path = tmp_path / 'one.npz'
    with open(path, 'wb') as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match='no archive'), bounded_npz(path, 100_000):
        pass
