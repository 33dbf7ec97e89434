# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What operators and their devices do to avatar_node.

In none of these does the node die, publish a value that is not finite, or move a joint by more
than its limit from one message to the next (`check_safe`).
"""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from rosgraph_msgs.msg import Clock
import torch

from motion_avatar_ros.ros.body_messages import time_message
from motion_avatar_ros.safety.watchdog import FollowState

NAN = math.nan
ONE_SECOND_NS = 1_000_000_000


def only(tracker, change):
    """Return a mutation of one tracker's samples."""
    return lambda sample: change(sample) if sample[0] == tracker else [sample]


def moved(x_m):
    """Return a mutation that moves everything along x."""
    return lambda s: [(s[0], s[1], [s[2][0] + x_m, s[2][1], s[2][2]], s[3])]


def lost(sample):
    return []


def nan_position(s):
    return [(s[0], s[1], [NAN, 0.0, 1.0], s[3])]


def infinite_position(s):
    return [(s[0], s[1], [math.inf, 0.0, 1.0], s[3])]


def huge_position(s):
    return [(s[0], s[1], [1e300, -1e300, 1e300], s[3])]


def nan_rotation(s):
    return [(s[0], s[1], s[2], [0.0, NAN, 0.0, 1.0])]


def zero_quaternion(s):
    return [(s[0], s[1], s[2], [0.0, 0.0, 0.0, 0.0])]


def long_quaternion(s):
    return [(s[0], s[1], s[2], [2.0 * q for q in s[3]])]


def past_stamp(s):
    return [(s[0], s[1] - 5 * ONE_SECOND_NS, s[2], s[3])]


def future_stamp(s):
    return [(s[0], s[1] + 5 * ONE_SECOND_NS, s[2], s[3])]


def zero_stamp(s):
    return [(s[0], 0, s[2], s[3])]


@pytest.mark.parametrize('tracker, spoilers', [
    ('head', [lost]),
    ('left_hand', [lost]),
    ('left_hand', [nan_position, nan_rotation, infinite_position, huge_position]),
    ('left_hand', [zero_quaternion, long_quaternion]),
    ('right_hand', [past_stamp, future_stamp, zero_stamp]),
], ids=['lost head', 'lost hand', 'not finite', 'quaternion', 'stamp'])
def test_a_tracker_that_turns_bad_holds_and_resumes_without_a_jump(
        avatar_rig, tracker, spoilers):
    rig = avatar_rig()
    for spoil in spoilers:
        rig.track()
        rig.operate(0.8, only(tracker, spoil))
        assert rig.node._status.state is FollowState.HOLD, spoil
        published = len(rig.checker)
        rig.operate(0.2, only(tracker, spoil))
        assert len(rig.checker) == published, spoil  # the last pose stays, none is repeated
    rig.track()
    assert rig.node._status.state is FollowState.TRACKING
    rig.check_safe()
    rig.wait_logged('from ' + tracker, f'{tracker}_tracker')
    held = sum(f'from {tracker}' in line for line in rig.log)
    assert held == len(spoilers)  # logged once per hold, not in each period


@pytest.mark.parametrize('ahead_ms', [0, 50])
def test_poses_carry_the_stamps_of_their_inputs_or_the_time_they_are_predicted_for(
    avatar_rig, ahead_ms
):
    rig = avatar_rig(predict_ahead_s=ahead_ms / 1000.0)
    rig.track()
    rig.checker.clear()
    sent_ns: list[int] = []

    def note(sample):
        sent_ns.append(sample[1] + ahead_ms * 1_000_000)
        return [sample]

    rig.operate(2.0, note)
    report = rig.check_safe()
    assert report.poses >= 100
    assert set(rig.checker.stamps_ns[3:]) <= set(sent_ns)
    assert report.output_rate_hz == pytest.approx(60.0, rel=0.1)


def test_a_tracker_that_never_appears_is_named_with_the_known_frames(avatar_rig):
    rig = avatar_rig()
    rig.operate(2.5, only('left_hand', lost))
    rig.wait_logged('left_hand_tracker', 'trackers.left_hand', 'head_tracker', 'odom')
    assert len(rig.checker) == 0
    assert rig.node.state_label == 'active'
    assert sum('waiting for left_hand' in line for line in rig.log) == 1  # throttled
    rig.track()
    rig.check_safe()


def test_single_bad_samples_pass_unnoticed(avatar_rig):
    rig = avatar_rig()
    rig.track()
    rng = np.random.default_rng(0)
    spoilers = [lost, nan_position, zero_quaternion, past_stamp, future_stamp, moved(3.0)]

    def rarely(sample):
        return spoilers[rng.integers(len(spoilers))](sample) if rng.random() < 0.02 else [sample]

    rig.operate(2.0, rarely)
    report = rig.check_safe()
    assert report.poses >= 90
    assert report.max_root_step_m < 0.2


def test_duplicate_stamps_give_each_pose_once(avatar_rig):
    rig = avatar_rig()
    rig.track()
    time.sleep(0.3)  # what is still on its way is not counted
    rig.checker.clear()
    rig.operate(1.0, lambda sample: [sample, sample])
    report = rig.check_safe()
    assert 40 <= report.poses <= 61
    assert len(set(rig.checker.stamps_ns)) == report.poses


