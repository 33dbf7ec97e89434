# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""avatar_node through its states: bad models and parameters, stopping, resuming, services."""

from __future__ import annotations

import shutil
import threading
import time
from xml.etree import ElementTree

from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import Trigger

from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.estimation.random_sage import write_random_sage
from motion_avatar_ros.ros.qos import DIAGNOSTICS, LATCHED


def set_parameter(rig, name, value):
    [result] = rig.node.set_parameters([Parameter(name, value=value)])
    return result


def call(rig, service):
    client = rig.observer.create_client(Trigger, service)
    assert client.wait_for_service(5.0)
    future = client.call_async(Trigger.Request())
    assert rig.wait_for(future.done)
    return future.result()


def spoil_nothing_there(folder):
    shutil.rmtree(folder)


def spoil_no_weights(folder):
    (folder / 'weights.safetensors').unlink()


def spoil_half_weights(folder):
    path = folder / 'weights.safetensors'
    path.write_bytes(path.read_bytes()[:2000])


def spoil_config(folder):
    (folder / 'config.yaml').write_text('{architecture: [')


def spoil_architecture(folder):
    (folder / 'config.yaml').write_text('architecture: mystery\n')


@pytest.mark.parametrize('spoil', [
    spoil_nothing_there, spoil_no_weights, spoil_half_weights, spoil_config, spoil_architecture])
def test_a_bad_model_folder_refuses_configure_and_a_good_one_serves_then(
        avatar_rig, random_model, tmp_path, spoil):
    bad = shutil.copytree(random_model, tmp_path / 'bad')
    spoil(bad)
    rig = avatar_rig(model=str(bad))
    rig.wait_logged('cannot configure', str(bad))
    assert len([line for line in rig.log if 'ERROR' in line]) == 1  # one clear line
    assert rig.is_alive
    assert rig.node.state_label == 'unconfigured'
    assert set_parameter(rig, 'model', str(random_model)).successful
    assert rig.node.start()
    rig.track()
    rig.check_safe()


@pytest.mark.parametrize('name, bad, good, allowed', [
    ('limits.max_joint_rad_s', 'fast', 3.0, 'float in 1 .. 200'),  # type
    ('limits.max_joint_rad_s', 0.0, 3.0, 'float in 1 .. 200'),  # range
    ('device', 'gpu', 'cpu', "'auto', 'cpu', 'cuda'"),  # choice
    ('trackers.head', 'avatar/head', 'head_tracker', "outside 'avatar/'"),
    ('trackers.head', 'left_hand_tracker', 'head_tracker', 'another name'),
])
def test_a_bad_parameter_refuses_configure_until_it_is_mended(
        avatar_rig, name, bad, good, allowed):
    rig = avatar_rig(**{name: bad})
    rig.wait_logged('cannot configure', name, allowed)
    assert rig.is_alive
    assert rig.node.state_label == 'unconfigured'
    assert set_parameter(rig, name, good).successful
    rig.max_joint_rad_s = 3.0
    assert rig.node.start()
    rig.track()
    rig.check_safe()


def test_a_misspelled_parameter_refuses_configure_and_lists_the_known(avatar_rig):
    rig = avatar_rig(modell='baseline')
    rig.wait_logged("unknown parameter 'modell'", 'trackers.head', 'stale.head_s')
    assert rig.is_alive
    assert rig.node.state_label == 'unconfigured'


def test_parameters_do_not_change_under_a_running_node(avatar_rig):
    rig = avatar_rig()
    result = set_parameter(rig, 'stale.head_s', 1.0)
    assert not result.successful
    assert 'clean up first' in result.reason


def test_inactive_is_silent_and_activation_resumes_without_a_jump(avatar_rig):
    rig = avatar_rig()
    rig.track()
    rig.node.trigger_deactivate()
    time.sleep(0.1)
    published = len(rig.checker)
    rig.operate(0.5)
    assert len(rig.checker) == published
    rig.node.trigger_activate()
    rig.track()
    rig.check_safe()


def test_cleaned_up_and_configured_again_it_goes_on_without_a_jump(avatar_rig):
    rig = avatar_rig()
    rig.track()
    node = rig.node
    for transition in (node.trigger_deactivate, node.trigger_cleanup,
                       node.trigger_configure, node.trigger_activate):
        transition()
    rig.track()
    rig.check_safe()


