# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A written bag is what rosbag2 of Jazzy expects, in its metadata and in its storage."""

from __future__ import annotations

import os
import sqlite3

import pytest

pytest.importorskip('rosbags', reason='needs rosbags')

from rosbags.rosbag2 import Reader  # noqa: E402
from small_bags import START_NS, tf_bytes  # noqa: E402
import yaml  # noqa: E402

from motion_avatar_ros.ros.bag_reader import TF_TYPE, BagError, BagReader  # noqa: E402
from motion_avatar_ros.ros.bag_writer import STORAGES, BagWriter, OfferedQos  # noqa: E402

# As ROS 2 itself computes them from the definitions.
TF_HASH = 'RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087'
FOREVER = {'sec': 9223372036, 'nsec': 854775807}
LATCHED = OfferedQos(durability='transient_local', depth=1)
BEST_EFFORT = OfferedQos(history='unknown', depth=0, reliability='best_effort')


def write(folder, storage='mcap', count=100):
    with BagWriter(folder, storage) as writer:
        writer.add_topic('/tf', TF_TYPE, [OfferedQos(), BEST_EFFORT])
        writer.add_topic('/tf_static', TF_TYPE, [LATCHED])
        writer.write('/tf_static', START_NS, tf_bytes(START_NS, ['mount']))
        for k in range(count):
            writer.write(
                '/tf', START_NS + k * 10_000_000, tf_bytes(START_NS + k, ['head_tracker']))
        assert writer.counts == {'/tf': count, '/tf_static': 1}
    return folder


@pytest.mark.parametrize('storage', STORAGES)
def test_metadata_has_what_jazzy_reads(tmp_path, storage):
    bag = write(tmp_path / 'bag', storage)
    information = yaml.safe_load((bag / 'metadata.yaml').read_text())
    assert list(information) == ['rosbag2_bagfile_information']
    values = information['rosbag2_bagfile_information']
    assert values['version'] == 9
    assert values['storage_identifier'] == storage
    assert values['duration'] == {'nanoseconds': 990_000_000}
    assert values['starting_time'] == {'nanoseconds_since_epoch': START_NS}
    assert values['message_count'] == 101
    assert values['compression_format'] == values['compression_mode'] == ''
    assert isinstance(values['ros_distro'], str) and 'custom_data' in values
    (file,) = values['relative_file_paths']
    assert (bag / file).is_file()
    assert values['files'] == [{
        'path': file, 'starting_time': values['starting_time'], 'duration': values['duration'],
        'message_count': 101}]
    topics = {t['topic_metadata']['name']: t for t in values['topics_with_message_count']}
    assert {name: topic['message_count'] for name, topic in topics.items()} == {
        '/tf': 100, '/tf_static': 1}
    for topic in topics.values():
        assert topic['topic_metadata']['type'] == TF_TYPE
        assert topic['topic_metadata']['serialization_format'] == 'cdr'
        assert topic['topic_metadata']['type_description_hash'] == TF_HASH
    assert topics['/tf_static']['topic_metadata']['offered_qos_profiles'] == [{
        'history': 'keep_last', 'depth': 1, 'reliability': 'reliable',
        'durability': 'transient_local', 'deadline': FOREVER, 'lifespan': FOREVER,
        'liveliness': 'automatic', 'liveliness_lease_duration': FOREVER,
        'avoid_ros_namespace_conventions': False}]
    assert [(q['reliability'], q['history']) for q in topics['/tf']['topic_metadata'][
        'offered_qos_profiles']] == [('reliable', 'keep_last'), ('best_effort', 'unknown')]


@pytest.mark.parametrize('storage', STORAGES)
def test_storage_alone_tells_the_same(tmp_path, storage):
    bag = write(tmp_path / 'bag', storage)
    with BagReader(bag) as reader:
        messages = list(reader.messages())
    assert len(messages) == 101
    assert messages[-1].received_ns == START_NS + 990_000_000
    assert messages[-1].data == tf_bytes(START_NS + 99, ['head_tracker'])
    (bag / 'metadata.yaml').unlink()
    with BagReader(bag) as reader:
        assert list(reader.messages()) == messages
        (file,) = (file for file in bag.iterdir())
    with Reader(file) as reader:
        by_topic = {c.topic: c for c in reader.connections}
        assert by_topic['/tf'].msgdef.data.startswith('geometry_msgs/TransformStamped[]')
        (profile,) = by_topic['/tf_static'].ext.offered_qos_profiles
        assert profile.durability.name == 'TRANSIENT_LOCAL'


def test_sqlite_schema_is_jazzys(tmp_path):
    bag = write(tmp_path / 'bag', 'sqlite3')
    (file,) = bag.glob('*.db3')
    with sqlite3.connect(file) as database:
        assert database.execute('SELECT schema_version FROM schema').fetchone() == (4,)
        assert database.execute('SELECT COUNT(*) FROM messages').fetchone() == (101,)
        assert database.execute(
            'SELECT DISTINCT topic_type, encoding FROM message_definitions').fetchall() == [
                (TF_TYPE, 'ros2msg')]


@pytest.mark.parametrize('storage', STORAGES)
def test_without_messages_no_bag_stays(tmp_path, storage):
    with BagWriter(tmp_path / 'bag', storage) as writer:
        writer.add_topic('/tf', TF_TYPE)
    assert not (tmp_path / 'bag').exists()


def test_existing_folder_is_refused_and_left_alone(tmp_path):
    write(tmp_path / 'bag', count=1)
    before = {file: file.read_bytes() for file in (tmp_path / 'bag').iterdir()}
    with pytest.raises(BagError, match='exists already'):
        BagWriter(tmp_path / 'bag')
    assert {file: file.read_bytes() for file in (tmp_path / 'bag').iterdir()} == before


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_folder_that_cannot_be_made_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(BagError, match='cannot be made'):
        BagWriter(tmp_path / 'bag')


def test_file_in_the_way_of_the_folder_is_one_line(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(BagError, match='cannot be made'):
        BagWriter(tmp_path / 'file' / 'bag')


def test_an_exception_while_recording_finishes_the_bag(tmp_path):
    with pytest.raises(RuntimeError):
        with BagWriter(tmp_path / 'bag') as writer:
            writer.add_topic('/tf', TF_TYPE)
            writer.write('/tf', START_NS, tf_bytes(START_NS, ['head_tracker']))
            raise RuntimeError
    with BagReader(tmp_path / 'bag') as reader:
        assert len(list(reader.messages())) == 1
