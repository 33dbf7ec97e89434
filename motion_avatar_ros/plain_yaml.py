# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
YAML of strangers: names, lists, texts and numbers, each said once.

No file of this package needs anchors, tags, merges or deep nesting; with them a short text stands
for a huge value, or for an object. A key that is there twice is refused, not the first of the
two forgotten.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_DEEPEST = 20
_MOST_BYTES = 200_000
_FAST_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


class PlainYamlError(ValueError):
    """A text that is no such YAML; its words are one line."""


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML without what makes little text much."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose what is allowed."""
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse('anchors are not allowed', event)
        if getattr(event, 'tag', None) is not None:
            self._refuse('tags are not allowed', event)
        if self._depth == _DEEPEST:
            self._refuse(f'nested more than {_DEEPEST} deep', event)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping whose keys are all different, and none a merge."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if key.tag == 'tag:yaml.org,2002:merge':
                self._refuse('merges are not allowed', key)
            name = (key.tag, str(key.value))
            if name in seen:
                self._refuse(f"'{key.value}' is there twice", key)
            seen.add(name)
        return super().construct_mapping(node, deep)

    def _refuse(self, problem: str, at: yaml.Event | yaml.Node) -> None:
        raise yaml.constructor.ConstructorError(None, None, problem, at.start_mark)


def load_plain_yaml(text: str) -> Any:
    """
    Return what a text says.

    Raises:
        PlainYamlError: too long, no YAML, or more than plain values.
    """
    if len(text) > _MOST_BYTES:
        raise PlainYamlError(f'more than {_MOST_BYTES:,} characters')
    try:
        loader = _PlainLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except Exception as error:  # the library lets through whatever the text causes
        mark = getattr(error, 'problem_mark', None)
        where = '' if mark is None else f' in line {mark.line + 1}'
        problem = getattr(error, 'problem', None) or str(error) or type(error).__name__
        raise PlainYamlError(f"{' '.join(problem.split())}{where}") from None


def check_yaml_depth(path: Path, most_bytes: int) -> None:
    """
    Refuse a file that another reader of YAML would take too long for, or unfold without end.

    Raises:
        PlainYamlError: too large, nested too deeply, or with anchors.
        OSError: it cannot be read.
    """
    if path.stat().st_size > most_bytes:
        raise PlainYamlError(f'more than {most_bytes:,} bytes')
    depth = 0
    try:
        for event in yaml.parse(path.read_bytes(), Loader=_FAST_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
                raise PlainYamlError(f'nested more than {_DEEPEST} deep, or with anchors')
    except PlainYamlError:
        raise
    except (yaml.YAMLError, ValueError):
        return  # whoever reads it says what is wrong


def read_plain_yaml(path: Path) -> Any:
    """
    Return what a file says.

    Raises:
        PlainYamlError: as `load_plain_yaml`, or the file cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PlainYamlError(f'more than {_MOST_BYTES:,} bytes')
        text = path.read_text(encoding='utf-8')
    except OSError as error:
        raise PlainYamlError(f'cannot be read: {error.strerror or error}') from None
    except UnicodeDecodeError:
        raise PlainYamlError('no text') from None
    return load_plain_yaml(text)
