# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Feeds a parser what a stranger could have made, and counts what it said.

The rule: each input gives a valid object, or the error that the parser says it raises, as one
line; nothing else is raised, nothing takes seconds, nothing takes hundreds of megabytes. Every
try is drawn from its own seed, so that one alone can be played again.

FUZZ_FACTOR times as many tries are made; FUZZ_SEED draws others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
from random import Random
import resource
import signal
import time
from typing import Any
import warnings

from motion_avatar_ros.errors import MotionAvatarError

FACTOR = float(os.environ.get('FUZZ_FACTOR', '1'))
SEED = os.environ.get('FUZZ_SEED', '1')
_SLOWEST_S = 5.0
_MOST_MB = 500.0
_MOST_CHARACTERS = 4000


class TooSlowError(BaseException):
    """A try that was ended."""


@dataclass
class Counts:
    """What came of a parser's tries."""

    parser: str
    tries: int = 0
    accepted: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    slowest: int = 0
    grown_mb: float = 0.0

    def __str__(self) -> str:
        return (f'fuzz {self.parser}: tries {self.tries}, accepted {self.accepted}, refused '
                f'{self.refused}, slowest {self.slowest_s:.2f} s (try {self.slowest}), memory '
                f'+{self.grown_mb:.0f} MB')


def fuzz(
    parser: str, draw: Callable[[Random], Any], parse: Callable[[Any], object],
    refusals: tuple[type[BaseException], ...], tries: int,
    check: Callable[[Any], None] | None = None,
) -> Counts:
    """
    Try a parser and print the counts; require that it accepted some, and refused some.

    Args:
        parser: its name in the output.
        draw: makes an input.
        parse: takes it.
        refusals: what it may raise; empty where nothing it is given is to be refused.
        tries: how many, at a factor of 1.
        check: asserts that what came out is valid.

    Raises:
        AssertionError: the rule was broken; says by which try.
    """
    counts = Counts(parser)
    with _bounded_memory(counts):
        for number in range(max(1, round(tries * FACTOR))):
            given = draw(Random(f'{SEED}/{parser}/{number}'))
            counts.tries += 1
            began_s = time.monotonic()
            try:
                with _bounded_time(), warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    found = parse(given)
                    if check is not None:
                        check(found)
                counts.accepted += 1
            except refusals as error:
                counts.refused += 1
                text = str(error)
                if isinstance(error, MotionAvatarError) and (
                        not text.isprintable() or len(text) > _MOST_CHARACTERS):
                    raise _broken(counts, number, given, 'the refusal is no line') from error
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                raise _broken(
                    counts, number, given, f'{type(error).__name__}: {error}'[:300]) from error
            took_s = time.monotonic() - began_s
            if took_s > counts.slowest_s:
                counts.slowest_s, counts.slowest = took_s, number
    print(counts)
    assert counts.grown_mb < _MOST_MB, counts
    assert counts.accepted > 0 and (counts.refused > 0 or not refusals), counts
    return counts


def _broken(counts: Counts, number: int, given: Any, what: str) -> AssertionError:
    shown = repr(given)
    kept = Path(os.environ['FUZZ_KEEP']) if 'FUZZ_KEEP' in os.environ else None
    if kept is not None and isinstance(given, bytes | str):
        kept.write_bytes(given if isinstance(given, bytes) else given.encode(
            'utf-8', 'surrogatepass'))
    return AssertionError(
        f'{counts.parser}, seed {SEED}, try {number}: {what}; given {shown[:600]} '
        f'({len(shown)} characters)')


@contextmanager
def _bounded_time() -> Iterator[None]:
    def end(*_: object) -> None:
        raise TooSlowError(f'more than {_SLOWEST_S:g} s')

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _SLOWEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _bounded_memory(counts: Counts) -> Iterator[None]:
    """Measure how far the process grows; what wants gigabytes at once gets a MemoryError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = _status_mb('VmRSS')
    Path('/proc/self/clear_refs').write_text('5', encoding='ascii')     # begins a new peak
    resource.setrlimit(resource.RLIMIT_AS, (int(2 ** 20 * (_status_mb('VmSize') + 4000)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        counts.grown_mb = max(0.0, _status_mb('VmHWM') - before)


def _status_mb(name: str) -> float:
    for line in Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        if line.startswith(f'{name}:'):
            return float(line.split()[1]) / 1024.0
    raise KeyError(name)
