# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`report`: what is on the page, what may not be on it, and which files are refused."""

from __future__ import annotations

import copy
from html.parser import HTMLParser
import json
from pathlib import Path
import re

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import save_motion
from motion_avatar_ros.commands.evaluation_file import read_evaluation
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.commands.report_page import TITLES
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.training.metrics import METRIC_NAMES

CLIPS = 15
EVIL = '"><script>alert(1)</script>&<img src=http://evil.example/x onerror=alert(2)>'
#: Elements that fetch or run something, or lead away.
ACTIVE = set('a base embed form iframe image img link object script use'.split())


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return '\n'.join(self.texts)


@pytest.fixture(scope='module')
def printed(tmp_path_factory) -> str:
    """Return all that an evaluation of two models prints."""
    folder = tmp_path_factory.mktemp('evaluated')
    (folder / 'data').mkdir()
    for seed, name in enumerate(('a', 'b', 'c')):
        save_motion(folder / 'data' / f'{name}.npz', swaying_motion(seed, 150))
    models = [write_random_baseline(folder / name, seed=seed)
              for seed, name in enumerate(('one', 'two'))]
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr('sys.stdout.write', written.append)
        assert main(['evaluate', '--model', str(models[0]), '--against', str(models[1]), '--data',
                     str(folder / 'data'), '--device', 'cpu', '--baselines', '--frames-per-step',
                     '8', '--json-clips']) == 0
    return ''.join(written)


def evaluation(**changes) -> dict:
    """Return an evaluation of many clips."""
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(1.0, 9.0, CLIPS).tolist() for name in METRIC_NAMES}
    means = {name: float(np.mean(row)) for name, row in values.items()}
    return {
        **means, 'frames': 900, 'clips': CLIPS, 'model': 'mage', 'split': 'test', 'sets': ['cmu'],
        'frame_weighted': {**means, 'frames': 900}, 'baselines': {},
        'per_clip': {'clips': [f'cmu/{number}' for number in range(CLIPS)],
                     'models': {'mage': values}}, **changes}


def write(path: Path, values: object) -> str:
    path.write_text(values if isinstance(values, str) else json.dumps(values), encoding='utf-8')
    return str(path)


def page_of(tmp_path, *files) -> str:
    out = tmp_path / f'page_{len(list(tmp_path.glob("page_*")))}.html'
    assert main(['report', *files, '--out', str(out)]) == 0
    return out.read_text(encoding='utf-8')


def test_what_evaluate_printed_is_on_the_page(printed, tmp_path):
    page = Page(page_of(tmp_path, write(tmp_path / 'run.txt', printed)))
    result = json.loads(printed.splitlines()[-1])
    for name in ('one', 'two', 'rest_pose'):
        assert name in page.texts
    for metric, (title, unit) in TITLES.items():
        assert f'{title} [{unit}]' in page.texts, metric
        for one in (*result['models'].values(), *result['baselines'].values()):
            assert ('-' if one[metric] is None else f'{one[metric]:.2f}') in page.texts, metric
    assert 'one against two' in page.texts
    comparison = result['against']['metrics']['mpjpe_cm']
    assert (f'{comparison["difference_low"]:.2f} .. {comparison["difference_high"]:.2f}'
            in page.texts)
    assert {'a', 'b', 'c'} <= set(page.texts)
    assert page.tags.count('svg') >= 6 + 1


def test_every_metric_has_a_title():
    assert tuple(TITLES) == METRIC_NAMES