def test_one_tracker_teleporting_3_m_for_a_moment_is_not_followed(avatar_rig):
    rig = avatar_rig()
    rig.track()
    rig.operate(0.1, only('head', moved(3.0)))
    rig.operate(1.0)
    report = rig.check_safe()
    assert report.max_root_step_m < 0.2
    assert np.abs(rig.checker.poses().root_position[:, 0]).max() < 1.5


def test_a_lasting_3_m_teleport_is_reached_in_a_glide(avatar_rig):
    rig = avatar_rig()
    rig.track()
    before_m = rig.checker.poses().root_position[-1, 0]
    rig.operate(1.5, moved(3.0))
    report = rig.check_safe()
    after_m = rig.checker.poses().root_position[-1, 0]
    assert after_m - before_m == pytest.approx(3.0, abs=0.5)
    assert report.max_root_step_m < 0.25  # a glide of 0.5 s, not one step of 3 m


def test_trackers_swapped_at_start_are_reported_and_harmless(avatar_rig):
    rig = avatar_rig()
    other = {'head': 'head', 'left_hand': 'right_hand', 'right_hand': 'left_hand'}
    rig.operate(2.0, lambda s: [(other[s[0]], s[1], s[2], s[3])])
    rig.wait_logged('swapped')
    rig.check_safe()
    assert len(rig.checker) > 60


def test_all_trackers_silent_then_back_somewhere_else(avatar_rig):
    rig = avatar_rig()
    rig.track()
    time.sleep(1.0)
    assert rig.node._status.state is FollowState.HOLD
    rig.operate(1.5, moved(-2.0))
    report = rig.check_safe()
    assert report.max_root_step_m < 0.25
    assert rig.node._status.state is FollowState.TRACKING


def test_trackers_of_different_clocks_are_said_not_to_match(avatar_rig):
    rig = avatar_rig(**{'gate.max_age_s': 10.0})
    rig.operate(1.5, only('head', past_stamp))
    rig.wait_logged('one clock')
    assert len(rig.checker) == 0
    rig.check_safe()


def test_stamps_that_go_back_for_good_start_over(avatar_rig):
    """As when a looping bag begins again: order may break once, joints may not jump."""
    rig = avatar_rig(**{'gate.max_age_s': 10.0})
    rig.track()
    rig.operate(3.0, past_stamp)
    time.sleep(0.1)
    report = rig.checker.report()
    assert report.out_of_order <= 1
    assert report.max_step_deg <= math.degrees(rig.max_joint_rad_s / 60.0) + 1e-5
    assert rig.node._status.state is FollowState.TRACKING


def test_one_message_per_tracker_at_another_rate_is_resampled(avatar_rig):
    rig = avatar_rig()
    for turn in range(120):
        rig.operate(1.0 / 60.0)  # with what follows: about 40 Hz
        time.sleep(0.008)
    rig.check_safe()
    steps_ns = np.diff(rig.checker.stamps_ns[-40:])
    assert np.median(steps_ns) == pytest.approx(1e9 / 60.0, rel=0.02)


def test_a_stopped_simulated_clock_does_not_silence_the_watchdog(avatar_rig, operator):
    rig = avatar_rig(use_sim_time=True)
    clock = rig.observer.create_publisher(Clock, '/clock', 10)
    for frame in range(120):
        now_ns = 100 * ONE_SECOND_NS + round(frame * 1e9 / 60.0)
        clock.publish(Clock(clock=time_message(now_ns)))
        rig.wait_for(lambda: rig.node.get_clock().now().nanoseconds >= now_ns, 0.5)
        rig.send_samples(operator(now_ns))
        time.sleep(1.0 / 60.0)
    assert len(rig.checker) > 60
    assert rig.wait_for(lambda: rig.node._status.state is FollowState.HOLD, 2.0)
    rig.check_safe()


def test_a_gpu_without_memory_goes_on_on_the_cpu_with_one_warning_and_no_jump(avatar_rig):
    rig = avatar_rig()
    rig.track()
    estimator = rig.node._parts.estimator

    def failing(features):
        raise torch.OutOfMemoryError('CUDA out of memory')

    estimator.device, estimator._stream.step = 'cuda', failing  # there is no GPU to fail here
    rig.track()
    assert rig.node._parts.estimator is not estimator
    assert rig.node._status.state is FollowState.TRACKING
    rig.wait_logged("device 'cuda' failed", 'on the CPU')
    rig.operate(0.3)
    rig.check_safe()
    assert sum("device 'cuda' failed" in line for line in rig.log) == 1
    _, line, values = rig.node._diagnose()
    assert values['device'] == 'cpu' and "'cuda' failed" in line


def test_a_gpu_that_fails_without_leave_to_go_on_holds_and_says_why(avatar_rig):
    rig = avatar_rig(device_fallback=False)
    rig.track()
    estimator = rig.node._parts.estimator

    def failing(features):
        raise torch.AcceleratorError('CUDA error: an illegal memory access')

    estimator.device, estimator._stream.step = 'cuda', failing
    rig.operate(0.5)
    published = len(rig.checker)
    rig.operate(0.3)
    assert len(rig.checker) == published and rig.node._parts.estimator is estimator
    assert rig.node._status.state is FollowState.ERROR
    rig.wait_logged('AcceleratorError', 'holding the last pose')
    rig.check_safe()
