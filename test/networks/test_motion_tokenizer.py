# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A tokeniser that learns from a part of its layers."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.momask import MomaskConfig
from motion_avatar_ros.networks.motion_tokenizer import TokenizerLearner

CONFIG = MomaskConfig(
    features=6, tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4, longest=4,
    quantizer_layers=3, codes_per_layer=8)
COUNTS = torch.tensor([4, 2])


def learner(layer_dropout):
    torch.manual_seed(0)
    return TokenizerLearner(CONFIG.tokenizer(), layer_dropout)


def scored(learner):
    torch.manual_seed(1)
    frames = torch.randn(2, 16, 6)
    torch.manual_seed(2)
    return learner(frames, COUNTS)[0]


def test_layers_are_left_out_in_training_only():
    assert torch.equal(scored(learner(1.0).eval()), scored(learner(0.0).eval()))
    assert not torch.allclose(scored(learner(1.0)), scored(learner(0.0)))


def test_it_is_the_last_layers_that_are_left_out_and_never_the_first():
    torch.manual_seed(3)
    layers = torch.ones(3, 200, 4, 4)
    thinned = learner(0.5)._thinned(layers)[:, :, 0, 0]
    assert (thinned[0] == 1.0).all()
    assert (thinned.diff(dim=0) <= 0.0).all()
    # Half of the clips are cut, and a third of those after the last layer.
    assert 0.5 < (thinned[-1] == 1.0).float().mean() < 0.8


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ValueError, match='no share'):
        learner(1.5)
