# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""XML that would be endless, deep, or read other files."""

from __future__ import annotations

import pytest

from motion_avatar_ros.body.plain_xml import PlainXmlError, parse_plain_xml


def test_elements_attributes_and_text_are_read():
    root = parse_plain_xml('<?xml version="1.0"?><a b="1"><c>text</c><!-- no --></a>')
    assert (root.tag, root.get('b'), root[0].text) == ('a', '1', 'text')


@pytest.mark.parametrize(('text', 'word'), [
    ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'entities'),
    ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'entities'),
    ('<a>' * 100_000, 'nested'), ('<a>' + '<b/>' * 200_001, 'elements'),
    ('x' * 8_000_001, 'more than'), ('', 'no element'), ('<a', 'unclosed'),
    ('<a>&b;</a>', 'undefined entity'), ('<a/><b/>', 'junk')])
def test_whatever_is_more_is_refused_in_one_line(text, word):
    with pytest.raises(PlainXmlError, match=word) as refusal:
        parse_plain_xml(text)
    assert '\n' not in str(refusal.value)
