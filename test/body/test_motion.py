# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion files: what is read, resampled, written and refused."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.motion import Motion, load_motion, save_motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT, SMPL_PELVIS_M
from motion_avatar_ros.errors import MotionFileError


def swinging(frames=61, rate_hz=60.0):
    times = np.arange(frames) / rate_hz
    angles = np.sin(times)[:, None, None] * np.linspace(0.1, 1.0, JOINT_COUNT)[:, None]
    rotvec = angles * np.array([0.6, 0.0, 0.8])
    rotations = Rotation.from_rotvec(rotvec.reshape(-1, 3)).as_matrix()
    root = np.stack((times, 0.0 * times, 0.9 + 0.0 * times), axis=-1)
    return Motion(BodyPose(rotations.reshape(frames, JOINT_COUNT, 3, 3), root), rate_hz)


def test_a_written_file_reads_back_and_is_amass_style(tmp_path):
    motion = swinging()
    save_motion(tmp_path / 'clip.npz', motion)
    with np.load(tmp_path / 'clip.npz') as archive:
        assert archive['poses'].shape == (61, 156)
        np.testing.assert_allclose(
            archive['trans'], motion.poses.root_position - SMPL_PELVIS_M, atol=1e-6)
    again = load_motion(tmp_path / 'clip.npz')
    assert again.rate_hz == 60.0
    assert geodesic_angle(
        again.poses.local_rotations, motion.poses.local_rotations).max() < 1e-6


@pytest.mark.parametrize('rate_hz', [24.0, 30.0, 60.0, 120.0])
def test_resampling_keeps_the_motion_and_its_duration(rate_hz):
    motion = swinging()
    changed = motion.resampled(rate_hz)
    assert changed.duration_s == pytest.approx(motion.duration_s, abs=1.0 / rate_hz)
    back = changed.resampled(60.0)
    frames = len(back)
    assert geodesic_angle(
        back.poses.local_rotations, motion.poses.local_rotations[:frames]).max() < 2e-3
    np.testing.assert_allclose(
        back.poses.root_position, motion.poses.root_position[:frames], atol=1e-9)


def wrong_files():
    good = {'poses': np.zeros((5, 156)), 'trans': np.zeros((5, 3)), 'mocap_framerate': 60.0}
    return [
        ({k: v for k, v in good.items() if k != 'trans'}, 'trans'),
        ({**good, 'poses': np.zeros((5, 60))}, 'do not fit'),
        ({**good, 'trans': np.zeros((4, 3))}, 'do not fit'),
        ({**good, 'mocap_framerate': 0.0}, '0.0 Hz'),
        ({**good, 'poses': np.full((5, 156), np.nan)}, 'not finite'),
        ({**good, 'poses': np.float32(3.0)}, 'do not fit'),
        ({**good, 'mocap_framerate': np.inf}, 'inf Hz'),
        ({**good, 'mocap_framerate': 1e-6}, '1e-06 Hz'),
        ({**good, 'mocap_framerate': 1e300}, r'1e\+300 Hz'),
        ({**good, 'trans': np.full((5, 3), 1e9)}, 'is it in metres'),
        ({**good, 'poses': np.zeros((1, 156)), 'trans': np.zeros((1, 3))}, '1 frames'),
        ({**good, 'poses': np.array([{'a': 1}] * 5, dtype=object)}, 'not a readable npz'),
    ]


@pytest.mark.parametrize('content, told', wrong_files())
def test_a_bad_file_is_refused_and_says_why(tmp_path, content, told):
    np.savez(tmp_path / 'bad.npz', **content)
    with pytest.raises(MotionFileError, match=told):
        load_motion(tmp_path / 'bad.npz')


def test_a_missing_or_foreign_file_is_refused(tmp_path):
    with pytest.raises(MotionFileError, match='no such file'):
        load_motion(tmp_path / 'none.npz')
    (tmp_path / 'text.npz').write_text('no archive')
    with pytest.raises(MotionFileError, match='not a readable npz'):
        load_motion(tmp_path / 'text.npz')


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / 'empty.npz').touch()
    with pytest.raises(MotionFileError, match='not a readable npz'):
        load_motion(tmp_path / 'empty.npz')


def test_a_file_with_flipped_bits_is_read_or_refused_and_nothing_else(tmp_path):
    generator = np.random.default_rng(0)
    np.savez_compressed(
        tmp_path / 'good.npz', poses=generator.normal(size=(10, 156)), trans=np.zeros((10, 3)),
        mocap_framerate=60.0)
    good = (tmp_path / 'good.npz').read_bytes()
    refused = 0
    for _ in range(200):
        bad = bytearray(good)
        bad[generator.integers(len(bad))] ^= 1 << int(generator.integers(8))
        (tmp_path / 'bad.npz').write_bytes(bad)
        try:
            load_motion(tmp_path / 'bad.npz')
        except MotionFileError:
            refused += 1
    assert refused > 100


def test_the_rate_may_be_called_as_smplx_files_of_amass_call_it(tmp_path):
    save_motion(tmp_path / 'clip.npz', swinging())
    with np.load(tmp_path / 'clip.npz') as archive:
        arrays = dict(archive)
    rate_hz = arrays.pop('mocap_framerate')
    np.savez(tmp_path / 'clip_stageii.npz', mocap_frame_rate=rate_hz, **arrays)
    assert load_motion(tmp_path / 'clip_stageii.npz').rate_hz == 60.0
