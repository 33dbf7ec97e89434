# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Two operators on one network: whatever happens to one, the other's body and robot go on."""

from __future__ import annotations

from collections.abc import Iterator
import itertools
import math
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('tf2_msgs', reason='needs tf2_msgs')
pytest.importorskip('pinocchio', reason='pinocchio is not installed')

from operator_pair import NAMES, OperatorPair  # noqa: E402
from policy_file import graph_interface  # noqa: E402

from motion_avatar_ros.estimation.random_model import write_random_baseline  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402

FAULT_S, AFTERWARDS_S = 1.2, 0.3
SHARED = {'/tf', '/tf_static', '/diagnostics', '/rosout', '/parameter_events'}
LONGEST_GAP_S = 0.5         # on a busy machine
LEAST_RATE_HZ = 15.0        # on a busy machine, of 60
NEAR_M = 0.9                # of head and root: the other operator is 2 m away
VELOCITY_RAD_S, LONGEST_FRAME_S = 4.0, 0.1


@pytest.fixture
def pair(ros_domain, tmp_path) -> Iterator[OperatorPair]:
    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))
    with OperatorPair(write_random_baseline(tmp_path / 'model'), tmp_path) as pair:
        yield pair


def nan(sample):
    sample.transform.translation.x = math.nan
    sample.transform.rotation.w = math.nan
    return sample


def of_the_future(sample):
    sample.header.stamp.sec += 3600
    return sample


def swapped_names(sample):
    """Return a sample that claims to be of a frame that nobody knows."""
    sample.child_frame_id = f'{sample.child_frame_id}/x'
    return sample


def check_untouched(pair: OperatorPair, name: str, begin_s: float, what: str) -> dict[str, float]:
    """Require that nothing happened to an operator since a time; return figures."""
    operator, end_s = pair.operators[name], time.monotonic()
    states = {state for at_s, state in operator.states if at_s >= begin_s}
    assert states <= {'engaged'} and operator.state == 'engaged', (what, name, states)
    bodies = [body for body in operator.bodies if body[0] >= begin_s]
    arrivals_s = [begin_s, *(at_s for at_s, _, _ in bodies), end_s]
    gap_s = max(after - before for before, after in itertools.pairwise(arrivals_s))
    rate_hz = len(bodies) / (end_s - begin_s)
    assert gap_s < LONGEST_GAP_S and rate_hz > LEAST_RATE_HZ, (what, name, gap_s, rate_hz)
    stamps = [stamp for _, stamp, _ in bodies]
    assert stamps == sorted(set(stamps)), (what, name)
    for _, stamp, root_m in bodies:
        assert np.isfinite(root_m).all()
        assert np.linalg.norm(root_m[:2] - operator.heads[stamp][:2]) < NEAR_M, (what, name)
    commands = [command for command in operator.commands if command[0] >= begin_s]
    assert len(commands) > LEAST_RATE_HZ * (end_s - begin_s) / 2.0, (what, name, len(commands))
    step_rad = max(np.abs(after - before).max() for (_, before), (_, after) in
                   itertools.pairwise(commands))
    assert step_rad < VELOCITY_RAD_S * LONGEST_FRAME_S, (what, name)
    return {'rate_hz': round(rate_hz, 1), 'gap_s': round(gap_s, 3)}


def check_names(pair: OperatorPair) -> None:
    """Require that what is not for everybody is under a name of one operator's own."""
    for name, other in itertools.permutations(NAMES):
        for node in ('avatar_node', 'retarget_node'):
            found = graph_interface(pair.node, f'/{name}/{node}')
            names = set().union(*found.values()) - SHARED
            assert names and all(each.startswith(f'/{name}/') for each in names), names
    links = {name: {child for child in pair.tf_children if child.startswith(
        (f'{name}/', f'{name}_robot/'))} for name in NAMES}
    trackers = {frame for operator in pair.operators.values() for frame in (
        operator.frames().values())}
    assert all(f'{name}/pelvis' in links[name] and any(
        child.startswith(f'{name}_robot/') for child in links[name]) for name in NAMES)
    assert pair.tf_children - trackers == set().union(*links.values())


def test_operators_share_no_name_and_a_fault_of_one_never_touches_the_other(pair):
    anna, ben = NAMES
    for name in NAMES:
        pair.engage(name)
    check_names(pair)
    faulty = pair.operators[ben]

    def since(begin_s: float) -> list[str]:
        return [state for at_s, state in faulty.states if at_s >= begin_s]

    figures = {}
    for what, spoil in (('dropout', lambda sample: None), ('NaN', nan),
                        ('stamps of the future', of_the_future), ('other names', swapped_names)):
        assert pair.until(lambda: faulty.state == 'engaged', 10.0), (what, faulty.state)
        begin_s = time.monotonic()
        faulty.spoil = spoil
        time.sleep(FAULT_S)
        faulty.spoil = lambda sample: sample
        assert any(state != 'engaged' for state in since(begin_s)), (what, 'did not bite')
        time.sleep(AFTERWARDS_S)
        figures[what] = check_untouched(pair, anna, begin_s, what)
    begin_s = time.monotonic()
    pair.ask(ben, 'stop')
    time.sleep(FAULT_S)
    assert faulty.state == 'stopped'
    figures['stop'] = check_untouched(pair, anna, begin_s, 'stop')
    for node in ('avatar_node', 'retarget_node'):
        begin_s = time.monotonic()
        pair.kill(ben, node)
        time.sleep(FAULT_S)
        assert not [body for body in faulty.bodies if body[0] > begin_s + 0.5], 'did not bite'
        figures[f'kill -9 of {node}'] = check_untouched(pair, anna, begin_s, node)
    print(figures)
