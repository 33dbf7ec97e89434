# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Operators of any size, with devices in any axes, in front of avatar_node."""

from __future__ import annotations

import math
import time

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motion_avatar_ros.body.avatar_urdf import offsets_from_urdf
from motion_avatar_ros.body.skeleton import HEAD, REST_OFFSETS_M
from motion_avatar_ros.ros.body_messages import pose_from_message
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
from motion_avatar_ros.trackers.calibration import (
    MODEL_HEIGHT_M, Calibration, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_file import save_calibration

HEAD_M = np.array([0.2, -0.1, 1.6])
FACING = [0.0, 0.0, math.sin(0.4), math.cos(0.4)]
HANDS_M = {'left_hand': [0.3, 0.35, 1.1], 'right_hand': [0.3, -0.35, 1.2]}


def still(sample):
    """Return the sample of an operator who stands still, facing 0.8 rad to the left."""
    tracker, stamp_ns, *_ = sample
    return [(tracker, stamp_ns, [*HANDS_M.get(tracker, HEAD_M.tolist())], FACING)]


def y_up(sample):
    """Return a still sample as OpenXR has it: x right, y up, z backward; of devices too."""
    (tracker, stamp_ns, (x, y, z), (qx, qy, qz, qw)), = still(sample)
    return [(tracker, stamp_ns, [-y, z, -x], [-qy, qz, -qx, qw])]


class Ears:
    """What the node said last."""

    def __init__(self, rig) -> None:
        self.body: JointState | None = None
        self.offsets_m: np.ndarray | None = None
        self.status: dict[str, str] = {}
        node = rig.observer
        node.create_subscription(
            JointState, 'avatar_node/joint_states', self._on_body, JOINT_STATES)
        node.create_subscription(
            String, 'avatar_node/robot_description', self._on_description, LATCHED)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 10)

    def head_m(self) -> np.ndarray:
        """Return where the head joint of the published body is."""
        pose = pose_from_message(self.body)
        return pose.global_joints(self.offsets_m)[1][HEAD]

    def _on_body(self, message: JointState) -> None:
        self.body = message

    def _on_description(self, message: String) -> None:
        self.offsets_m = offsets_from_urdf(message.data)

    def _on_status(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.hardware_id.endswith('avatar_node'):
                self.status = {pair.key: pair.value for pair in status.values}


def facing_m(vector):
    """Turn a vector as the operator is turned."""
    x, y, z = vector
    cos, sin = math.cos(0.8), math.sin(0.8)
    return np.array([cos * x - sin * y, sin * x + cos * y, z])


def settle(rig, mutate, ears):
    rig.operate(3.0, mutate)
    assert rig.wait_for(lambda: ears.body is not None and ears.offsets_m is not None), rig.log


def test_y_up_headset_stands_upright_in_a_z_up_frame(avatar_rig):
    rig = avatar_rig(
        model='baseline', profile='quest', fixed_frame='odom', body_frame='room', **{
            f'trackers.{name}': f'{name}_tracker' for name in ('head', *HANDS_M)})
    ears = Ears(rig)
    settle(rig, y_up, ears)
    assert ears.body.header.frame_id == 'room'
    worn_m = HEAD_M + facing_m([-0.085, 0.0, -0.07])  # the joint in the typical headset
    assert np.linalg.norm(ears.head_m() - worn_m) < 0.005
    rig.check_safe()


def test_saved_operator_is_loaded_and_shown_at_their_size(avatar_rig, tmp_path):
    lever_m = (0.05, -0.02, 0.1)
    save_calibration(tmp_path, Calibration(
        height_m=2.0, arm_scale=1.05, floor_m=0.3, operator='anna', date='2026-01-01T00:00:00Z',
        offsets={'head': TrackerOffset(lever_m), **dict.fromkeys(HANDS_M, TrackerOffset())}))
    rig = avatar_rig(model='baseline', operator='anna', operators_folder=str(tmp_path))
    ears = Ears(rig)
    settle(rig, still, ears)
    assert np.linalg.norm(ears.head_m() - HEAD_M - facing_m(lever_m)) < 0.005
    legs = [1, 2, 4, 5, 7, 8]
    np.testing.assert_allclose(
        ears.offsets_m[legs], REST_OFFSETS_M[legs] * 2.0 / MODEL_HEIGHT_M, atol=1e-6)
    assert rig.wait_for(lambda: ears.status.get('operator') == 'anna')
    assert float(ears.status['height_m']) == pytest.approx(2.0)
    rig.check_safe()


def test_damaged_calibration_is_told_and_typical_offsets_are_used(avatar_rig, tmp_path):
    (tmp_path / 'anna.yaml').write_text('height_m: tall\n')
    rig = avatar_rig(operator='anna', operators_folder=str(tmp_path))
    ears = Ears(rig)
    rig.track()
    assert rig.wait_for(lambda: 'anna.yaml' in ears.status.get('calibration', ''))
    assert 'typical offsets' in ears.status['calibration']
    rig.check_safe()


def test_optional_tracker_that_never_comes_stops_nothing(avatar_rig):
    rig = avatar_rig(optional_trackers=['pelvis', 'left_foot'])
    ears = Ears(rig)
    rig.track()
    before = len(rig.checker)
    rig.operate(1.0)
    time.sleep(0.1)
    assert len(rig.checker) - before > 50
    assert rig.wait_for(lambda: ears.status.get('pelvis.accepted') == '0')
    rig.check_safe()


def test_calibration_that_cannot_be_is_refused_in_words_while_inactive(avatar_rig):
    from std_srvs.srv import Trigger

    rig = avatar_rig(auto_activate=False)
    assert rig.node.trigger_configure() is not None
    client = rig.observer.create_client(Trigger, 'avatar_node/calibrate')
    assert rig.wait_for(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    assert rig.wait_for(future.done)
    assert not future.result().success
    assert 'activate' in future.result().message


def test_frames_of_rep_155_are_put_on_tf_where_they_are_asked_for(avatar_rig):
    rig = avatar_rig(model='baseline', human_frames=True, body_id='67dd1')
    children = {}
    rig.observer.create_subscription(
        rig._tf_type, '/tf', lambda message: children.update(
            (each.child_frame_id, each) for each in message.transforms), TF)
    ears = Ears(rig)
    settle(rig, still, ears)
    own = {name: each for name, each in children.items() if name.endswith('_67dd1')}
    assert {'body_67dd1', 'head_67dd1', 'l_wrist_67dd1', 'r_ankle_67dd1'} <= own.keys()
    assert len(own) == 16 and not any(name.startswith('67dd1/') for name in children)
    at = own['body_67dd1'].transform.translation
    assert np.hypot(at.x - HEAD_M[0], at.y - HEAD_M[1]) < 0.4 and 0.5 < at.z < 1.2
    rig.check_safe()
