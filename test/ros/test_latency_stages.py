# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A stage over its budget is named once, and goes when it is well within it again."""

from __future__ import annotations

import pytest

from motion_avatar_ros.nodes.latency_parameters import (
    AVATAR_LATENCY_PARAMETERS, RETARGET_LATENCY_PARAMETERS, retarget_stages,
)
from motion_avatar_ros.ros.avatar_pipeline import STAGES
from motion_avatar_ros.ros.latency_stages import LatencyBudgets, LatencyStages

BUDGETS_MS = {'latency.wait_ms': 20.0, 'latency.inference_ms': 10.0,
              'latency.input_to_publish_ms': 0.0}


class Judged:
    """The stages of a node that tests pass poses through."""

    def __init__(self, **budgets_ms: float) -> None:
        self.stages = LatencyStages(('wait', 'inference', 'input_to_publish'))
        self.budgets = LatencyBudgets(self.stages, {
            **BUDGETS_MS, **{f'latency.{name}_ms': ms for name, ms in budgets_ms.items()}})

    def pass_through(self, wait_ms: float, inference_ms: float, poses: int = 600) -> list[str]:
        for _ in range(poses):
            self.stages.add(
                wait=wait_ms * 1e-3, inference=inference_ms * 1e-3,
                input_to_publish=(wait_ms + inference_ms) * 1e-3)
        return self.budgets.update()


def test_median_and_p99_of_each_stage_have_keys_with_their_unit():
    judged = Judged()
    judged.pass_through(2.0, 4.0, poses=90)
    judged.pass_through(2.0, 9.0, poses=10)
    assert judged.stages.values() == pytest.approx({
        'stage.wait_p50_ms': 2.0, 'stage.wait_p99_ms': 2.0,
        'stage.inference_p50_ms': 4.0, 'stage.inference_p99_ms': 9.0,
        'stage.input_to_publish_p50_ms': 6.0, 'stage.input_to_publish_p99_ms': 11.0})


def test_an_exceeded_budget_is_named_once_with_stage_figure_and_budget():
    judged = Judged()
    assert judged.pass_through(1.0, 9.0) == []
    [line] = judged.pass_through(1.0, 12.5)
    assert line == 'latency: inference takes 12.5 ms (p50), latency.inference_ms is 10'
    assert judged.budgets.lines == (line,)
    assert judged.pass_through(1.0, 14.0) == []
    assert '14.0 ms' in judged.budgets.lines[0]


def test_frames_that_wait_are_told_with_how_long_each_takes():
    [line] = Judged(inference=0.0).pass_through(180.0, 18.5)
    assert line == ('latency: wait takes 180.0 ms (p50), latency.wait_ms is 20; inference and '
                    'publish of one frame take 18.5 ms')


def test_a_stage_at_its_budget_is_no_news_every_second():
    judged = Judged()
    said = [line for k in range(20) for line in judged.pass_through(1.0, 10.0 + (-1) ** k)]
    assert len(said) == 1
    [line] = judged.pass_through(1.0, 7.9)
    assert 'inference is within its budget again' in line
    assert judged.budgets.lines == ()


def test_pauses_of_a_busy_machine_are_no_lag():
    judged = Judged()
    for _ in range(10):
        judged.pass_through(1.0, 5.0, poses=45)
        assert judged.pass_through(300.0, 200.0, poses=15) == []


def test_nothing_is_judged_by_its_first_two_seconds_nor_told_while_nothing_moves():
    judged = Judged()
    assert judged.pass_through(1.0, 50.0, poses=119) == [] and not judged.budgets.lines
    assert len(judged.pass_through(1.0, 50.0, poses=1)) == 1
    assert judged.pass_through(1.0, 50.0, poses=0) == [] and not judged.budgets.lines
    assert judged.pass_through(1.0, 50.0, poses=1) == [] and judged.budgets.lines


def test_no_budget_warns_of_nothing_and_the_whole_names_its_largest_part():
    judged = Judged(wait=0.0, inference=0.0, input_to_publish=100.0)
    [line] = judged.pass_through(90.0, 30.0)
    assert line == ('latency: input_to_publish takes 120.0 ms (p50), latency.input_to_publish_ms '
                    'is 100; most of it is wait, 90.0 ms')


def test_every_stage_of_both_nodes_has_a_budget_that_can_be_switched_off():
    for stages, table in (
            (STAGES, AVATAR_LATENCY_PARAMETERS),
            (retarget_stages({'output_rate_hz': 100.0}).names, RETARGET_LATENCY_PARAMETERS)):
        assert {row.name for row in table} == {f'latency.{stage}_ms' for stage in stages}
        assert all(row.checked(0.0) == 0.0 and '0: no budget' in row.description for row in table)