def test_files_stand_side_by_side_and_worst_and_median_clips_are_named(tmp_path):
    first = evaluation()
    second = evaluation(model='sage', per_clip={})
    page = Page(page_of(tmp_path, write(tmp_path / 'x.json', first),
                        write(tmp_path / 'y.json', second)))
    assert {'mage', 'sage', 'x', 'y'} <= set(page.texts)
    assert 'not to be compared' not in page.text
    errors = first['per_clip']['models']['mage']['mpjpe_cm']
    worst, median = int(np.argmax(errors)), int(np.argsort(errors)[CLIPS // 2])
    assert re.search(rf'worst\s+cmu/{worst}\s', page.text)
    assert re.search(rf'median\s+cmu/{median}\s', page.text)
    assert page.texts.count('worst') == page.texts.count('best') == 5


def test_files_of_other_clips_are_not_to_be_compared(tmp_path):
    text = page_of(tmp_path, write(tmp_path / 'x.json', evaluation()),
                   write(tmp_path / 'y.json', evaluation(split='val')))
    assert 'not to be compared' in text.replace('\n', ' ')


def test_an_interval_holds_the_mean_and_is_only_drawn_where_clips_are_told(tmp_path):
    with_clips = page_of(tmp_path, write(tmp_path / 'x.json', evaluation()))
    without = page_of(tmp_path, write(tmp_path / 'y.json', evaluation(per_clip={})))
    whisker = re.search(r'class="whisker" d="M([\d.]+) [\d.]+H([\d.]+)', with_clips)
    bar = re.search(r'<rect class="c0" x="0" y="19" width="([\d.]+)"', with_clips)
    assert float(whisker[1]) < float(bar[1]) < float(whisker[2])
    assert 'class="whisker"' not in without and '--json-clips' in without


def test_names_from_files_are_text_and_nothing_is_fetched_or_run(tmp_path):
    values = evaluation(model=EVIL, split=EVIL, sets=[EVIL], trackers=[EVIL, '\ud800'])
    values['per_clip'] = {
        'clips': [EVIL] * CLIPS, 'models': {EVIL: values['per_clip']['models']['mage']}}
    values['baselines'] = {EVIL + '2': evaluation()}
    numbers = dict.fromkeys((
        'mean', 'against_mean', 'difference', 'difference_low', 'difference_high', 'percent',
        'percent_low', 'percent_high'), 1.0)
    values['against'] = {'models': [EVIL], 'against': [EVIL], 'metrics': {'mpjpe_cm': numbers}}
    name = '<b onclick=x>&".json'
    text = page_of(
        tmp_path, write(tmp_path / name, values), write(tmp_path / 'y.json', evaluation()))
    page = Page(text)
    assert not ACTIVE & set(page.tags)
    assert not [
        key for key, _ in page.attributes if key.startswith('on') or key in ('src', 'href')]
    assert 'url(' not in text and '@import' not in text
    assert EVIL in page.texts and any('<b onclick=x>' in one for one in page.texts)
    assert ('http-equiv', 'Content-Security-Policy') in page.attributes


def changed(*path, value) -> dict:
    """Return an evaluation with one value replaced."""
    values = copy.deepcopy(evaluation())
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return values


@pytest.mark.parametrize(('content', 'said'), [
    ('', 'JSON object'), ('mpjpe 3.1\n', 'JSON object'), ('[1, 2]', 'JSON object'),
    ('[' * 100_000, 'JSON object'), ('{"mpjpe_cm": 1.0', 'JSON object'),
    ({'median_ms': 1.0}, 'no mpjpe_cm, model, clips, frames'),
    (changed('mpjpe_cm', value='<b>'), 'mpjpe_cm is no number'),
    (changed('hand_pe_cm', value=True), 'hand_pe_cm is no number'),
    (changed('mpjpe_cm', value=float('nan')), 'NaN is no number'),
    (changed('mpjpe_cm', value=10**400), 'mpjpe_cm is no number'),
    (changed('frame_weighted', value=[]), 'frame_weighted is no object'),
    (changed('model', value=3), 'model holds what is no name'),
    (changed('baselines', value={'rest': 3}), 'rest is no object'),
    (changed('per_clip', 'clips', value=['one']), 'for 1 clips'),
    (changed('per_clip', 'models', 'mage', 'mpjpe_cm', value=['x'] * CLIPS), 'is no number'),
    (changed('against', value={'models': ['a']}), 'against.against is no list'),
])
def test_what_is_no_evaluation_is_refused_in_one_line(tmp_path, capsys, content, said):
    file = write(tmp_path / 'x.json', content)
    assert main(['report', file, '--out', str(tmp_path / 'page.html')]) == 2
    errors = capsys.readouterr().err
    assert errors.count('\n') == 1 and file in errors and said in errors
    assert not (tmp_path / 'page.html').exists()


def test_bytes_a_folder_and_nothing_are_refused_in_one_line(tmp_path, capsys):
    (tmp_path / 'bytes.json').write_bytes(b'\xff\xfe\x00')
    for name, said in (
            ('bytes.json', 'no text'), ('', 'directory'), ('none.json', 'No such file')):
        assert main(['report', str(tmp_path / name), '--out', str(tmp_path / 'page.html')]) == 2
        errors = capsys.readouterr().err
        assert errors.count('\n') == 1 and said in errors


def test_a_page_that_exists_or_is_no_html_is_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / 'page.html').write_text('mine')
    for out, said in (('page.html', 'exists already'), ('page.pdf', 'a new .html'),
                      ('no/page.html', 'a folder that exists')):
        assert main(['report', 'none.json', '--out', str(tmp_path / out)]) == 2
        assert said in capsys.readouterr().err
    assert (tmp_path / 'page.html').read_text() == 'mine'


def test_values_that_are_missing_stay_missing(tmp_path):
    values = changed('lag_ms', value=None)
    values['per_clip']['models']['mage']['mpjpe_cm'][0] = None
    read = read_evaluation(Path(write(tmp_path / 'x.json', values)))
    assert read.measured[0].means[None]['lag_ms'] is None
    assert read.measured[0].clips['mpjpe_cm'][0] is None
    page_of(tmp_path, str(tmp_path / 'x.json'))
