# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`gallery`: a page with a strip to each sentence, and notes that fit the weights or are left."""

from __future__ import annotations

from pathlib import Path
import re

from hashed_words import HashedWords
from PIL import Image
import pytest

from motion_avatar_ros.commands import gallery
from motion_avatar_ros.commands.gallery_notes import NOTES_FILE, read_notes
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation.model_folder import WEIGHTS_FILE
from motion_avatar_ros.generation.random_mosa import write_random_mosa

DOCS = Path(__file__).resolve().parents[2] / 'docs'
NOTE = 'tiny:\n  weights: {}\n  summary: all of it\n  seen: {{a person walks: it   trembles}}\n'


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return write_random_mosa(tmp_path_factory.mktemp('models') / 'tiny')


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(
        'motion_avatar_ros.generation.mosa.text_encoder', lambda name: HashedWords())
    monkeypatch.setattr(gallery, 'PROMPTS', ('a person walks', 'a person sits & waits'))
    monkeypatch.setattr(gallery, '_COLUMNS', 2)
    monkeypatch.setattr(gallery, '_MESH', 'coarse')


def make(model, out, *options):
    return main(['gallery', str(model), '--out', str(out), '--frames', '40', *options])


def test_a_page_has_a_picture_to_each_sentence_with_a_row_to_each_seed(model, tmp_path, capsys):
    for _ in range(2):      # it may be made anew
        assert make(model, tmp_path, '--seeds', '2') == 0
    page = (tmp_path / 'gallery.md').read_text()
    pictures = re.findall(r'!\[(.*?)\]\((.*?)\)', page)
    assert [words for words, _ in pictures] == ['a person walks', 'a person sits & waits']
    width, height = gallery._PICTURE_PX
    for _, picture in pictures:
        assert Image.open(tmp_path / picture).size == (2 * width, 2 * height)
    assert page.count('\n| 1 | ') == page.count('\n| 2 | ') == 2


def test_notes_on_these_weights_are_shown_and_others_left_away_with_a_word(
    model, tmp_path, capsys
):
    from hashlib import sha256

    own = sha256((model / WEIGHTS_FILE).read_bytes()).hexdigest()
    for weights, is_shown in ((own, True), ('0' * 64, False)):
        (tmp_path / NOTES_FILE).write_text(NOTE.format(f"'{weights}'"))
        assert make(model, tmp_path, '--seeds', '1') == 0
        page = (tmp_path / 'gallery.md').read_text()
        assert ('it trembles' in page) == ('all of it' in page) == is_shown
        assert ('left away' in capsys.readouterr().err) != is_shown


@pytest.mark.parametrize(('files', 'options', 'reason'), [
    ({'gallery.md': '# Mine\n'}, (), 'no gallery'),
    ({NOTES_FILE: 'tiny: [walks]\n'}, (), 'allowed are generators with'),
    ({NOTES_FILE: 'tiny: &a {seen: *a}\n'}, (), NOTES_FILE),
    ({}, ('--frames', '3'), 'allowed: 4 to 6000'), ({}, ('--out', 'nowhere'), 'nowhere')])
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    model, tmp_path, capsys, files, options, reason
):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert make(model, tmp_path, *options) == 2
    said = capsys.readouterr().err
    assert said.count('\n') == 1 and reason in said
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_the_gallery_that_ships_is_whole_small_and_its_notes_are_on_the_page():
    page = (DOCS / 'gallery.md').read_text()
    pictures = re.findall(r'\]\((images/.*?)\)', page)
    assert len(pictures) == 12
    assert all((DOCS / picture).stat().st_size < 60_000 for picture in pictures)
    for note in read_notes(DOCS).values():
        if note.weights[:8] in page:
            assert all(words in page for words in (note.summary, *note.seen.values()))
