# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The whole thing without hardware: avatar.launch.py and a player of tracker frames.

The player stands for the device and stays a process of its own, also with composed:=true.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = 'motion_avatar_ros'
SHARE = Path(get_package_share_directory(PACKAGE))
SWITCH = ('true', 'false')
#: name, default, description, choices: what differs from avatar.launch.py, or is used here
ARGUMENTS = (
    ('motion', '', 'built-in motion to play (empty: as in params_file)',
     ('', 'mix', 'walk', 'wave', 'squat', 'turn')),
    ('clip', '', 'AMASS-style .npz to play instead', None),
    ('bag', '', 'rosbag2 bag to play instead', None),
    ('viewer', 'true', 'serve the web page (viewer_node)', SWITCH),
    ('namespace', '', 'namespace of all nodes, topics and of /tf', None),
    ('params_file', str(SHARE / 'config' / 'avatar.yaml'), 'parameters of all nodes', None),
    ('use_sim_time', 'false', 'take the time from /clock', SWITCH),
    ('input', '', 'TF frames or PoseStamped topics (empty: as in params_file)',
     ('', 'tf', 'pose')),
    ('log_level', 'info', 'of all nodes', ('debug', 'info', 'warn', 'error', 'fatal')),
)


def generate_launch_description():
    """Declare the arguments, include the avatar, add the player."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=text, choices=choices)
          for name, default, text, choices in ARGUMENTS),
        # It sees all arguments of this launch; those not declared here have its defaults.
        IncludeLaunchDescription(PythonLaunchDescriptionSource(
            str(SHARE / 'launch' / 'avatar.launch.py'))),
        OpaqueFunction(function=player),
    ])


def player(context):
    """Return the player's process."""
    given = context.launch_configurations
    values = {name: ParameterValue(given[name], value_type=str)
              for name in ('motion', 'clip', 'bag') if given[name]}
    if given['input']:
        values['output'] = given['input']
    return [Node(
        package=PACKAGE, executable='tracker_player_node', name='tracker_player_node',
        namespace=given['namespace'],
        parameters=[given['params_file'], values,
                    {'use_sim_time': given['use_sim_time'] == 'true'}],
        remappings=[('/tf', 'tf'), ('/tf_static', 'tf_static')], output='screen',
        ros_arguments=['--log-level', given['log_level']])]
