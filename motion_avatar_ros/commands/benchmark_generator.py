# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`benchmark generator`: how long a motion takes.

MoSa's and ScaleMoGen's are beside the same without keys being kept; the others keep none.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from motion_avatar_ros.commands.option_types import positive_count
from motion_avatar_ros.commands.progress import Progress

if TYPE_CHECKING:
    from motion_avatar_ros.generation.mosa import Mosa
    from motion_avatar_ros.generation.scalemogen import ScaleMoGen

_WARM_UP_RUNS = 2
_TEXT = 'a person walks forward, turns around and waves with the right hand'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('--model', default='mosa', help='name of a generator, or its folder')
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'cuda'))
    parser.add_argument(
        '--threads', type=positive_count, default=1, help='CPU threads of the network')
    parser.add_argument('--frames', type=positive_count, default=196, help='of the motion')
    parser.add_argument('--runs', type=positive_count, default=20, help='timed motions of each')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Time a sentence to features, text encoder included, with and without keys, in turns."""
    import torch

    from motion_avatar_ros.generation.text_to_motion import load_generator

    torch.set_num_threads(arguments.threads)
    generator = load_generator(arguments.model, arguments.device)
    reference = _without_keys(arguments.model, arguments.device)
    timed = [generator] if reference is None else [generator, reference]
    seconds = np.empty((arguments.runs, len(timed)))
    with Progress(generator.name, arguments.runs, 'motions') as progress:
        for number in range(-_WARM_UP_RUNS, arguments.runs):
            for slot, each in enumerate(timed):
                start_s = time.perf_counter()
                each.generate([_TEXT], [arguments.frames], number)
                if number >= 0:
                    seconds[number, slot] = time.perf_counter() - start_s
            if number >= 0:
                progress.advance(1)
    medians_ms, (p99_ms, *_) = 1e3 * np.quantile(seconds, (0.5, 0.99), axis=0)
    figures = {'median_ms': medians_ms[0], 'p99_ms': p99_ms}
    told = ''
    if reference is not None:
        figures['ratio_to_uncached'] = medians_ms[0] / medians_ms[1]
        told = f', {figures["ratio_to_uncached"]:.2f} times as long as without keys kept'
    sys.stdout.write(
        f'{generator.name}, {arguments.threads} thread(s), {arguments.runs} motions of '
        f'{arguments.frames} frames: median {medians_ms[0]:.0f} ms, p99 {p99_ms:.0f} ms{told}\n')
    if arguments.json:
        sys.stdout.write(json.dumps({
            **figures, 'model': generator.name,
            'weights_sha256': getattr(generator, 'weights_sha256', None),
            'threads': arguments.threads, 'frames': arguments.frames, 'runs': arguments.runs,
        }) + '\n')
    return 0


def _without_keys(name_or_folder: str, device: str) -> Mosa | ScaleMoGen | None:
    """Load a generator once more, such that it keeps no keys; None where it never does."""
    from motion_avatar_ros.generation.mosa import Mosa
    from motion_avatar_ros.generation.scalemogen import ScaleMoGen
    from motion_avatar_ros.generation.text_to_motion import load_generator

    reference = load_generator(name_or_folder, device)
    if not isinstance(reference, Mosa | ScaleMoGen):
        return None
    sampler = reference.sampler
    sampler.transformer = WithoutKeys(sampler.transformer)
    return reference


class WithoutKeys:
    """A transformer of scales that computes all scales so far anew at every step."""

    def __init__(self, transformer: Any) -> None:
        self._transformer = transformer

    def begin(self, *words_and_counts: Any) -> list[Any]:
        """Remember the words; see `ScaleTransformer.begin`."""
        return [words_and_counts]

    def step(self, generation: list[Any], inputs: Any, counts: Any) -> Any:
        """Return the logits of the next scale; see `ScaleTransformer.step`."""
        generation.append(inputs)
        words_and_counts, *all_inputs = generation
        anew = self._transformer.begin(*words_and_counts)
        for each in all_inputs:
            logits = self._transformer.step(anew, each, counts)
        return logits
