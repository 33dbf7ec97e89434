# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The stages of a pose's way through one node: how long each took, and whether that was too long.

A stage is judged by its median over the window: a pause of a busy machine is in the p99 that
diagnostics show, and worth no warning; a lag that stays is what an operator feels. A stage over
its budget is told until its median is a fifth below it, so that one at its budget is no news
every second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from motion_avatar_ros.ros.diagnostics import LatencyMeter
from motion_avatar_ros.ros.parameters import Parameter

#: What a pose's whole way is called, which all other stages are parts of.
TOTAL = 'input_to_publish'
_LEAST_POSES = 120      # before which a stage is not judged; 2 s at 60 Hz
_CLEARED = 0.8          # of its budget


class LatencyStages:
    """A meter for each stage, over the last 600 poses (10 s at 60 Hz); thread safe."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take the names of the stages in their order; TOTAL may be among them."""
        self._meters = {name: LatencyMeter() for name in names}
        self._last = next(reversed(self._meters))
        #: Poses that came through the last stage.
        self.count = 0

    def add(self, **durations_s: float) -> None:
        """Record how long one pose took in some of the stages [s]."""
        for name, duration_s in durations_s.items():
            self._meters[name].add(duration_s)
        if self._last in durations_s:
            self.count += 1

    @property
    def names(self) -> tuple[str, ...]:
        """The stages in their order."""
        return tuple(self._meters)

    def p50_ms(self) -> dict[str, float]:
        """Return the median of each stage that was recorded [ms]."""
        medians = {name: meter.percentile_ms(50) for name, meter in self._meters.items()}
        return {name: median for name, median in medians.items() if median is not None}

    def values(self) -> dict[str, float | None]:
        """Return p50 and p99 of each stage under `stage.NAME_p50_ms` and `stage.NAME_p99_ms`."""
        return {key: value for name, meter in self._meters.items()
                for key, value in meter.values(f'stage.{name}').items()}


class LatencyBudgets:
    """Judges the stages of one node, once per call of `update`."""

    def __init__(self, stages: LatencyStages, values: Mapping[str, Any]) -> None:
        """
        Take what is to be judged by what.

        Args:
            stages: of the node.
            values: the node's parameters; `latency.NAME_ms` is the budget of a stage, 0 for
                none.
        """
        self._stages = stages
        self._budgets_ms: dict[str, float] = {
            name: values[f'latency.{name}_ms'] for name in stages.names}
        self._exceeded: dict[str, str] = {}
        self._count = 0
        #: A line for each stage that is over its budget; none while no poses come.
        self.lines: tuple[str, ...] = ()

    def update(self) -> list[str]:
        """Judge anew, and return what changed in a line for each stage."""
        is_moving = self._stages.count > self._count
        self._count = self._stages.count
        if not is_moving or self._count < _LEAST_POSES:
            self.lines = ()
            return []
        p50_ms = self._stages.p50_ms()
        changes = []
        for name, budget_ms in self._budgets_ms.items():
            took_ms = p50_ms.get(name, 0.0)
            was_over = name in self._exceeded
            if budget_ms and took_ms > budget_ms * (_CLEARED if was_over else 1.0):
                self._exceeded[name] = _line(name, budget_ms, p50_ms)
                if not was_over:
                    changes.append(self._exceeded[name])
            elif was_over:
                del self._exceeded[name]
                changes.append(
                    f'latency: {name} is within its budget again: p50 {took_ms:.1f} ms, '
                    f'latency.{name}_ms is {budget_ms:g}')
        self.lines = tuple(self._exceeded.values())
        return changes


def latency_parameters(budgets: Mapping[str, tuple[float, str]]) -> tuple[Parameter, ...]:
    """Return the parameters of a node's budgets, from default [ms] and description by stage."""
    return tuple(
        Parameter(f'latency.{name}_ms', default_ms, f'{description}; 0: no budget', 0.0, 10000.0)
        for name, (default_ms, description) in budgets.items())


def why_waiting(p50_ms: Mapping[str, float]) -> str:
    """Return what frames wait for, from medians by stage: each for those before it."""
    frame_ms = p50_ms.get('inference', 0.0) + p50_ms.get('publish', 0.0)
    return f'inference and publish of one frame take {frame_ms:.1f} ms'


def _line(name: str, budget_ms: float, p50_ms: Mapping[str, float]) -> str:
    line = f'latency: {name} takes {p50_ms[name]:.1f} ms (p50), latency.{name}_ms is {budget_ms:g}'
    if name == 'wait':
        return f'{line}; {why_waiting(p50_ms)}'
    parts = {part: took_ms for part, took_ms in p50_ms.items() if part != TOTAL}
    if name != TOTAL or not parts:
        return line
    most = max(parts, key=lambda part: parts[part])
    return f'{line}; most of it is {most}, {parts[most]:.1f} ms'
