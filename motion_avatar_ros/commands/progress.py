# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Progress of long work on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

_LINE_EVERY_S = 10.0


class Progress:
    """Counts up to a known total; a context manager."""

    def __init__(self, name: str, total: int, unit: str) -> None:
        self._name, self._total, self._unit = name, total, unit
        self._done = 0
        self._started_s = self._said_s = time.monotonic()
        self._bar = tqdm(
            total=total, desc=name, unit=f' {unit}', leave=False
        ) if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif kind is None:
            self._say()

    def advance(self, count: int) -> None:
        """Count further."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._said_s >= _LINE_EVERY_S:
            self._say()

    def _say(self) -> None:
        self._said_s = time.monotonic()
        elapsed_s = self._said_s - self._started_s
        sys.stderr.write(
            f'{self._name}: {self._done} of {self._total} {self._unit}, {elapsed_s:.0f} s\n')
        sys.stderr.flush()
