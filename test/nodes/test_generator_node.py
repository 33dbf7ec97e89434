# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""generator_node over real DDS: words in, one body out, whatever is said."""

from __future__ import annotations

import time

from motion_avatar_ros.body.avatar_urdf import avatar_urdf, offsets_from_urdf
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
from generator_bench import poses_of
import numpy as np
from played_generator import CAPTIONS
import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from stream_player import foot_slide_m_s, largest_turn_deg, largest_way_m

LEFT_KNEE, RIGHT_ELBOW = JOINT_INDEX['left_knee'], JOINT_INDEX['right_elbow']


def way_m(messages) -> float:
    roots = poses_of(messages).root_position
    return float(np.linalg.norm(roots[-1, :2] - roots[0, :2]))


def test_it_stands_until_somebody_says_what_to_do_and_then_does_it(make_generator):
    bench = make_generator().start()
    standing = bench.run(1.0)
    assert 40 <= len(standing) <= 65 and way_m(standing) < 0.02
    assert standing[0].header.frame_id == 'odom'
    assert (np.diff([stamp_ns(each.header.stamp) for each in standing]) > 0).all()
    bench.say(CAPTIONS['walk'])
    walking = bench.run(4.0)
    assert way_m(walking) > 1.5
    assert bench.told['level'] == 0 and bench.told['prompt'] == CAPTIONS['walk']
    bench.say('stop')
    bench.run(2.0)
    assert way_m(bench.run(0.5)) < 0.01
    told = bench.told
    assert told['prompt'] == 'none: standing' and told['generation_p50_ms'] > 0.0
    assert told['late_pieces'] == 0 and told['failed_pieces'] == 0
    offsets = offsets_from_urdf(bench.descriptions[-1])
    np.testing.assert_allclose(offsets, REST_OFFSETS_M, atol=1e-6)


def test_ten_prompts_in_a_row_are_one_motion_without_a_jump(make_generator):
    bench = make_generator(limits__max_joint_rad_s=30.0).start()
    bench.run(0.3)
    for number, name in enumerate([*CAPTIONS, 'stop', *CAPTIONS, '']):
        bench.say(CAPTIONS.get(name, name))
        bench.run(0.9 + 0.2 * (number % 3))
    poses = poses_of(bench.bodies)
    stamps_s = np.array([stamp_ns(each.header.stamp) for each in bench.bodies]) * 1e-9
    frames_s = np.maximum(np.diff(stamps_s), 1.0 / 60.0)
    angles = geodesic_angle(poses.local_rotations[1:], poses.local_rotations[:-1]).max(axis=1)
    assert (angles / frames_s).max() < 30.0
    assert np.median(1.0 / np.diff(stamps_s)) > 50.0
    assert largest_way_m(poses) < 0.2
    assert bench.told['pieces'] >= 6


@pytest.mark.parametrize('text', [
    'a' * 10_000, '', '   ', '\x00\x01\x02\n\t', 'человек идёт вперёд', '人が歩く', '😀' * 50,
    '"; rm -rf / #', 'a person walks' * 60])
def test_any_prompt_is_done_or_refused_in_one_line_and_motion_goes_on(make_generator, text):
    bench = make_generator().start()
    bench.say(CAPTIONS['walk'])
    bench.run(1.0)
    bench.lines.clear()
    bench.say(text)
    came = bench.run(0.6)
    assert len(came) > 20
    assert len(bench.lines) == 1 and '\n' not in bench.lines[0]
    refused = len(text) > 1000
    assert ('refused' in bench.lines[0]) == refused
    assert bench.told['refused_prompts'] == int(refused)
    assert (bench.told['prompt'] == CAPTIONS['walk']) == refused


def test_a_flood_of_bad_prompts_does_not_flood_the_log(make_generator):
    bench = make_generator().start()
    for _ in range(30):
        bench.say('a' * 2000)
        bench.run(0.01)
    assert bench.until(lambda: bench.told['refused_prompts'] >= 20)
    assert sum('refused' in line for line in bench.lines) == 1


def test_a_generator_that_fails_leaves_somebody_who_stands(make_generator, monkeypatch):
    bench = make_generator().start()
    bench.say(CAPTIONS['walk'])
    bench.run(1.5)

    def fail(*_):
        raise RuntimeError('out of\nmemory')

    monkeypatch.setattr(bench.node._parts.generator, 'edit', fail)
    bench.say(CAPTIONS['wave'])
    assert bench.until(lambda: bench.told['failed_pieces'] == 1)
    assert bench.told['level'] == 2 and 'out of memory' in bench.told['line']
    assert sum('out of memory' in line for line in bench.lines) == 1
    bench.run(2.0)
    assert way_m(bench.run(0.5)) < 0.01
    assert largest_turn_deg(poses_of(bench.bodies)) < 60.0


def test_reset_goes_back_to_the_origin_and_forgets_the_prompt(make_generator):
    bench = make_generator().start()
    bench.say(CAPTIONS['walk'])
    bench.run(3.0)
    future = bench.reset.call_async(Trigger.Request())
    assert bench.until(future.done) and future.result().success
    bench.run(0.8)
    at = poses_of(bench.run(0.3)).root_position
    assert np.abs(at[:, :2]).max() < 0.03
    assert bench.told['prompt'] == 'none: standing'


