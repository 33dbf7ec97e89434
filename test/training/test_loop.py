# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: learns, repeats by seed, and resumes as if it had never stopped."""

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.training import baseline_training
from motion_avatar_ros.training.configuration import OptimisationConfig
from motion_avatar_ros.training.loop import learning_rate

pytestmark = pytest.mark.usefixtures('one_thread')
CONFIG = """
model: baseline
network: {{width: 32, layers: 2, heads: 2, band: 8, dropout: 0.1}}
data: {{window_frames: 16}}
augmentation: {{mirror_probability: 0.5, noise_position_m: 0.002}}
optimisation:
  {{steps: {steps}, batch: 8, warmup_steps: 5, validate_every: 30, precision: {precision}}}
"""


@pytest.fixture
def train(data_folder, tmp_path):
    def run(name, *options, steps=60, precision='fp32'):
        config = tmp_path / 'run.yaml'
        config.write_text(CONFIG.format(steps=steps, precision=precision))
        out = tmp_path / name
        status = main(['train', 'baseline', '--data', str(data_folder), '--out', str(out),
                       '--config', str(config), *options])
        return status, out
    return run


def checkpoint(out):
    return load_file(out / 'checkpoint.safetensors')


def figures(out):
    lines = [json.loads(line) for line in (out / 'log.jsonl').read_text().splitlines()]
    return [line['val_mpjpe_cm'] for line in lines if 'val_mpjpe_cm' in line]


@pytest.mark.parametrize('precision', ['fp32', 'bf16'])
def test_it_learns_and_ships_a_model_that_runs(train, precision):
    status, out = train('run', precision=precision)
    assert status == 0
    assert figures(out)[-1] < figures(out)[0]
    PoseEstimator.load(out / 'model', 'cpu').warm_up()


def test_an_output_folder_that_cannot_be_made_is_one_line_and_status_2(train, tmp_path, capsys):
    (tmp_path / 'file').touch()
    status, _ = train('file/run')
    assert status == 2
    assert 'cannot hold a run' in capsys.readouterr().err


def test_half_precision_is_the_networks_alone(train, monkeypatch):
    in_half = {'network': set(), 'geometry': set()}

    def watch(owner, name, what):
        function = getattr(owner, name)

        def watched(*arguments):
            in_half[what].add(torch.is_autocast_enabled('cpu'))
            return function(*arguments)
        monkeypatch.setattr(owner, name, watched)

    watch(baseline_training.BaselineNetwork, 'forward', 'network')
    watch(baseline_training, 'observe', 'geometry')
    watch(baseline_training, 'pose_losses', 'geometry')
    train('run', steps=30, precision='bf16')
    assert in_half == {'network': {True, False}, 'geometry': {False}}  # validation is in full


def test_the_same_seed_gives_the_same_weights(train):
    first, second = (checkpoint(train(name)[1]) for name in ('a', 'b'))
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=0.0, atol=0.0)


def test_a_run_killed_and_resumed_ends_where_it_would_have(train, monkeypatch):
    whole = checkpoint(train('whole')[1])

    from motion_avatar_ros.training import loop
    save = loop.save_checkpoint

    def killed(*arguments):
        save(*arguments)
        raise KeyboardInterrupt
    monkeypatch.setattr(loop, 'save_checkpoint', killed)
    status, _ = train('cut')
    assert status == 130
    monkeypatch.setattr(loop, 'save_checkpoint', save)
    status, out = train('cut', '--resume')
    assert status == 0
    resumed = checkpoint(out)
    for name in whole:
        torch.testing.assert_close(resumed[name], whole[name], rtol=0.0, atol=0.0)


def test_a_finished_run_is_not_overwritten_by_accident(train, capsys):
    train('run')
    assert train('run')[0] == 2
    assert '--resume' in capsys.readouterr().err


def test_the_learning_rate_warms_up_and_ends_at_zero():
    config = OptimisationConfig(steps=100, warmup_steps=10, learning_rate=1.0)
    rates = [learning_rate(step, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == 1.0
    assert rates[100] == pytest.approx(0.0)
    assert all(later < before for before, later in zip(rates[10:], rates[11:], strict=False))


def test_two_processes_train_together(data_folder, tmp_path):
    config = tmp_path / 'run.yaml'
    config.write_text(CONFIG.format(steps=30, precision='fp32'))
    out = tmp_path / 'run'
    subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2',
         '-m', 'motion_avatar_ros', 'train', 'baseline', '--data', str(data_folder),
         '--out', str(out), '--config', str(config)],
        check=True, timeout=120, cwd=Path(__file__).parents[2],
        env={**os.environ, 'OMP_NUM_THREADS': '1'})
    assert len(figures(out)) == 1  # one process validates and writes
    PoseEstimator.load(out / 'model', 'cpu').warm_up()


STAGES_SCRIPT = """
from dataclasses import dataclass
from pathlib import Path
import sys

import torch

from motion_avatar_ros.training.configuration import OptimisationConfig, TrainingConfig
from motion_avatar_ros.training.loop import part_processes, train


@dataclass(frozen=True)
class Batch:
    values: torch.Tensor


class Fitting:
    def build_network(self, device):
        return torch.nn.Linear(2, 1, device=device)

    def draw(self, windows, rng, device):
        return Batch(torch.as_tensor(rng.normal(size=(windows, 2)), dtype=torch.float32))

    def loss(self, network, batch):
        loss = (network(batch.values) - 1.0).square().mean()
        return loss, {'loss': loss.detach()}

    def validate(self, network, device):
        return {'score': float(network.bias.detach())}

    def model_config(self):
        return {'architecture': 'fitting'}


torch.set_num_threads(1)
config = TrainingConfig('fitting', optimisation=OptimisationConfig(steps=2, batch=4))
for stage in range(3):
    out = Path(sys.argv[1], str(stage))
    out.mkdir(exist_ok=True)
    train(Fitting(), config, out, resume=False)
    # What the first process wrote is there for all.
    assert (out / 'model' / 'weights.safetensors').exists()
part_processes()
"""


def test_processes_pass_through_several_stages_together(tmp_path):
    """Processes that part between stages find each other's old addresses now and then."""
    script = tmp_path / 'stages.py'
    script.write_text(STAGES_SCRIPT)
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2', str(script),
         str(tmp_path)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
