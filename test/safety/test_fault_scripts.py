# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Random faults between an operator and a robot: no rule is ever broken, and it goes on.

`make soak` plays 2,000 of them; SOAK_SCRIPTS and SOAK_SEED choose others.
"""

from __future__ import annotations

import os

from fault_scripts import BODY_FAULTS, BrokenRuleError, Fault, FaultScript, Outcome
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.urdf import UrdfError
from motion_avatar_ros.safety.engage_gate import EngageState
import numpy as np
import pytest

pytest.importorskip('pinocchio', reason='needs pinocchio')

SCRIPTS = int(os.environ.get('SOAK_SCRIPTS', '50'))
SEED = int(os.environ.get('SOAK_SEED', '0'))
BATCHES = 2     # beside each other, where tests have several workers


@pytest.fixture(scope='module')
def retargeter() -> Retargeter:
    try:
        return Retargeter.load('g1')
    except UrdfError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize('batch', range(BATCHES))
def test_random_faults_break_no_rule_and_it_resumes_or_ends_as_it_should(retargeter, batch):
    total = Outcome()
    for number in range(batch, SCRIPTS, BATCHES):
        try:
            total.add(FaultScript(retargeter, SEED + number).run())
        except BrokenRuleError as broken:
            raise BrokenRuleError(
                f'SOAK_SEED={SEED + number} SOAK_SCRIPTS=1: {broken}') from broken
    print(f'\nseed {SEED}, batch {batch}: {dict(total.counts)}; largest step '
          f'{total.largest_step_share:.6f} of the velocity limit')
    assert total.counts['scripts'] == len(range(batch, SCRIPTS, BATCHES))
    assert total.counts['commands'] > 500 * total.counts['scripts']
    assert total.counts['rejected by the wall'] == 0    # nothing behind it was wrong


@pytest.mark.parametrize('kind', BODY_FAULTS)
def test_each_fault_alone_is_resumed_from(retargeter, kind):
    script = FaultScript(retargeter, 1, [Fault(kind, 7.5, 8.5)])
    if kind == 'clock steps':   # may leave any clock
        script.run()
        return
    assert script.run().counts['resumed within 2 s'] == 1


def _without_wall(script: FaultScript) -> None:
    script.commands.wall.passed = lambda joints, dt_s: joints


def _bug(change):
    def plant(script: FaultScript) -> None:
        _without_wall(script)
        command = script.commands.gate.command

        def broken(*arguments):
            joints = command(*arguments)
            late = script.now_s - script.begin_s > 9.0
            return change(joints.copy()) if joints is not None and late else joints

        script.commands.gate.command = broken
    return plant


def _beyond_its_limit(script: FaultScript) -> None:
    """The first joint's limit is forgotten by the follower: it creeps over it."""
    _without_wall(script)
    limits = script.commands.gate._limits
    script.limits = type(limits)(
        np.full_like(limits.lower, -0.05), np.full_like(limits.upper, 0.05), limits.velocity,
        limits.acceleration)
    script.measured = np.zeros(len(limits.lower))


def _faster(script: FaultScript) -> None:
    _without_wall(script)
    limits = script.limits
    script.limits = type(limits)(
        limits.lower, limits.upper, 0.5 * limits.velocity, limits.acceleration)


def _jerkier(script: FaultScript) -> None:
    _without_wall(script)
    limits = script.limits
    script.limits = type(limits)(
        limits.lower, limits.upper, limits.velocity, 0.2 * limits.acceleration)


def _after_the_stop(script: FaultScript) -> None:
    gate = script.commands.gate
    command = gate.command

    def deaf(*arguments):
        joints = command(*arguments)
        if joints is not None and script.now_s - script.begin_s > 9.0:
            gate.state = EngageState.STOPPED    # and yet joints come out
        return joints

    gate.command = deaf


@pytest.mark.parametrize(('plant', 'caught'), [
    (_bug(lambda joints: joints * np.nan), 'not finite'),
    (_beyond_its_limit, 'position limit'), (_faster, 'velocity limit'),
    (_jerkier, 'acceleration limit'), (_after_the_stop, 'a command while stopped')],
    ids=['finite', 'position', 'velocity', 'acceleration', 'silence'])
def test_a_planted_bug_of_each_kind_is_caught(retargeter, plant, caught):
    with pytest.raises(BrokenRuleError, match=caught):
        FaultScript(retargeter, 3, [], plant).run()


def test_the_wall_stops_a_bug_that_the_gate_lets_out(retargeter):
    def plant(script: FaultScript) -> None:
        passed = script.commands.wall.passed
        _bug(lambda joints: joints + 0.3)(script)
        script.commands.wall.passed = passed

    script = FaultScript(retargeter, 3, [], plant)
    outcome = script.run()      # no rule is broken by what is sent
    assert outcome.counts['rejected by the wall'] == 3
    assert script.commands.gate.state is EngageState.DISENGAGED
