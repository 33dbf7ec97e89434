# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Damage done to valid inputs: to their bytes, to their text, and to the values they tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import copy
import datetime
import math
from random import Random
import re
import struct
from typing import Any

#: Numbers that are of the right type and nothing else.
NUMBERS = (0, -1, 1, 2, 255, 2 ** 15, 2 ** 31 - 1, -2 ** 31, 2 ** 32, 2 ** 63, 10 ** 12, 10 ** 40,
           0.0, -0.0, 0.5, -1e-300, 5e-324, 1e300, math.nan, math.inf, -math.inf)
#: Values of every other type that a text can tell.
VALUES = (None, True, False, '', 'x', 'nan', '..', '/etc/passwd', '\0', '\x1b[2J', '\ud800',
          '9' * 400, 'x' * 5000, [], {}, [[]], [None] * 3, {'': ''}, {'x': {'x': {}}},
          [[[[[[]]]]]],
          datetime.date(2026, 1, 1), b'\x00', {None: 1})
_TOKENS = (
    '1e999', '-1e999', '.nan', 'nan', '.inf', 'inf', '-0', '0x7fffffff', '1_0', '0b2', '1:99',
    '2024-13-45', '99999999999999999999999', '9' * 5000, '~', 'null', 'true', '""', '[]', '{}',
    '&a', '*a',
    'http://[x', 'file://' + 'x' * 300, 'package://a/../b.stl',
    '!!binary x', '!!python/object:os.system x', '<<: *a', '? [x]', '---', '%YAML 9',
    '[' * 3000, '{"a":' * 3000, '- ' * 3000, '<a>' * 3000, '<!DOCTYPE a [<!ENTITY b "c">]>', '&b;',
    '\\ud800', '\x00', '\ufeff', '\u2028', '\t', "'", '"', '#', ':', ',')
_TOKEN = re.compile(r'[\w.+-]+')
_SIZES = ('<B', '<H', '<I', '<Q', '>I', '>Q', '<f', '<d')


def mutated_bytes(random: Random, seeds: Sequence[bytes], most: int = 6) -> bytes:
    """Return one of the seeds after one to `most` damages."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, most)):
        random.choice(_BYTE_DAMAGES)(random, data, seeds)
    return bytes(data)


def random_bytes(random: Random, heads: Sequence[bytes] = (b'',), most: int = 2000) -> bytes:
    """Return noise after one of the heads."""
    size = int(most ** random.random())
    return random.choice(heads) + random.randbytes(size)


def mutated_text(random: Random, seeds: Sequence[str], most: int = 4) -> str:
    """Return one of the seeds after one to `most` damages to its tokens and lines."""
    text = random.choice(seeds)
    for _ in range(random.randint(1, most)):
        text = random.choice(_TEXT_DAMAGES)(random, text, seeds)
    return text


def mutated_values(random: Random, value: Any, most: int = 3) -> Any:
    """Return a copy of nested dictionaries and lists after one to `most` damages."""
    holder = [copy.deepcopy(value)]
    for _ in range(random.randint(1, most)):
        containers = list(_containers(holder))
        container = random.choice(containers)
        if not container:
            continue
        key = random.choice(list(container) if isinstance(container, dict) else range(
            len(container)))
        _damage_entry(random, container, key)
    return holder[0]


def odd_value(random: Random) -> Any:
    """Return a number out of NUMBERS, or a value out of VALUES."""
    return copy.deepcopy(random.choice(random.choice((NUMBERS, VALUES))))


def _containers(value: Any) -> Any:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


def _damage_entry(random: Random, container: Any, key: Any) -> None:
    kind = random.randrange(6)
    value = container[key]
    if kind == 0 and isinstance(container, dict):
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[random.choice(('x', 'y', random.choice(('', '..', '\x1b'))))] = value
    elif kind == 1:
        container.insert(key, copy.deepcopy(value))
    elif kind == 2 and isinstance(value, int | float):
        container[key] = value * random.choice((-1, 0, 1e-9, 2, 10, 1e3, 1e9))
    elif kind == 3:
        container[key] = [copy.deepcopy(value)]
    elif kind == 4:
        container[key] = str(value)
    else:
        container[key] = odd_value(random)


def _flip(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    for _ in range(random.choice((1, 1, 2, 8)) if data else 0):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _cut(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    if data:
        del data[random.randrange(len(data)):]


def _remove(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    if data:
        start = random.randrange(len(data))
        del data[start:start + int(64 ** random.random())]


def _repeat(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    if data:
        start = random.randrange(len(data))
        data[start:start] = data[start:start + int(256 ** random.random())] * random.choice(
            (1, 1, 2, 20))


def _insert(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    start = random.randint(0, len(data))
    data[start:start] = random.randbytes(int(64 ** random.random()))


def _number(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    layout = random.choice(_SIZES)
    if layout[1] in 'fd':
        number: float = random.choice((0.0, -0.0, 1e30, math.nan, math.inf, 5e-324))
        packed = struct.pack(layout, number)
    else:
        bits = 8 * struct.calcsize(layout)
        half = 2 ** (bits - 1)
        number = random.choice((0, 1, half - 1, half, 2 * half - 1, random.randrange(2 * half)))
        packed = struct.pack(layout, number)
    if len(data) >= len(packed):
        start = random.randrange(len(data) - len(packed) + 1)
        data[start:start + len(packed)] = packed


def _splice(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = random.choice(seeds)
    if data and other:
        start = random.randrange(len(other))
        piece = other[start:start + int(512 ** random.random())]
        at = random.randrange(len(data))
        data[at:at + len(piece)] = piece


_BYTE_DAMAGES: tuple[Callable[[Random, bytearray, Sequence[bytes]], None], ...] = (
    _flip, _flip, _cut, _remove, _repeat, _insert, _number, _number, _splice)


def _replace_token(random: Random, text: str, seeds: Sequence[str]) -> str:
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        return text + random.choice(_TOKENS)
    token = random.choice(tokens)
    return text[:token.start()] + random.choice(_TOKENS) + text[token.end():]


def _exchange_token(random: Random, text: str, seeds: Sequence[str]) -> str:
    tokens, others = list(_TOKEN.finditer(text)), _TOKEN.findall(random.choice(seeds))
    if not tokens or not others:
        return text
    token = random.choice(tokens)
    return text[:token.start()] + random.choice(others) + text[token.end():]


def _damage_lines(random: Random, text: str, seeds: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True) or ['']
    at = random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[at])
    elif kind == 2:
        lines[at] = ' ' * random.randint(1, 4) + lines[at]
    else:
        lines[at] = random.choice(random.choice(seeds).splitlines(keepends=True) or [''])
    return ''.join(lines)


def _cut_text(random: Random, text: str, seeds: Sequence[str]) -> str:
    start, end = sorted(random.randint(0, len(text)) for _ in range(2))
    return text[:start] + text[end:] if random.random() < 0.5 else text[:end]


def _insert_text(random: Random, text: str, seeds: Sequence[str]) -> str:
    start = random.randint(0, len(text))
    return text[:start] + random.choice((random.choice(_TOKENS), chr(random.randrange(0xd7ff)))) \
        + text[start:]


_TEXT_DAMAGES: tuple[Callable[[Random, str, Sequence[str]], str], ...] = (
    _replace_token, _replace_token, _exchange_token, _damage_lines, _damage_lines, _cut_text,
    _insert_text)
