# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Words to a moving body: generator_node, mesh_node, the avatar's TF, a robot.

With mode:=legs also avatar_node: the arms are an operator's, the legs generated. Mesh, robot and
page follow generator_node's body either way, which is the only one that they see.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

SHARE = Path(get_package_share_directory('motion_avatar_ros'))
SWITCH = ('true', 'false')
AS_IN_FILE = ' (empty: as in params_file)'
#: What follows a body, with the parameters that name it.
BODY = {'body_topic': 'generator_node/joint_states',
        'description_topic': 'generator_node/robot_description'}
#: name, default, description, choices
ARGUMENTS = (
    ('namespace', '', 'namespace of all nodes, topics and of /tf', None),
    ('params_file', str(SHARE / 'config' / 'avatar.yaml'), 'parameters of all nodes', None),
    ('use_sim_time', 'false', 'take the time from /clock', SWITCH),
    ('rviz', 'false', 'start RViz with config/avatar.rviz', SWITCH),
    ('viewer', 'true', 'serve the web page (viewer_node), which has a box for words', SWITCH),
    ('robot', 'none', 'robot that follows: a URDF file, an example (g1 talos romeo icub), topic '
     'for the topic robot_description, or none', None),
    ('sim', 'false', 'a simulated robot takes the commands (sim_robot_node); robot is a URDF '
     'file or an example then', SWITCH),
    ('model', '', 'name of a shipped generator, a model folder, or nearest_caption' + AS_IN_FILE,
     None),
    ('data', '', 'folder of recordings for model:=nearest_caption' + AS_IN_FILE, None),
    ('device', '', 'where the models run' + AS_IN_FILE, ('', 'auto', 'cpu', 'cuda')),
    ('mode', '', 'the whole body, or legs for an operator' + AS_IN_FILE,
     ('', 'motion', 'legs')),
    ('prompt', '', 'what is done at first; without it the body stands' + AS_IN_FILE, None),
    ('input', '', "with mode:=legs: TF frames, PoseStamped topics, or a headset's browser "
     '(webxr, which also starts webxr_tracker_node)' + AS_IN_FILE, ('', 'tf', 'pose', 'webxr')),
    ('headset_host', '', 'address that webxr_tracker_node serves at' + AS_IN_FILE, None),
    ('profile', '', 'device profile, by name or file' + AS_IN_FILE, None),
    ('operator', '', 'whose calibration is used and saved' + AS_IN_FILE, None),
    ('auto_activate', '', 'nodes configure and activate themselves' + AS_IN_FILE,
     ('', *SWITCH)),
    ('composed', 'false', 'run the nodes of this package in one process', SWITCH),
    ('log_level', 'info', 'of all nodes', ('debug', 'info', 'warn', 'error', 'fatal')),
)


def generate_launch_description():
    """Declare the arguments; the nodes follow once these are known."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text, choices=choices)
          for name, default, text, choices in ARGUMENTS),
        OpaqueFunction(function=launch_setup),
    ])


def launch_setup(context):
    """Return the actions for the arguments given."""
    avatar = avatar_launch()
    given = {name: context.launch_configurations[name] for name, *_ in ARGUMENTS}
    if not Path(given['params_file']).is_file():
        raise RuntimeError(f"params_file:={given['params_file']}: no such file")
    path = given['params_file']
    mode = given['mode'] or avatar.node_parameter(path, 'generator_node', 'mode', 'motion')
    own = avatar.chosen(given, 'auto_activate')
    nodes = {}
    if mode == 'legs':
        if given['input'] == 'webxr':
            host = {'host': given['headset_host']} if given['headset_host'] else {}
            nodes['webxr_tracker_node'] = {**own, **host}
            profile = avatar.avatar_parameter(path, 'profile', 'generic')
            given |= {'input': 'tf', 'profile': given['profile'] or (
                'webxr' if profile in ('', 'generic') else profile)}
        # The operator's own body is on no TF: it has the links of the one that is shown.
        nodes['avatar_node'] = {
            **avatar.chosen(given, 'device', 'input', 'profile', 'operator', 'auto_activate'),
            'publish_tf': False, 'state_publisher': ''}
    nodes['generator_node'] = avatar.chosen(
        given, 'model', 'data', 'device', 'mode', 'prompt', 'auto_activate')
    nodes['mesh_node'] = {**own, **BODY}
    if given['robot'] != 'none':
        nodes['retarget_node'] = {
            **own, **BODY, 'robot': '' if given['robot'] == 'topic' else given['robot']}
    if given['sim'] == 'true':
        if given['robot'] in ('none', 'topic'):
            raise RuntimeError(
                f"sim:=true with robot:={given['robot']}; allowed: a URDF file or an example")
        nodes['sim_robot_node'] = {**own, 'robot': given['robot']}
    if given['viewer'] == 'true':
        nodes['viewer_node'] = {
            **avatar.chosen(given, 'input', 'profile'), **BODY,
            **({} if mode == 'legs' else {'avatar_node': 'generator_node'})}
    actions = [*avatar.fast_dds_profiles()]
    if given['composed'] == 'true':
        actions.append(avatar.composed(given, nodes))
    else:
        actions += [
            avatar.package_node(given, name, name, [avatar.typed(values)] if values else [])
            for name, values in nodes.items()]
    frame = avatar.body_frame(given) if mode == 'legs' else avatar.node_parameter(
        path, 'generator_node', 'body_frame', 'odom')
    if not avatar.node_parameter(path, 'generator_node', 'publish_tf', False):
        actions.append(body_state_publisher(avatar, given, frame))
    if given['robot'] not in ('none', 'topic'):
        actions.append(avatar.robot_state_publisher(given))
    if given['rviz'] == 'true':
        actions.append(Node(
            package='rviz2', executable='rviz2', namespace=given['namespace'],
            arguments=['-d', str(SHARE / 'config' / 'avatar.rviz'), '-f', frame],
            parameters=[avatar.sim_time(given)], remappings=avatar.TF_REMAPPINGS,
            output='screen'))
    return actions


def body_state_publisher(avatar, given, frame):
    """Return the robot_state_publisher that puts the body's links on /tf."""
    # Here and not above: `ros2 launch --show-args` needs no package but launch's own.
    from motion_avatar_ros.body.avatar_urdf import avatar_urdf

    body_id = avatar.node_parameter(
        given['params_file'], 'generator_node', 'body_id', 'avatar')
    return avatar.state_publisher(
        given, 'avatar_state_publisher', 'generator_node',
        avatar_urdf(body_id=body_id, fixed_frame=frame))


def avatar_launch():
    """Return what avatar.launch.py has for both."""
    spec = spec_from_file_location('avatar_launch', SHARE / 'launch' / 'avatar.launch.py')
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
