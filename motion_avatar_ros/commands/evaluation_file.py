# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The JSON that `evaluate --json` prints, read back from a file and checked.

A file may hold the JSON object alone, or everything that was printed with the object on its last
line. Its names come from anywhere and are kept as they are; a value that is no number where one
belongs refuses the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
import math
from pathlib import Path
from typing import Any, NoReturn

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.training.metrics import METRIC_NAMES

#: The means of each evaluation by their keys; None is the one on top, that of the field's tables.
MEANS: Mapping[str | None, str] = {
    None: 'Mean over clips',
    'frame_weighted': 'Mean over frames',
    'after_2_s': 'Mean over clips, without the first 2 s of each',
    'after_2_s_frame_weighted': 'Mean over frames, without the first 2 s of each clip',
}
_SETTINGS = ('model', 'weights_sha256', 'split', 'sets', 'clips', 'frames', 'trackers', 'free',
             'windows', 'disturbance')
_TRIVIAL = 'baselines'
_OTHERS = ('one_euro', 'ahead', _TRIVIAL)
_COMPARISONS = ('against', 'against_one_euro')
_NEEDED = ('mpjpe_cm', 'model', 'clips', 'frames')
_MOST_BYTES = 256_000_000
_MOST = 1e12  # of a number, whatever its unit
#: Of a comparison's metric, in the order of its table.
COMPARED = ('mean', 'against_mean', 'difference', 'difference_low', 'difference_high', 'percent',
            'percent_low', 'percent_high')

#: A metric's value, None where there is none.
Numbers = dict[str, float | None]


class EvaluationFileError(MotionAvatarError):
    """A file that holds no JSON of `evaluate`."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(
            f"evaluation '{path}': {problem}; expected what `evaluate --json` prints")


@dataclass(frozen=True)
class Measured:
    """
    One measured estimator.

    Attributes:
        name: as `evaluate` calls it.
        means: by the keys of MEANS, each metric by its name; a mean that is not told is absent.
        clips: by metric the value of each clip; empty where clips are not told.
        is_trivial: whether it only shows what guessing gives.
    """

    name: str
    means: dict[str | None, Numbers]
    clips: dict[str, list[float | None]]
    is_trivial: bool


@dataclass(frozen=True)
class Comparison:
    """
    Two sides, compared clip by clip.

    Attributes:
        models, against: names of each side's seeds.
        metrics: by metric the numbers of COMPARED, or None.
    """

    models: list[str]
    against: list[str]
    metrics: dict[str, Numbers | None]


@dataclass(frozen=True)
class EvaluationFile:
    """
    What one file tells.

    Attributes:
        path: as given.
        settings: what was measured how: JSON values, by name.
        measured: the model first, then other models, filtered, ahead, and trivial ones.
        comparisons: of models with others.
        clip_names: of per-clip values; empty where there are none.
    """

    path: Path
    settings: dict[str, Any]
    measured: list[Measured]
    comparisons: list[Comparison]
    clip_names: list[str]


def read_evaluation(path: Path) -> EvaluationFile:
    """
    Read a file.

    Raises:
        EvaluationFileError: it cannot be read, or holds something else.
    """
    return _Reader(path).read()


class _Reader:
    """Checks one file on the way; every refusal names it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> EvaluationFile:
        values = self._object()
        missing = [key for key in _NEEDED if key not in values]
        if missing:
            self._refuse(f'no {", ".join(missing)} in it')
        per_clip = self._dict(values.get('per_clip', {}), 'per_clip')
        names = [self._text(name, 'per_clip.clips')
                 for name in self._list(per_clip.get('clips', []), 'per_clip.clips')]
        clips = self._dict(per_clip.get('models', {}), 'per_clip.models')
        trivial = self._dict(values.get(_TRIVIAL, {}), _TRIVIAL)
        return EvaluationFile(
            self._path, {key: values[key] for key in _SETTINGS if key in values},
            [Measured(name, self._means(one, name), self._clips(clips.get(name, {}), len(names)),
                      name in trivial) for name, one in self._evaluations(values)],
            [self._comparison(values[key], key) for key in _COMPARISONS if key in values],
            names)

    def _object(self) -> dict[str, Any]:
        try:
            if self._path.stat().st_size > _MOST_BYTES:
                self._refuse(f'larger than {_MOST_BYTES / 1e6:.0f} MB')
            text = self._path.read_text(encoding='utf-8').strip()
        except UnicodeDecodeError:
            self._refuse('no text')
        except OSError as error:
            self._refuse(f'cannot be read: {error.strerror}')
        for candidate in (text, text.rpartition('\n')[2]):
            try:
                values = json.loads(candidate, parse_constant=self._not_finite)
            except (ValueError, RecursionError):
                continue
            if isinstance(values, dict):
                return values
        self._refuse('neither it nor its last line is a JSON object')

    def _evaluations(self, values: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        models = self._dict(values.get('models', {}), 'models')
        if not models:
            yield self._text(values['model'], 'model'), values
        others = [self._dict(values.get(key, {}), key) for key in _OTHERS]
        for group in (models, *others):
            for name, one in group.items():
                if name != 'smoothing':
                    yield name, self._dict(one, name)

    def _means(self, values: dict[str, Any], name: str) -> dict[str | None, Numbers]:
        means: dict[str | None, Numbers] = {}
        for key in MEANS:
            if key is None or key in values:
                mean = values if key is None else self._dict(values[key], f'{name}.{key}')
                means[key] = {metric: self._number(mean.get(metric), f'{name}.{metric}')
                              for metric in METRIC_NAMES}
        return means

    def _clips(self, values: Any, count: int) -> dict[str, list[float | None]]:
        by_metric = self._dict(values, 'per_clip.models')
        clips = {}
        for metric in METRIC_NAMES:
            if metric in by_metric:
                row = self._list(by_metric[metric], f'per_clip {metric}')
                if len(row) != count:
                    self._refuse(f'per_clip {metric} has {len(row)} values for {count} clips')
                clips[metric] = [self._number(value, f'per_clip {metric}') for value in row]
        return clips

    def _comparison(self, values: Any, key: str) -> Comparison:
        one = self._dict(values, key)
        models, against = (
            [self._text(name, key) for name in self._list(one.get(side), f'{key}.{side}')]
            for side in ('models', 'against'))
        metrics = self._dict(one.get('metrics'), f'{key}.metrics')
        return Comparison(models, against, {
            metric: None if metrics[metric] is None else {
                name: self._number(
                    self._dict(metrics[metric], metric).get(name), f'{key}.{metric}.{name}')
                for name in COMPARED}
            for metric in METRIC_NAMES if metric in metrics})

    def _dict(self, value: Any, what: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(f'{what} is no object')
        return value

    def _list(self, value: Any, what: str) -> list[Any]:
        if not isinstance(value, list):
            self._refuse(f'{what} is no list')
        return value

    def _text(self, value: Any, what: str) -> str:
        if not isinstance(value, str):
            self._refuse(f'{what} holds what is no name')
        return value

    def _number(self, value: Any, what: str) -> float | None:
        if value is None:
            return None
        try:
            number = float(value) if type(value) in (int, float) else math.nan
        except OverflowError:
            number = math.nan
        if not abs(number) <= _MOST:
            self._refuse(f'{what} is no number')
        return number

    def _not_finite(self, text: str) -> NoReturn:
        self._refuse(f'{text} is no number')

    def _refuse(self, problem: str) -> NoReturn:
        raise EvaluationFileError(self._path, ' '.join(problem.split()))
