# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Three tracker frames on /tf to a moving body: avatar_node, mesh_node, the avatar's TF, a robot.

The avatar's links are put on /tf by a robot_state_publisher, or, where the parameter file sets
`publish_tf` of avatar_node, by that node; never by both. In a namespace /tf and /tf_static are
that namespace's own. A robot only moves on the screen until somebody engages it.
"""

from pathlib import Path
import os
import tempfile

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
import yaml

PACKAGE = 'motion_avatar_ros'
SHARE = Path(get_package_share_directory(PACKAGE))
TF_REMAPPINGS = [('/tf', 'tf'), ('/tf_static', 'tf_static')]
SWITCH = ('true', 'false')
AS_IN_FILE = ' (empty: as in params_file)'
#: name, default, description, choices
ARGUMENTS = (
    ('namespace', '', 'namespace of all nodes, topics and of /tf', None),
    ('params_file', str(SHARE / 'config' / 'avatar.yaml'), 'parameters of all nodes', None),
    ('use_sim_time', 'false', 'take the time from /clock', SWITCH),
    ('rviz', 'false', 'start RViz with config/avatar.rviz', SWITCH),
    ('viewer', 'false', 'serve the web page (viewer_node)', SWITCH),
    ('robot', 'none', 'robot that follows: a URDF file, an example (g1 talos romeo icub), topic '
     'for the topic robot_description, or none', None),
    ('sim', 'false', 'a simulated robot takes the commands (sim_robot_node); robot is a URDF '
     'file or an example then', SWITCH),
    ('model', '', 'name of a shipped model, or a model folder' + AS_IN_FILE, None),
    ('device', '', 'where the model runs' + AS_IN_FILE, ('', 'auto', 'cpu', 'cuda')),
    ('input', '', "TF frames, PoseStamped topics, or a headset's browser (webxr, which also "
     'starts webxr_tracker_node)' + AS_IN_FILE, ('', 'tf', 'pose', 'webxr')),
    ('headset_host', '', 'address that webxr_tracker_node serves at; 0.0.0.0 lets headsets on the '
     'network in' + AS_IN_FILE, None),
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
    given = {name: context.launch_configurations[name] for name, *_ in ARGUMENTS}
    if not Path(given['params_file']).is_file():
        raise RuntimeError(f"params_file:={given['params_file']}: no such file")
    nodes = {}
    if given['input'] == 'webxr':
        host = {'host': given['headset_host']} if given['headset_host'] else {}
        nodes['webxr_tracker_node'] = {**chosen(given, 'auto_activate'), **host}
        own = avatar_parameter(given['params_file'], 'profile', 'generic')
        given |= {'input': 'tf', 'profile': given['profile'] or (
            'webxr' if own in ('', 'generic') else own)}
    nodes['avatar_node'] = chosen(
        given, 'model', 'device', 'input', 'profile', 'operator', 'auto_activate')
    nodes['mesh_node'] = chosen(given, 'auto_activate')
    if given['robot'] != 'none':
        nodes['retarget_node'] = {
            **chosen(given, 'auto_activate'),
            'robot': '' if given['robot'] == 'topic' else given['robot']}
    if given['sim'] == 'true':
        if given['robot'] in ('none', 'topic'):
            raise RuntimeError(
                f"sim:=true with robot:={given['robot']}; allowed: a URDF file or an example")
        nodes['sim_robot_node'] = {**chosen(given, 'auto_activate'), 'robot': given['robot']}
    if given['viewer'] == 'true':
        nodes['viewer_node'] = chosen(given, 'input', 'profile')
    actions = [*fast_dds_profiles()]
    if given['composed'] == 'true':
        actions.append(composed(given, nodes))
    else:
        actions += [package_node(given, name, name, [typed(values)] if values else [])
                    for name, values in nodes.items()]
    if not avatar_parameter(given['params_file'], 'publish_tf', False):
        actions.append(avatar_state_publisher(given))
    if given['robot'] not in ('none', 'topic'):
        actions.append(robot_state_publisher(given))
    if given['rviz'] == 'true':
        actions.append(Node(
            package='rviz2', executable='rviz2', namespace=given['namespace'],
            arguments=['-d', str(SHARE / 'config' / 'avatar.rviz'),
                       '-f', body_frame(given)],
            parameters=[sim_time(given)], remappings=TF_REMAPPINGS, output='screen'))
    return actions


def chosen(given, *names):
    """Return the parameters that an argument sets; the others stay as in the file."""
    values = {name: given[name] for name in names if given[name]}
    return {name: value == 'true' if value in SWITCH else value
            for name, value in values.items()}


def typed(values):
    """Return parameters for a Node, which would read a text such as 07 as a number."""
    return {name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
            for name, value in values.items()}


def sim_time(given):
    """Return use_sim_time as a parameter."""
    return {'use_sim_time': given['use_sim_time'] == 'true'}


def package_node(given, executable, name, parameters, arguments=()):
    """Return one process of this package."""
    return Node(
        package=PACKAGE, executable=executable, name=name, namespace=given['namespace'],
        parameters=[given['params_file'], *parameters, sim_time(given)],
        arguments=list(arguments), remappings=TF_REMAPPINGS, output='screen',
        ros_arguments=['--log-level', given['log_level']])


def composed(given, nodes):
    """Return one process for all nodes; a dict of parameters would be for each of them."""
    with tempfile.NamedTemporaryFile(
            'w', prefix='motion_avatar_', suffix='.yaml', delete=False) as file:
        yaml.safe_dump({f'/**/{name}': {'ros__parameters': values}
                        for name, values in nodes.items() if values} or {
                            '/**': {'ros__parameters': sim_time(given)}}, file)
    return package_node(given, 'composed_nodes', None, [file.name], arguments=nodes)


def avatar_state_publisher(given):
    """Return the robot_state_publisher that puts the avatar's links on /tf."""
    # Here and not above: `ros2 launch --show-args` needs no package but launch's own.
    from motion_avatar_ros.body.avatar_urdf import avatar_urdf

    description = avatar_urdf(
        body_id=avatar_parameter(given['params_file'], 'body_id', 'avatar'),
        fixed_frame=body_frame(given))
    return state_publisher(given, 'avatar_state_publisher', 'avatar_node', description)


