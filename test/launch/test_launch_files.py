# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, on hosts that have launch and the installed package."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from motion_avatar_ros.errors import MotionAvatarError
import pytest

launch = pytest.importorskip('launch', reason='ROS 2 launch is not on this host')
launch_ros_actions = pytest.importorskip('launch_ros.actions')
packages = pytest.importorskip('ament_index_python.packages')

ROOT = Path(__file__).resolve().parents[2]
DESIGNED = {
    'namespace', 'params_file', 'use_sim_time', 'rviz', 'viewer', 'robot', 'model', 'device',
    'input', 'auto_activate', 'composed', 'log_level'}

try:
    packages.get_package_share_directory('motion_avatar_ros')
except packages.PackageNotFoundError:
    pytest.skip('the package is not installed', allow_module_level=True)


def load(name):
    spec = spec_from_file_location(name.replace('.', '_'), ROOT / 'launch' / name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments_of(name):
    description = load(name).generate_launch_description()
    return {argument.name: argument for argument in description.get_launch_arguments()}


def nodes_of(file='avatar.launch.py', **given):
    """Return executable and name of each node that a launch file would start."""
    module = load(file)
    context = launch.LaunchContext()
    for name, default, *_ in module.ARGUMENTS:
        context.launch_configurations[name] = given.get(name, default)
    actions = module.launch_setup(context)
    return [action for action in actions if isinstance(action, launch_ros_actions.Node)]


def executables(nodes):
    return [node.node_executable for node in nodes]


@pytest.mark.parametrize(
    'name', ['avatar.launch.py', 'demo.launch.py', 'generate.launch.py'])
def test_all_designed_arguments_are_there_and_described(name):
    arguments = arguments_of(name)
    assert set(arguments) >= DESIGNED
    assert all(len(argument.description) > 5 for argument in arguments.values())


def test_avatar_is_put_on_tf_once(tmp_path):
    assert executables(nodes_of()).count('robot_state_publisher') == 1
    own = tmp_path / 'own.yaml'
    own.write_text('/**/avatar_node:\n  ros__parameters:\n    publish_tf: true\n')
    assert 'robot_state_publisher' not in executables(nodes_of(params_file=str(own)))


def test_composed_starts_one_process_for_the_nodes_of_this_package():
    started = executables(nodes_of(composed='true', viewer='true'))
    assert started == ['composed_nodes', 'robot_state_publisher']


def test_rviz_and_viewer_start_by_argument_only():
    assert executables(nodes_of()) == ['avatar_node', 'mesh_node', 'robot_state_publisher']
    assert {'rviz2', 'viewer_node'} <= set(executables(nodes_of(rviz='true', viewer='true')))


@pytest.mark.parametrize(('given', 'word'), [
    ({'robot': 'nobody.urdf'}, 'no such file'), ({'params_file': 'missing.yaml'}, 'no such file'),
    ({'sim': 'true'}, 'robot:=none')])
def test_what_cannot_be_done_is_refused_in_words(given, word):
    with pytest.raises((RuntimeError, MotionAvatarError), match=word):
        nodes_of(**given)


def test_a_robot_follows_and_is_on_tf_by_argument_only(tmp_path):
    urdf = tmp_path / 'r.urdf'
    urdf.write_text(
        '<robot name="r"><link name="a"/><link name="b"/><joint name="j" type="revolute">'
        '<parent link="a"/><child link="b"/><axis xyz="0 0 1"/>'
        '<limit lower="-1" upper="1" velocity="1" effort="1"/></joint></robot>')
    started = executables(nodes_of(robot=str(urdf)))
    assert started.count('robot_state_publisher') == 2 and 'retarget_node' in started
    assert 'sim_robot_node' not in started
    assert 'sim_robot_node' in executables(nodes_of(robot=str(urdf), sim='true'))
    # Who has a robot_description has a robot_state_publisher of their own.
    started = executables(nodes_of(robot='topic'))
    assert started.count('robot_state_publisher') == 1 and 'retarget_node' in started


def test_a_headset_as_input_starts_its_node_beside_the_others():
    assert executables(nodes_of(input='webxr', viewer='true')) == [
        'webxr_tracker_node', 'avatar_node', 'mesh_node', 'viewer_node', 'robot_state_publisher']
    assert 'webxr_tracker_node' not in executables(nodes_of(input='tf'))


def test_rviz_looks_from_the_frame_that_a_profile_gives_the_body_in():
    [rviz] = [node for node in nodes_of(rviz='true', profile='vive_libsurvive')
              if node.node_executable == 'rviz2']
    words = [''.join(part.text for part in word) for word in rviz.cmd[1:5]]
    assert words[words.index('-f') + 1] == 'libsurvive_world'


def test_a_profile_of_the_users_own_stays_with_a_headset_as_input(tmp_path):
    own = tmp_path / 'own.yaml'
    own.write_text('/**:\n  ros__parameters:\n    profile: pico\n')
    module = load('avatar.launch.py')
    assert module.avatar_parameter(str(own), 'profile', 'generic') == 'pico'
    assert module.body_frame({'params_file': str(own), 'profile': ''}) == 'odom'


def test_an_operator_named_by_digits_stays_a_text():
    [name] = load('avatar.launch.py').typed({'operator': '07'}).values()
    assert name.evaluate(launch.LaunchContext()) == '07'


def test_demo_plays_a_bag(monkeypatch):
    module = load('demo.launch.py')
    monkeypatch.setattr(module, 'Node', lambda **arguments: arguments)
    context = launch.LaunchContext()
    for name, default, *_ in module.ARGUMENTS:
        context.launch_configurations[name] = default
    context.launch_configurations['bag'] = 'session1'
    values = module.player(context)[0]['parameters'][1]
    assert list(values) == ['bag'] and values['bag'].evaluate(context) == 'session1'


def test_words_move_a_body_that_everything_follows():
    started = executables(nodes_of('generate.launch.py', prompt='a person walks'))
    assert started == ['generator_node', 'mesh_node', 'viewer_node', 'robot_state_publisher']
    started = executables(nodes_of('generate.launch.py', robot='g1', sim='true', mode='legs'))
    assert started == [
        'avatar_node', 'generator_node', 'mesh_node', 'retarget_node', 'sim_robot_node',
        'viewer_node', 'robot_state_publisher', 'robot_state_publisher']
    with pytest.raises(RuntimeError, match='robot:=none'):
        nodes_of('generate.launch.py', sim='true')


def test_the_body_of_an_operator_whose_legs_are_generated_is_put_on_tf_by_nobody(monkeypatch):
    module = load('generate.launch.py')
    avatar = module.avatar_launch()
    monkeypatch.setattr(module, 'avatar_launch', lambda: avatar)
    given = {}
    monkeypatch.setattr(
        avatar, 'package_node', lambda _, name, *rest: given.setdefault(name, rest[1]))
    context = launch.LaunchContext()
    for name, default, *_ in module.ARGUMENTS:
        context.launch_configurations[name] = default
    context.launch_configurations['mode'] = 'legs'
    module.launch_setup(context)
    [values] = given['avatar_node']
    assert values['publish_tf'] is False
    assert values['state_publisher'].evaluate(context) == ''
    for name in ('mesh_node', 'viewer_node'):
        [values] = given[name]
        assert values['body_topic'].evaluate(context) == 'generator_node/joint_states'
