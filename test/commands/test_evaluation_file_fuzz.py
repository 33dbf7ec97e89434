# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Evaluations of strangers: a page that runs nothing, or one clear line."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
import re

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, mutated_values, random_bytes

from motion_avatar_ros.commands.evaluation_file import (
    EvaluationFile, EvaluationFileError, read_evaluation,
)
from motion_avatar_ros.commands.report_page import report_page
from motion_avatar_ros.training.metrics import METRIC_NAMES

NAMES = ['cmu/a', 'cmu/b', 'own/<script>']
MEANS = dict.fromkeys(METRIC_NAMES, 1.5)
COMPARED = {'mean': 1.0, 'against_mean': 2.0, 'difference': -1.0, 'difference_low': -1.5,
            'difference_high': -0.5, 'percent': -50.0, 'percent_low': -60.0, 'percent_high': None}
VALUES = {
    **MEANS, 'model': 'mage', 'split': 'test', 'clips': 3, 'frames': 900, 'sets': ['cmu', 'own'],
    'weights_sha256': 'ab' * 32, 'trackers': ['head'], 'frame_weighted': MEANS,
    'baselines': {'t_pose': {**MEANS, 'frame_weighted': MEANS}},
    'one_euro': {'mage, filtered': MEANS},
    'against': {'models': ['mage'], 'against': ['sage'], 'metrics': {
        name: COMPARED for name in METRIC_NAMES}},
    'per_clip': {'clips': NAMES, 'models': {'mage': {
        name: [1.0, None, 3.0] for name in METRIC_NAMES}}}}


def test_a_fuzzed_evaluation_makes_a_page_that_runs_nothing_or_is_refused(tmp_path):
    path = tmp_path / 'evaluation.json'
    text = json.dumps(VALUES, indent=1)

    def draw(random: Random) -> bytes:
        kind = random.randrange(5)
        if kind < 2:
            return json.dumps(
                mutated_values(random, VALUES), default=str, skipkeys=True).encode()
        if kind == 2:
            return mutated_bytes(random, [text.encode()], most=2)
        return mutated_text(random, [text]).encode('utf-8', 'surrogatepass') if (
            random.random() < 0.9) else random_bytes(random, (b'{', b'[' * 9000))

    def parse(data: bytes) -> tuple[EvaluationFile, str]:
        path.write_bytes(data)
        found = read_evaluation(path)
        return found, report_page([found])

    def check(result: tuple[EvaluationFile, str]) -> None:
        found, page = result
        assert found.measured and isinstance(found.path, Path)
        assert not re.search(r'<(script|img|iframe|object|embed|link|base)\b', page, re.I)
        page.encode('utf-8')

    fuzz('evaluation JSON', draw, parse, (EvaluationFileError,), 400, check)
