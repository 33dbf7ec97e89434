# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's variables: what the user set stays, two demos do not hear each other."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from motion_avatar_ros.commands.demo_environment import demo_environment
from motion_avatar_ros.shipped_config import config_file


def test_what_the_user_has_set_stays():
    user = {'ROS_DOMAIN_ID': '5', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
            'FASTRTPS_DEFAULT_PROFILES_FILE': 'mine.xml'}
    with demo_environment(user) as added:
        assert added == {}


def test_two_demos_get_two_domains_below_the_ephemeral_ports():
    with demo_environment({}) as first, demo_environment({}) as second:
        domains = {int(added['ROS_DOMAIN_ID']) for added in (first, second)}
        assert len(domains) == 2
        assert all(1 <= domain <= 101 for domain in domains)
        assert first['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'


@pytest.mark.parametrize(('distro', 'variable'), [
    ('jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE'), ('', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
    ('lyrical', 'FASTDDS_DEFAULT_PROFILES_FILE')])
def test_profiles_are_passed_under_the_name_the_distro_reads(distro, variable):
    with demo_environment({'ROS_DISTRO': distro}) as added:
        assert [name for name in added if name.endswith('PROFILES_FILE')] == [variable]


def test_shared_memory_segment_holds_a_marker_of_two_megabytes():
    tree = ElementTree.parse(config_file('fastdds_profiles.xml'))
    sizes = [int(element.text) for element in tree.iter() if element.tag.endswith('segment_size')]
    assert sizes and min(sizes) >= 2 * 2_000_000
