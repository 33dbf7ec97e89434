# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark estimator`: how long a frame takes, beside the baseline in the same run."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time

import numpy as np

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

_REFERENCE = 'baseline'
_WARM_UP_FRAMES = 100
_PAPER_STEPS = {'mage': 4, 'sage': 5}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('--model', default=_REFERENCE, help='name of a model, or its folder')
    parser.add_argument(
        '--untrained', metavar='PRESET',
        help="random weights of the model's preset instead: tells of its latency only")
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'cuda'))
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of the network')
    parser.add_argument('--frames', type=int, default=1000, help='timed frames of each model')
    parser.add_argument(
        '--sampler-steps', type=int, help="of a diffusion model; default: the model's own")
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Time a model and the baseline frame by frame, in turns."""
    import torch

    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

    torch.set_num_threads(arguments.threads)
    with TemporaryDirectory() as place:
        model = PoseEstimator.load(
            arguments.model if arguments.untrained is None else _untrained(
                arguments.model, arguments.untrained, Path(place)),
            arguments.device, sampler_steps=arguments.sampler_steps)
    reference = PoseEstimator.load(_REFERENCE, arguments.device)
    steps = [stepper(model), stepper(reference)]
    seconds = np.empty((arguments.frames, 2))
    with Progress(model.name, arguments.frames, 'frames') as progress:
        for frame in range(-_WARM_UP_FRAMES, arguments.frames):
            for slot, step in enumerate(steps):
                start_s = time.perf_counter()
                step()
                if frame >= 0:
                    seconds[frame, slot] = time.perf_counter() - start_s
            if frame >= 0:
                progress.advance(1)
    (median_ms, reference_ms), (p99_ms, _) = 1e3 * np.quantile(seconds, (0.5, 0.99), axis=0)
    sys.stdout.write(
        f'{model.name} on {model.device}, {arguments.threads} thread(s), {arguments.frames} '
        f'frames: median {median_ms:.2f} ms, p99 {p99_ms:.2f} ms, '
        f'{median_ms / reference_ms:.2f} times {_REFERENCE}\n')
    if arguments.json:
        sys.stdout.write(json.dumps({
            'median_ms': median_ms, 'p99_ms': p99_ms,
            f'ratio_to_{_REFERENCE}': median_ms / reference_ms, 'model': model.name,
            'weights_sha256': model.weights_sha256, 'device': model.device,
            'threads': arguments.threads, 'frames': arguments.frames,
        }) + '\n')
    return 0


def _untrained(model: str, preset: str, place: Path) -> Path:
    """Write a model folder with random weights."""
    from motion_avatar_ros.estimation.random_mage import write_random_mage
    from motion_avatar_ros.estimation.random_sage import write_random_sage
    from motion_avatar_ros.networks.mage import MageConfig
    from motion_avatar_ros.networks.sage import SageConfig
    from motion_avatar_ros.training.configuration import from_mapping, load_training_config
    from motion_avatar_ros.training.shipped_configurations import shipped_config

    if model not in _PAPER_STEPS:
        raise MotionAvatarError(
            f"--untrained: not for model '{model}'; allowed: {', '.join(_PAPER_STEPS)}")
    network = load_training_config(shipped_config(model, preset)).network
    folder, steps = place / f'{model}-{preset}-untrained', _PAPER_STEPS[model]
    if model == 'sage':
        return write_random_sage(
            folder, steps=steps, config=from_mapping(SageConfig, network, 'network'))
    return write_random_mage(
        folder, steps=steps, config=from_mapping(MageConfig, network, 'network'))


def stepper(estimator: OnlineEstimator) -> Callable[[], None]:
    """Return a function that estimates the next frame of the built-in motion, in a loop."""
    joints = [TRACKER_JOINTS[name] for name in estimator.tracker_names]
    rotations, positions = builtin_motion('mix', estimator.rate_hz).poses.global_joints()
    streams = (estimator.streams, *(1,) * 4)
    rotations = np.tile(rotations[None, :, joints], streams)
    positions = np.tile(positions[None, :, joints], streams[:4])
    frame = 0

    def step() -> None:
        nonlocal frame
        estimator.step(rotations[:, frame:frame + 1], positions[:, frame:frame + 1])
        frame = (frame + 1) % rotations.shape[1]

    return step
