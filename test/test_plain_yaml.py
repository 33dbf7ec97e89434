# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Little YAML that would be much, or something else than it seems."""

from __future__ import annotations

import pytest

from motion_avatar_ros.plain_yaml import (
    PlainYamlError, check_yaml_depth, load_plain_yaml, read_plain_yaml,
)

LAUGHS = 'a: &a [x, x]\n' + ''.join(
    f'{new}: &{new} [*{old}, *{old}]\n' for old, new in zip('abcdefghij', 'bcdefghijk'))


def test_plain_values_are_read():
    assert load_plain_yaml('a: [1, 2.5, {b: text}]\nc: null\n') == {
        'a': [1, 2.5, {'b': 'text'}], 'c': None}


@pytest.mark.parametrize(('text', 'word'), [
    (LAUGHS, 'anchors'), ('b: *a', 'anchors'), ('a: !!python/object:os.system x', 'tags'),
    ('a: !!binary eA==', 'tags'), ('<<: {a: 1}', 'merges'), ('a: 1\na: 2', "'a' is there twice"),
    ('x:\n  a: 1\n  a: 2', 'in line 3'), ('[' * 5000, 'nested'), ('- ' * 5000, 'nested'),
    ('a: [1', 'line'), ('a: 2024-13-45', 'month'), ('a: ' + '9' * 5000, 'limit'),
    ('x' * 200_001, 'more than'), ('\x00', 'special characters')])
def test_whatever_is_more_than_plain_values_is_refused_in_one_line(text, word):
    with pytest.raises(PlainYamlError, match=word) as refusal:
        load_plain_yaml(text)
    assert '\n' not in str(refusal.value)


def test_files_that_are_missing_huge_or_binary_are_refused(tmp_path):
    path = tmp_path / 'x.yaml'
    for content, word in ((None, 'cannot be read'), (b'\xff\xfe', 'no text'),
                          (b' ' * 200_001, 'more than')):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(PlainYamlError, match=word):
            read_plain_yaml(path)


def test_what_another_reader_would_choke_on_is_refused_before(tmp_path):
    path = tmp_path / 'metadata.yaml'
    for text in ('[' * 3000, LAUGHS):
        path.write_text(text)
        with pytest.raises(PlainYamlError, match='nested'):
            check_yaml_depth(path, 10 ** 6)
    with pytest.raises(PlainYamlError, match='more than 5 bytes'):
        check_yaml_depth(path, 5)
    for text in ('a: [{b: 1}]', 'a: [1'):    # the other one says what is wrong
        path.write_text(text)
        check_yaml_depth(path, 10 ** 6)
