# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The shipped weights: a body that stands on the floor, layers that mend each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.generation.motion_features import features_from_motion, motion_from_features
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.training.feature_joints import joints_of_features


@pytest.fixture(scope='module', params=['mosa', 'momask'])
def generator(request):
    return load_generator(request.param, 'cpu')


def test_a_sentence_makes_a_body_upright_on_the_floor_that_does_not_jump(generator):
    for text in ('a person walks forward', ''):
        motion = motion_from_features(generator.generate([text], [196], 3)[0])
        joints = motion.poses.global_joints()[1]
        lowest = joints[..., 2].min(axis=1)
        assert np.median(np.abs(lowest)) < 0.1
        assert (joints[:, 15, 2] - joints[:, 0, 2]).mean() > 0.3
        assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < 0.6


def test_every_few_layers_bring_a_motion_nearer(generator):
    tokenizer = generator.tokenizer
    source = torch.from_numpy(features_from_motion(builtin_motion('mix', 60.0))[:196])[None]
    counts = torch.tensor([source.shape[1] // 4])
    source = source[:, :4 * int(counts)]
    with torch.inference_mode():
        tokens = tokenizer.tokens(source, counts).tokens
        errors = []
        count = len(generator.config.codes)
        for layers in (1, (count + 1) // 2, count):
            latents = tokenizer.quantizer.decode(tokens[:layers], counts, int(counts))
            off = joints_of_features(tokenizer.frames(latents, counts)) - (
                joints_of_features(source))
            errors.append(float(off.norm(dim=-1).mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.08
