# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Short runs of models that are trained in stages: cut off in every one, resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
import json
from pathlib import Path

import pytest
from safetensors.torch import load_file
import torch

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.training.optimisation_step import OptimisationStep


class CutOffError(Exception):
    """The machine went down."""


def train(model: str, configuration: Path, data: Path, out: Path, *options: str) -> int:
    """Train as the command line does; return its exit status."""
    return main(['train', model, '--data', str(data), '--out', str(out), '--config',
                 str(configuration), *options])


def final_weights(out: Path) -> dict[str, torch.Tensor]:
    """Return the weights of the model folder of a run."""
    return load_file(out / 'model' / 'weights.safetensors')


def figures_of(out: Path, stage: str, name: str) -> list[float]:
    """Return a figure of a stage's log, line after line."""
    lines = [json.loads(line) for line in (out / stage / 'log.jsonl').read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def check_resuming(
    model: str, stages: Sequence[str], configuration: Path, data: Path, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Check that a run cut off in every stage goes on to the weights of one that was not.

    Args:
        model: its name.
        stages: of it.
        configuration: of four steps a stage, with a checkpoint after two.
        data: folder of clips.
        folder: for both runs.
        monkeypatch: of the test.
    """
    whole, cut = folder / 'whole', folder / 'cut'
    assert train(model, configuration, data, whole) == 0
    plain = OptimisationStep.__call__
    calls: Counter[OptimisationStep] = Counter()

    def failing(self, batch, learning_rate):
        calls[self] += 1
        if calls[self] == 3:  # one step after a stage's first checkpoint; not again, resumed
            raise CutOffError
        return plain(self, batch, learning_rate)

    monkeypatch.setattr(OptimisationStep, '__call__', failing)
    for stage in stages:
        with pytest.raises(CutOffError):
            train(model, configuration, data, cut, '--resume')
        assert not (cut / stage / 'log.jsonl').read_text().count('"step": 4')
    assert train(model, configuration, data, cut, '--resume') == 0
    expected, resumed = final_weights(whole), final_weights(cut)
    assert expected.keys() == resumed.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=0.0, atol=0.0, msg=name)