def robot_state_publisher(given):
    """Return the robot_state_publisher of the robot that follows; its base is retarget_node's."""
    from motion_avatar_ros.retarget.urdf import find_urdf, read_urdf

    prefix = node_parameter(given['params_file'], 'retarget_node', 'frame_prefix', 'robot/')
    return state_publisher(
        given, 'follower_state_publisher', 'retarget_node',
        read_urdf(find_urdf(given['robot'])).description, {'frame_prefix': prefix})


def state_publisher(given, name, source, description, more=None):
    """Return a robot_state_publisher of a URDF that takes the joint states of a node."""
    return Node(
        package='robot_state_publisher', executable='robot_state_publisher',
        name=name, namespace=given['namespace'],
        parameters=[{'robot_description': description, 'publish_frequency': 120.0,
                     **(more or {})},
                    sim_time(given)],
        remappings=[*TF_REMAPPINGS, ('joint_states', f'{source}/joint_states'),
                    ('robot_description', f'{name}/robot_description')],
        output='screen', ros_arguments=['--log-level', given['log_level']])


def body_frame(given):
    """Return the frame that avatar_node gives the body in."""
    from motion_avatar_ros.nodes.tracker_sources import default_body_frame
    from motion_avatar_ros.trackers.device_profile_file import load_profile

    path = given['params_file']
    profile = load_profile(given['profile'] or avatar_parameter(path, 'profile', 'generic'))
    return avatar_parameter(path, 'body_frame', '') or default_body_frame(
        profile, avatar_parameter(path, 'fixed_frame', '') or profile.fixed_frame)


def avatar_parameter(params_file, name, default):
    """Return a parameter of avatar_node as the file sets it."""
    return node_parameter(params_file, 'avatar_node', name, default)


def node_parameter(params_file, node, name, default):
    """Return a parameter of a node as the file sets it."""
    sections = yaml.safe_load(Path(params_file).read_text()) or {}
    for key in (node, f'/{node}', f'/**/{node}', '/**'):
        parameters = (sections.get(key) or {}).get('ros__parameters') or {}
        if name in parameters:
            return parameters[name]
    return default


def fast_dds_profiles():
    """Make room for mesh markers in shared memory, unless the user brings own profiles."""
    old, new = 'FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'
    if old in os.environ or new in os.environ:
        return []
    is_old = os.environ.get('ROS_DISTRO', 'jazzy') in ('humble', 'iron', 'jazzy')
    return [SetEnvironmentVariable(
        old if is_old else new, str(SHARE / 'config' / 'fastdds_profiles.xml'))]