def test_it_goes_on_from_the_pose_held_when_it_is_activated_again(make_generator):
    bench = make_generator(prompt=CAPTIONS['wave']).start()
    bench.run(2.0)
    last = poses_of(bench.bodies[-1:])
    for transition in ('deactivate', 'cleanup'):
        getattr(bench.node, f'trigger_{transition}')()
    count = len(bench.bodies)
    bench.run(0.3)
    assert len(bench.bodies) <= count + 1
    assert bench.node.start()
    again = poses_of(bench.run(0.5)[:1])
    angles = np.rad2deg(geodesic_angle(again.local_rotations, last.local_rotations))
    assert angles.max() < 8.0


@pytest.mark.parametrize(('overrides', 'word'), [
    ({'prompt': 'a' * 2000}, '2000 characters'), ({'chunk_s': 0.2}, 'chunk_s'),
    ({'mode': 'both'}, "'motion', 'legs'"), ({'rate_hz': 5.0}, '30 .. 240'),
    ({'model': 'nearest_caption'}, "'data' is empty"),
    ({'model': 'nearest_caption', 'data': 'nowhere'}, "folder 'nowhere'"),
    ({'mode': 'legs', 'operator_topic': 'generator_node/joint_states'}, "this node's own")])
def test_a_mistake_is_one_line_that_says_what_is_allowed(make_generator, overrides, word):
    bench = make_generator(**overrides)
    assert not bench.node.start()
    assert word in bench.node.last_transition_error
    assert '\n' not in bench.node.last_transition_error


def operator(bend_rad=0.8):
    pose = builtin_motion('wave', 20.0).poses[40]
    return lambda time_s: pose


def test_legs_are_generated_and_the_rest_is_the_operators_with_their_stamps(make_generator):
    bench = make_generator(mode='legs', prompt=CAPTIONS['walk']).start()
    assert not bench.run(0.5)   # without an operator there is nobody
    assert bench.told['state'] == 'waiting'
    bench.operate(1.5, operator())
    came = bench.operate(3.0, operator())
    poses, own = poses_of(came), operator()(0.0)
    assert way_m(came) > 1.0
    assert np.ptp(poses.local_rotations[:, LEFT_KNEE], axis=0).max() > 0.3
    arm = geodesic_angle(
        poses.local_rotations[-1, RIGHT_ELBOW], own.local_rotations[RIGHT_ELBOW])
    assert np.rad2deg(arm) < 0.1
    assert foot_slide_m_s(poses) < 0.03
    assert 0.8 * 180 < len(came) <= 190


def test_without_its_operator_the_whole_body_holds_and_then_goes_on_where_it_was(
    make_generator
):
    bench = make_generator(mode='legs', prompt=CAPTIONS['walk'], stale_after_s=0.2).start()
    bench.operate(3.0, operator())
    bench.lines.clear()
    count = len(bench.bodies)
    bench.run(1.0)
    assert len(bench.bodies) == count   # retarget_node holds by its own watchdog
    told = bench.told
    assert told['state'] == 'hold' and told['level'] == 1 and 'no body' in told['line']
    assert sum('holding' in line for line in bench.lines) == 1
    held = poses_of(bench.bodies[-1:])
    other = builtin_motion('squat', 20.0).poses[30]
    again = poses_of(bench.operate(1.5, lambda _: other))
    step = geodesic_angle(again.local_rotations[0], held.local_rotations[0])
    assert np.rad2deg(step.max()) < 15.0
    assert largest_turn_deg(again) < 30.0 and largest_way_m(again) < 0.1
    assert bench.told['state'] == 'tracking'


def test_two_operators_are_followed_by_nobody(make_generator):
    bench = make_generator(mode='legs').start()
    bench.operate(0.5, operator())
    bench.other.create_publisher(JointState, 'avatar_node/joint_states', JOINT_STATES)
    assert bench.until(lambda: bench.told['operator_publishers'] == 2)
    assert not bench.operate(0.4, operator())
    assert 'allowed: one' in bench.told['line']


def test_the_operators_size_is_that_of_the_body_and_of_the_steps(make_generator):
    bench = make_generator(mode='legs').start()
    tall = bench.other.create_publisher(String, 'avatar_node/robot_description', LATCHED)
    tall.publish(String(data=avatar_urdf(offsets_m=1.1 * REST_OFFSETS_M)))
    assert bench.until(lambda: bench.descriptions and np.allclose(
        offsets_from_urdf(bench.descriptions[-1]), 1.1 * REST_OFFSETS_M, atol=1e-6))
    came = poses_of(bench.operate(1.0, operator()))
    assert came.root_position[-1, 2] == pytest.approx(1.1 * 0.928, abs=0.01)


def test_bad_bodies_of_an_operator_are_refused_and_named(make_generator):
    bench = make_generator(mode='legs').start()
    bench.operate(0.3, operator())
    bench.operator.publish(JointState(name=['a'], position=[1.0]))
    assert bench.until(lambda: bench.told['refused_messages'] == 1)
    assert any('body topic' in line for line in bench.lines)
    start_s = time.monotonic()
    assert bench.operate(0.3, operator()) and time.monotonic() - start_s < 2.0
