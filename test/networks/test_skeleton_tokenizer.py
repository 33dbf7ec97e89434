# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's tokeniser: joints stay where they are in the body, clips do not touch."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.generation.motion_features import (
    CONTACTS, HEIGHT, POSITIONS, ROTATIONS, TILT, VELOCITIES, WIDTH,
)
from motion_avatar_ros.networks.joint_features import (
    FRAME_WIDTH, JOINT_WIDTH, JointFeatures, joint_columns,
)
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig
from motion_avatar_ros.networks.skeleton_autoencoder import PartPath
from motion_avatar_ros.networks.skeleton_blocks import SkeletonPool, SkeletonUnpool
from motion_avatar_ros.networks.skeleton_parts import (
    SKELETON_PARTS, joints_of_body_parts, membership,
)
from motion_avatar_ros.networks.skeleton_tokenizer import BitLearner

CONFIG = ScaleMoGenConfig(
    widths=(4, 6, 8), blocks=1, bits=4, lengths=(1, 2, 4, 6), groups=(1, 2, 5, 7))


@pytest.fixture
def tokenizer():
    torch.manual_seed(0)
    tokenizer = CONFIG.tokenizer()
    for parameter in tokenizer.parameters():  # as after some training
        torch.nn.init.normal_(parameter, std=0.3)
    return tokenizer.requires_grad_(False).eval()


def test_every_number_of_a_frame_belongs_to_one_joint():
    assert FRAME_WIDTH == WIDTH
    columns = joint_columns()
    assert sorted(column for joint in columns for column in joint) == list(range(WIDTH))
    assert columns[0] == [
        *range(HEIGHT.stop), *range(TILT.start, TILT.stop),
        *range(VELOCITIES.start, VELOCITIES.start + 3)]
    for joint in range(1, JOINT_COUNT):
        assert columns[joint][:6] == [ROTATIONS.start + 6 * (joint - 1) + n for n in range(6)]
        assert columns[joint][6:9] == [POSITIONS.start + 3 * (joint - 1) + n for n in range(3)]
    assert [columns[joint][-1] for joint in (7, 10, 8, 11)] == list(
        range(CONTACTS.start, CONTACTS.stop))


def test_frames_come_back_from_their_joints():
    frames = torch.randn(2, 3, WIDTH)
    features = JointFeatures()
    assert features.split(frames).shape == (2, 3, JOINT_COUNT, JOINT_WIDTH)
    assert torch.equal(features.joined(features.split(frames)), frames)


def test_pooling_mixes_members_alone_and_means_begin_as_means():
    members = membership(SKELETON_PARTS, JOINT_COUNT)
    pool = SkeletonPool(members).requires_grad_(False)
    x = torch.zeros(1, 2, JOINT_COUNT, 1)
    x[:, :, 20] = 6.0
    pooled = pool(x)[0, 0, :, 0]
    assert pooled.nonzero()[:, 0].tolist() == [8] and float(pooled[8]) == pytest.approx(2.0)
    unpool = SkeletonUnpool(members).requires_grad_(False)
    raised = unpool(pooled[None, None, :, None], torch.ones(1, 1, 1, 1))
    assert raised.shape == (1, 2, JOINT_COUNT, 1)
    assert set(raised[0, 0, :, 0].nonzero()[:, 0].tolist()) == set(SKELETON_PARTS[8])


def test_the_straight_path_ties_a_latent_to_the_joints_of_its_part_and_back():
    members = joints_of_body_parts() > 0.0
    path = PartPath(4, is_encoder=True).requires_grad_(False)
    for joint in (0, 4, 15, 21):
        x = torch.zeros(4, JOINT_COUNT, JOINT_WIDTH)
        x[:, joint] = 1.0
        told = (path(x.flatten()).view(7, 4) != 0.0).any(dim=1)
        assert torch.equal(told, members[:, joint])
    path = PartPath(4, is_encoder=False).requires_grad_(False)
    for part in range(7):
        latent = torch.zeros(7, 4)
        latent[part] = 1.0
        moved = path(latent.flatten()).view(4, JOINT_COUNT, JOINT_WIDTH)
        assert torch.equal((moved != 0.0).any(dim=2).any(dim=0), members[part])


def test_a_clip_comes_out_of_a_batch_as_it_would_alone(tokenizer):
    frames, counts = torch.randn(2, 24, WIDTH), torch.tensor([6, 3])
    tokens = tokenizer.tokens(frames, counts)
    total = sum(tokens.layers)
    alone_tokens = tokenizer.tokens(frames[1:, :12], counts[1:])
    alone = sum(alone_tokens.layers)
    torch.testing.assert_close(total[1, :3], alone[0])
    assert (total[1, 3:] == 0.0).all()
    made = tokenizer.frames(total, counts)[1, :12]
    torch.testing.assert_close(
        made, tokenizer.frames(alone, counts[1:])[0], rtol=1e-4, atol=1e-4)


def test_what_is_not_real_is_not_seen(tokenizer):
    frames, is_real = torch.randn(1, 24, WIDTH), torch.ones(1, 24, dtype=torch.bool)
    is_real[:, 8:16] = False
    before = tokenizer.latents(frames, is_real)
    frames[:, 8:16] = 1e3
    assert torch.equal(tokenizer.latents(frames, is_real), before)
    assert (before[:, 2:4] == 0.0).all()


def test_a_learner_leaves_out_maps_in_training_alone_and_teaches_the_encoder(tokenizer):
    learner = BitLearner(tokenizer.requires_grad_(True), 0.5)
    frames, counts = torch.randn(2, 24, WIDTH), torch.tensor([6, 3])
    learner.train()
    torch.manual_seed(1)
    outputs = [learner(frames, counts)[0] for _ in range(2)]
    assert not torch.allclose(*outputs)
    learner.eval()
    plain = learner(frames, counts)[0]
    assert torch.equal(learner(frames, counts)[0], plain)
    expected = tokenizer.scored(tokenizer.frames(sum(tokenizer.tokens(frames, counts).layers),
                                                 counts))
    torch.testing.assert_close(plain, expected, rtol=1e-4, atol=1e-4)
    scored, bits, left = learner(frames, counts)
    assert bits.isfinite() and left > 0.0
    scored.square().mean().backward()
    assert all(
        parameter.grad is not None and parameter.grad.abs().sum() > 0.0
        for parameter in tokenizer.encoder.parameters())
    with pytest.raises(ValueError, match='no share'):
        BitLearner(tokenizer, 1.0)