def test_another_model_at_run_time_goes_through_the_states_and_does_not_jump(
    avatar_rig, tmp_path
):
    rig = avatar_rig()
    rig.track()
    node = rig.node
    for write in (write_random_mage, write_random_sage, write_random_baseline):
        model = write(tmp_path / write.__name__)
        assert not set_parameter(rig, 'model', str(model)).successful
        node.trigger_deactivate()
        node.trigger_cleanup()
        assert set_parameter(rig, 'model', str(model)).successful
        node.trigger_configure()
        node.trigger_activate()
        rig.track()
        assert node._parts.estimator.folder == model
    rig.check_safe()


def test_every_state_can_be_left_and_entered_again(avatar_rig):
    rig = avatar_rig(auto_activate=False)
    node, threads = rig.node, threading.active_count()
    assert node.state_label == 'unconfigured'
    for _ in range(2):
        node.trigger_configure()
        node.trigger_activate()
        assert node.state_label == 'active'
        node.trigger_deactivate()
        node.trigger_cleanup()
        assert node.state_label == 'unconfigured'
    assert threading.active_count() == threads
    assert rig.wait_for(
        lambda: rig.observer.count_publishers('avatar_node/joint_states') == 0)
    node.deactivate()
    node.cleanup()
    node.trigger_configure()
    node.trigger_activate()
    rig.track()
    node.trigger_shutdown()
    assert node.state_label == 'finalized'
    assert threading.active_count() == threads
    assert rig.is_alive


def test_reset_blends_and_calibrate_without_trackers_says_so(avatar_rig):
    rig = avatar_rig()
    rig.track()
    assert call(rig, 'avatar_node/reset').success
    rig.operate(0.8)
    answer = call(rig, 'avatar_node/calibrate')
    assert not answer.success
    assert 'no frame of all trackers came for 3 s' in answer.message
    rig.track()
    rig.check_safe()


def test_description_reaches_late_joiners_and_names_the_links(avatar_rig):
    rig = avatar_rig(body_id='operator_2', fixed_frame='odom')
    texts: list[str] = []
    rig.observer.create_subscription(
        String, 'avatar_node/robot_description', lambda m: texts.append(m.data), LATCHED)
    assert rig.wait_for(lambda: bool(texts))
    links = {link.get('name') for link in ElementTree.fromstring(texts[0]).iter('link')}
    assert {'odom', 'operator_2/pelvis', 'operator_2/left_wrist'} <= links


def test_links_go_to_tf_when_asked(avatar_rig):
    from tf2_msgs.msg import TFMessage

    rig = avatar_rig(publish_tf=True)
    children: set[str] = set()
    rig.observer.create_subscription(
        TFMessage, '/tf', lambda m: children.update(t.child_frame_id for t in m.transforms), 100)
    rig.track()
    assert {'avatar/pelvis', 'avatar/head', 'avatar/left_foot'} <= children
    rig.check_safe()


def test_diagnostics_say_what_is_going_on(avatar_rig):
    rig = avatar_rig()
    statuses: list = []
    rig.observer.create_subscription(
        DiagnosticArray, '/diagnostics', lambda m: statuses.extend(m.status), DIAGNOSTICS)
    rig.track()
    rig.operate(1.3)
    values = {value.key: value.value for value in statuses[-1].values}
    assert values['state'] == 'tracking'
    assert values['model_sha256'] == rig.node._parts.estimator.weights_sha256
    assert float(values['output_rate_hz']) > 30.0
    assert float(values['left_hand.rate_hz']) == pytest.approx(60.0, rel=0.1)
    assert float(values['head.accepted']) > 20
    stages = ('tracker_age', 'wait', 'inference', 'publish', 'input_to_publish')
    for key in (*(f'stage.{stage}_p{part}_ms' for stage in stages for part in (50, 99)),
                'head.receive_age_ms', 'head.stamp_age_ms'):
        assert float(values[key]) > 0.0, key
    assert 1 <= int(values['most_waiting_frames']) <= 8


def test_a_late_device_is_named_by_its_stage_once(avatar_rig):
    rig = avatar_rig()
    statuses: list = []
    rig.observer.create_subscription(
        DiagnosticArray, '/diagnostics', lambda m: statuses.extend(m.status), DIAGNOSTICS)

    def late(sample):
        tracker, stamp_ns, *pose = sample
        return [(tracker, stamp_ns - 90_000_000, *pose)]

    for _ in range(40):
        rig.operate(0.25, late)
        if rig.logged('latency: tracker_age takes', 'latency.tracker_age_ms is 50'):
            break
    assert rig.wait_for(lambda: any(
        status.level == b'\x01' and 'tracker_age takes' in status.message for status in statuses))
    assert sum('latency: tracker_age takes' in line for line in rig.log) == 1
    values = {value.key: value.value for value in statuses[-1].values}
    assert float(values['stage.tracker_age_p50_ms']) > 90.0
    rig.check_safe()
