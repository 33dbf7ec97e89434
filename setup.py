# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Installation of motion_avatar_ros as an ament_python package."""

from pathlib import Path

from setuptools import Extension, find_packages, setup

package_name = 'motion_avatar_ros'


def shared(folder, pattern='*'):
    """List (target, files) of every file under a folder, for share/<package>/<folder>."""
    files_of = {}
    for path in sorted(Path(folder).rglob(pattern)):
        if path.is_file() and '__pycache__' not in path.parts:
            files_of.setdefault(path.parent, []).append(str(path))
    return [(f'share/{package_name}/{parent}', files) for parent, files in files_of.items()]


kernel = Path(package_name, 'retarget', 'kernel')

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(exclude=['test', 'test.*']),
    ext_modules=[Extension(
        f'{package_name}.retarget._kernel', sorted(map(str, kernel.glob('*.c'))),
        depends=sorted(map(str, kernel.glob('*.h'))),
        extra_compile_args=['-std=c11', '-O3', '-fopenmp-simd', '-Wall', '-Wextra'],
        optional=True)],    # without a compiler all but robots works
    package_data={package_name: ['body/data/*', 'ros/web/*', 'trackers/data/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml', 'LICENSE']),
        *shared('launch', '*.launch.py'),
        *shared('config'),
        *shared('models'),
    ],
    install_requires=['setuptools'],
    extras_require={'test': ['pytest']},
    python_requires='>=3.11',
    zip_safe=False,
    maintainer='motion_avatar_ros contributors',
    maintainer_email='maintainers@motion-avatar-ros.example',
    description='Live full-body motion from three tracker frames, for avatars and robots.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'avatar_node = motion_avatar_ros.nodes.avatar_node:main',
            'composed_nodes = motion_avatar_ros.nodes.composed_nodes:main',
            'generator_node = motion_avatar_ros.nodes.generator_node:main',
            'mesh_node = motion_avatar_ros.nodes.mesh_node:main',
            'retarget_node = motion_avatar_ros.nodes.retarget_node:main',
            'sim_robot_node = motion_avatar_ros.nodes.sim_robot_node:main',
            'tracker_player_node = motion_avatar_ros.nodes.tracker_player_node:main',
            'webxr_tracker_node = motion_avatar_ros.nodes.webxr_tracker_node:main',
            'viewer_node = motion_avatar_ros.nodes.viewer_node:main',
            'motion_avatar = motion_avatar_ros.commands.main:main',
        ],
    },
)
