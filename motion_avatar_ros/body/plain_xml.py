# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""XML of strangers: no document type, thus no entities, and neither deep nor endless."""

from __future__ import annotations

from xml.etree import ElementTree

_MOST_CHARACTERS = 8_000_000
_DEEPEST = 50
_MOST_ELEMENTS = 200_000


class PlainXmlError(ValueError):
    """A text that is no such XML; its words are one line."""


class _BoundedBuilder(ElementTree.TreeBuilder):
    """Builds what is allowed."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        """Begin an element."""
        self._depth += 1
        self._count += 1
        if self._depth > _DEEPEST:
            raise PlainXmlError(f'nested more than {_DEEPEST} deep')
        if self._count > _MOST_ELEMENTS:
            raise PlainXmlError(f'more than {_MOST_ELEMENTS:,} elements')
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        """End one."""
        self._depth -= 1
        return super().end(tag)

    def doctype(self, *_: str) -> None:
        """Refuse what entities are declared in."""
        raise PlainXmlError('it declares a document type or entities')


def parse_plain_xml(text: str) -> ElementTree.Element:
    """
    Return the root element.

    Raises:
        PlainXmlError: too long, no XML, or more than elements, attributes and text.
    """
    if len(text) > _MOST_CHARACTERS:
        raise PlainXmlError(f'more than {_MOST_CHARACTERS:,} characters')
    try:
        return ElementTree.fromstring(text, ElementTree.XMLParser(target=_BoundedBuilder()))
    except PlainXmlError:
        raise
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise PlainXmlError(' '.join(str(error).split())) from None
