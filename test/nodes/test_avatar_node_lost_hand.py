# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A model that can do without hands goes on when one is lost, if it is allowed to."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs')

from motion_avatar_ros.estimation.random_mage import write_random_mage  # noqa: E402


@pytest.fixture
def model(tmp_path):
    return str(write_random_mage(tmp_path / 'mage'))


def without(tracker):
    return lambda sample: [] if sample[0] == tracker else [sample]


def poses_while(rig, duration_s, mutate=None):
    before = len(rig.checker)
    rig.operate(duration_s, mutate)
    return len(rig.checker) - before


def test_lost_hand_is_inferred_and_neither_loss_nor_return_jumps(avatar_rig, model):
    rig = avatar_rig(model=model, required_trackers=['head'])
    rig.track()
    assert poses_while(rig, 1.5, without('left_hand')) > 60
    assert poses_while(rig, 1.5) > 60
    rig.check_safe()


def test_lost_hand_holds_the_avatar_by_default(avatar_rig, model):
    rig = avatar_rig(model=model, **{'stale.hands_s': 0.2})
    rig.track()
    rig.operate(0.6, without('left_hand'))
    assert poses_while(rig, 0.5, without('left_hand')) == 0
    assert poses_while(rig, 1.0) > 20
    rig.check_safe()


def test_model_that_needs_both_hands_says_so(avatar_rig):
    rig = avatar_rig(required_trackers=['head', 'left_hand'])
    rig.wait_logged("'required_trackers'", 'right_hand')
    assert rig.node.state_label == 'unconfigured'


def test_lost_head_holds_also_where_hands_are_not_required(avatar_rig, model):
    rig = avatar_rig(model=model, required_trackers=['head'], **{'stale.hands_s': 0.2})
    rig.track()
    rig.operate(0.6, without('head'))
    assert poses_while(rig, 0.5, without('head')) == 0
