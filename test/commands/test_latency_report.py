# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`latency-report` on bags whose delays are known."""

from __future__ import annotations

import json

import pytest

pytest.importorskip('rosbags', reason='needs rosbags')

from small_bags import (  # noqa: E402
    NS_PER_S, START_NS, Entry, command_entry, diagnostics_entry, joint_state_entry, pose_entry,
    string_entry, tf_entry, write_bag,
)

from motion_avatar_ros.commands.main import main  # noqa: E402

MS = 1_000_000
FRAMES = 90
LOST = range(40, 46)    # frames that do not come


def session(namespace: str = '') -> list[Entry]:
    """Trackers 12 ms old, a body 20 ms later, its robot 5, its command 1; a gap of 117 ms."""
    entries = []
    for frame in range(FRAMES):
        if frame in LOST:
            continue
        received_ns = START_NS + frame * NS_PER_S // 60
        body_ns, robot_ns = received_ns + 20 * MS, received_ns + 25 * MS
        entries += [
            tf_entry(received_ns, topic=f'{namespace}/tf', age_ns=12 * MS),
            tf_entry(received_ns + 1, ['avatar/head', 'robot/hip'], f'{namespace}/tf'),
            joint_state_entry(body_ns, f'{namespace}/avatar_node/joint_states', 32 * MS),
            joint_state_entry(robot_ns, f'{namespace}/retarget_node/joint_states', 37 * MS),
            command_entry(robot_ns + MS, f'{namespace}/retarget_node/commands')]
    entries += [
        diagnostics_entry(START_NS + k * NS_PER_S, f'{namespace}/avatar_node', **{
            'stage__wait_p50_ms': 4 + k, 'stage__wait_p99_ms': 6 + k,
            'stage__inference_p50_ms': 13.0, 'stage__inference_p99_ms': 15.0,
            'stage__publish_p50_ms': 'none', 'stage__publish_p99_ms': 'none'})
        for k in range(3)]
    return sorted(entries)


@pytest.mark.parametrize('namespace, storage', [('', 'mcap'), ('/robot1', 'sqlite3')])
def test_known_delays_are_found_and_the_largest_is_named(tmp_path, capsys, namespace, storage):
    bag = write_bag(tmp_path / 'bag', session(namespace), storage)
    assert main(['latency-report', str(bag), '--namespace', namespace, '--json']) == 0
    out = capsys.readouterr().out.splitlines()
    values = json.loads(out[-1])
    assert {name: each['p50_ms'] for name, each in values['stages'].items()} == pytest.approx({
        **{f'tracker_age.{name}_tracker': 12.0 for name in ('head', 'left_hand', 'right_hand')},
        'trackers_to_body': 20.0, 'body_to_robot': 5.0, 'robot_to_command': 1.0,
        'body_age': 32.0, 'robot_age': 37.0})
    assert all(each['count'] == FRAMES - len(LOST) for each in values['stages'].values())
    assert values['largest_stage'] == 'trackers_to_body'
    assert values['told'] == {'avatar_node': {
        'wait': {'p50_ms': 5.0, 'p99_ms': 8.0}, 'inference': {'p50_ms': 13.0, 'p99_ms': 15.0}}}
    gap = values['longest_gaps']['head_tracker'][0]
    assert gap['gap_ms'] == pytest.approx(7e3 / 60, abs=0.01)
    assert gap['at_s'] == pytest.approx((LOST[0] - 1) / 60, abs=0.01)
    assert values['notes'] == []
    assert out[-2] == ('most of the lag is trackers_to_body: 20.0 ms (p50), by the node most of '
                       'that is inference: 13.0 ms')
    [row] = [line for line in out if line.startswith('trackers_to_body ')]
    assert row.split() == ['trackers_to_body', '20.0', '20.0', '20.0', '84', '18.0']


def test_a_bag_without_a_body_tells_what_it_can(tmp_path, capsys):
    bag = write_bag(tmp_path / 'bag', [
        pose_entry(START_NS + k * 16 * MS) for k in range(30)])
    assert main(['latency-report', str(bag)]) == 0
    out = capsys.readouterr().out
    assert 'tracker_age./head_tracker/pose' in out
    assert 'note: no body was recorded' in out


def test_where_nothing_can_be_said_one_line_says_so(tmp_path, capsys):
    bag = write_bag(tmp_path / 'bag', [string_entry(START_NS)])
    assert main(['latency-report', str(bag)]) == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1 and '/chatter' in error
    assert 'neither trackers nor a body' in error


def test_messages_that_cannot_be_read_tell_nothing(tmp_path, capsys):
    cut = [(at_ns, topic, kind, data[:11]) for at_ns, topic, kind, data in session()]
    assert main(['latency-report', str(write_bag(tmp_path / 'cut', cut))]) == 2
    assert capsys.readouterr().err.count('\n') == 1
    mixed = sorted([*session(), *cut[::7]])
    assert main(['latency-report', str(write_bag(tmp_path / 'mixed', mixed)), '--json']) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values['stages']['body_age']['count'] == FRAMES - len(LOST)
