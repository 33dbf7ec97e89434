# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The chain of processes for a long time, with faults, and beside a busy /tf.

Not in the suite: `make endurance` takes half an hour of a machine that does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import os
from pathlib import Path
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('mujoco', reason='MuJoCo is not installed')
pytest.importorskip('pinocchio', reason='pinocchio is not installed')
pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs')

from live_session import Heard, LiveSession  # noqa: E402

from motion_avatar_ros.commands.demo_nodes import PLAYER, DemoNodes  # noqa: E402

LASTS_S = float(os.environ.get('ENDURANCE_S', '0'))
pytestmark = pytest.mark.skipif(not LASTS_S, reason='make endurance')
QUIET_S = min(60.0, LASTS_S)
WARM_UP_S = 20.0
MOST_GROWTH_MB = 20.0
WITHIN = 1.2    # of p99, of what it was before
# Each message costs its round of the executor, which a transform among ten does not.
ONE_BY_ONE, WITHIN_ONE_BY_ONE = '2,000/s by 1', 1.5
LEAST_RATE = 0.8
VELOCITY_RAD_S, LONGEST_FRAME_S = 4.0, 0.1
BUSY_TF = Path(__file__).resolve().parents[1] / 'support' / 'busy_tf.py'


@pytest.fixture
def live(ros_domain, tmp_path) -> Iterator[Callable[..., LiveSession]]:
    sessions = []

    def start(**player) -> LiveSession:
        session = LiveSession(tmp_path, DemoNodes(
            'baseline', 'cpu', None, None, 'wave', 60.0, port=None, robot='g1',
            is_simulated=True), **player)
        sessions.append(session.__enter__())
        session.engage()
        time.sleep(WARM_UP_S)
        return session

    yield start
    for session in sessions:
        session.__exit__()


def lags_ms(heard: Heard, begin_s: float, end_s: float) -> np.ndarray:
    """Return the lags of the bodies of seconds in which the player says that it has no fault."""
    told = [(at_s, values) for at_s, name, values in list(heard.told) if name == PLAYER]
    lags, quiet = np.array(list(heard.lags)), []
    for (before_s, before), (after_s, after) in zip(told, told[1:]):
        faults = [{key: value for key, value in values.items() if key.startswith('faults.')}
                  for values in (before, after)]
        # What a fault left behind is over within a second.
        is_quiet = faults[0] == faults[1] and {before['fault'], after['fault']} == {'none'}
        if is_quiet and begin_s <= before_s and after_s <= end_s:
            inside = (lags[:, 0] >= before_s) & (lags[:, 0] < after_s)
            quiet.append(lags[inside, 1])
    return 1e3 * np.concatenate(quiet) if quiet else np.zeros(0)


def test_faults_for_long_leave_memory_and_lag_as_they_were(live):
    session = live(
        faults__kinds=['all'], faults__per_min=12.0,
        faults__longest_s=1.5, seed=20261127)
    heard, begin_s = session.heard, time.monotonic()
    memory = [session.memory_mb()]
    while time.monotonic() < begin_s + LASTS_S:
        time.sleep(1.0)
        memory.append(session.memory_mb())
        assert session.processes.ended() is None
    end_s = time.monotonic()
    window_s = LASTS_S / 6.0
    first, last = (
        lags_ms(heard, at_s, at_s + window_s) for at_s in (begin_s, end_s - window_s))
    growth_mb = {name: memory[-1][name] - memory[0][name] for name in memory[0]}
    commands = [each for each in heard.commands if each[0] >= begin_s]
    steps = [step for at_s, step in heard.steps if at_s >= begin_s]
    assert len(steps) > 0.9 * len(commands)
    faults = [values for _, name, values in heard.told if name == PLAYER][-1]
    states = [state for at_s, state in heard.states if at_s >= begin_s]
    changes = [after for before, after in zip(states, states[1:]) if before != after]
    print(f'\n{LASTS_S:g} s, {len(heard.lags)} bodies, {len(commands)} commands, growth [MB]',
          {name: round(mb, 2) for name, mb in growth_mb.items()}, 'states',
          {state: changes.count(state) for state in sorted(set(changes))}, 'faults',
          {key: value for key, value in faults.items() if key.startswith('faults.')})
    for name, lags in (('first', first), ('last', last)):
        if len(lags):
            print(f'{name}: {len(lags)} undisturbed bodies, lag p50 '
                  f'{np.percentile(lags, 50):.2f}, p99 {np.percentile(lags, 99):.2f} ms')
    assert max(growth_mb.values()) < MOST_GROWTH_MB
    assert all(np.isfinite(joints).all() for _, joints in commands)
    assert max(steps) <= VELOCITY_RAD_S * LONGEST_FRAME_S + 1e-9
    assert session.until(lambda: session.state == 'engaged', 30.0), session.refusal
    assert len(first) and len(last)
    assert np.percentile(last, 99) < WITHIN * np.percentile(first, 99)


def test_a_busy_tf_costs_neither_rate_nor_lag(live):
    session = live()
    heard, figures = session.heard, {}
    for name, transforms_per_s, per_message in (
            ('quiet', 0.0, 1), ('2,000/s by 10', 2000.0, 10), (ONE_BY_ONE, 2000.0, 1),
            ('5,000/s by 25', 5000.0, 25)):
        process = subprocess.Popen(
            [sys.executable, str(BUSY_TF), str(transforms_per_s), str(per_message),
             str(QUIET_S + 3.0)], stdout=subprocess.PIPE, text=True) if transforms_per_s else None
        time.sleep(2.0)     # until it is discovered
        begin_s, count = time.monotonic(), len(heard.lags)
        time.sleep(QUIET_S)
        lags = np.array(heard.lags[count:])
        figures[name] = (
            len(lags) / (time.monotonic() - begin_s), 1e3 * np.percentile(lags[:, 1], 99))
        if process is not None:
            sent_per_s = float(process.communicate()[0])
            assert sent_per_s > LEAST_RATE * transforms_per_s
    print('\nrate [Hz] and p99 of lag [ms]:', {
        name: (round(rate_hz, 1), round(p99_ms, 1))
        for name, (rate_hz, p99_ms) in figures.items()})
    rate_hz, p99_ms = figures.pop('quiet')
    for name, (busy_hz, busy_ms) in figures.items():
        within = WITHIN_ONE_BY_ONE if name == ONE_BY_ONE else WITHIN
        assert busy_hz > LEAST_RATE * rate_hz and busy_ms < within * p99_ms
