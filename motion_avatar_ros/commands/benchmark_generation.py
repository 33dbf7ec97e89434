# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark generation`: how good generated motion is, beside real motion and trivial sources."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import json
from pathlib import Path
import sys

from motion_avatar_ros.commands.generation_report import (
    result_numbers, results_report, validity_numbers, validity_report,
)
from motion_avatar_ros.commands.option_types import distinct_names, positive_count
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError

_OTHER_SPLIT = {'test': 'val', 'val': 'test'}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('models', nargs='*', metavar='MODEL', help='a generator, or its folder')
    parser.add_argument('--data', type=Path, required=True, help='folder with captions.json')
    parser.add_argument('--split', default='test', choices=tuple(_OTHER_SPLIT))
    parser.add_argument(
        '--sets', type=distinct_names,
        help='sets of the data, with commas (default: those of the tables)')
    parser.add_argument(
        '--evaluators', type=distinct_names, metavar='FOLDERS',
        help='evaluators or their folders, with commas (default: the three that are shipped)')
    parser.add_argument(
        '--seeds', type=positive_count, default=3, help='times that each source is asked')
    parser.add_argument(
        '--validity', action='store_true',
        help='what the evaluators say to planted faults, and to real motion beside real motion')
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'cuda'))
    parser.add_argument(
        '--threads', type=positive_count, default=1, help='CPU threads of the networks')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Judge, and print a table."""
    import torch

    from motion_avatar_ros.generation.text_to_motion import load_generator
    from motion_avatar_ros.generation_evaluation.benchmark import GenerationBenchmark
    from motion_avatar_ros.generation_evaluation.evaluation_clips import evaluation_clips
    from motion_avatar_ros.generation_evaluation.evaluator import (
        SHIPPED_EVALUATORS, TextMotionEvaluator,
    )
    from motion_avatar_ros.generation_evaluation.retrieval import pool_size
    from motion_avatar_ros.generation_evaluation.validity import fault_figures, real_beside_real
    from motion_avatar_ros.training.clips import TABLE_SETS, present_sets

    torch.set_num_threads(arguments.threads)
    evaluators = [
        TextMotionEvaluator(each) for each in arguments.evaluators or SHIPPED_EVALUATORS]
    generators = [load_generator(each, arguments.device) for each in arguments.models]
    names = [each.name for each in generators]
    if len(set(names)) < len(names):
        raise MotionAvatarError(f"models of one name: {', '.join(names)}; rename a folder")
    sets = arguments.sets or present_sets(arguments.data, TABLE_SETS)
    clips = evaluation_clips(arguments.data, arguments.split, sets)
    numbers = {
        'split': arguments.split, 'sets': sets, 'clips': len(clips.texts),
        'captions': len(clips.distinct), 'pool': pool_size(clips.captions),
        'evaluators': {each.name: each.weights_sha256 for each in evaluators}}
    if arguments.validity:
        other = evaluation_clips(arguments.data, _OTHER_SPLIT[arguments.split], sets)
        real, faults = real_beside_real(evaluators, clips, other), fault_figures(evaluators, clips)
        sys.stdout.write(validity_report(real, faults))
        numbers['validity'] = validity_numbers(real, faults)
    benchmark = GenerationBenchmark(
        arguments.data, clips, sets, evaluators, generators, arguments.seeds)
    results = []
    with Progress('sources', 1 + len(benchmark.sources), 'judged') as progress:
        for result in benchmark.results():
            results.append(result)
            progress.advance(1)
    sys.stdout.write(results_report(results, numbers))
    if arguments.json:
        numbers['sources'] = {result.name: result_numbers(result) for result in results}
        sys.stdout.write(json.dumps(numbers) + '\n')
    return 0
