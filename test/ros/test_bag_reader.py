# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags of every kind are read as they were written; bad ones are refused in one line."""

from __future__ import annotations

from pathlib import Path
import random
import shutil
import sys
import tracemalloc

import pytest

pytest.importorskip('rosbags', reason='needs rosbags')

from small_bags import (  # noqa: E402
    NS_PER_S, START_NS, pose_entry, storage_file, string_entry, tf_entry, tracker_entries,
    write_bag,
)

from motion_avatar_ros.errors import MotionAvatarError  # noqa: E402
from motion_avatar_ros.ros.bag_reader import BagError, BagReader, InputKind  # noqa: E402

STORAGES = ('mcap', 'sqlite3')
KINDS = [
    ('mcap', 'none'), ('mcap', 'message'), ('mcap', 'file'), ('mcap', 'storage'),
    ('sqlite3', 'none'), ('sqlite3', 'message'), ('sqlite3', 'file')]


def mixed_entries():
    """Return inputs of all kinds among other topics."""
    entries = [tf_entry(START_NS, ('mount',), '/tf_static')]
    for k in range(50):
        time_ns = START_NS + k * 10_000_000
        entries += [
            tf_entry(time_ns), string_entry(time_ns + 1), pose_entry(time_ns + 2),
            pose_entry(time_ns + 3, '/goal_pose')]
    return entries


def contents(path, **options):
    with BagReader(path, **options) as bag:
        return [(m.received_ns, m.topic.name, m.data) for m in bag.messages()]


def refusal(path, **options):
    with pytest.raises(BagError) as caught:
        contents(path, **options)
    text = str(caught.value)
    assert str(path) in text and '\n' not in text
    return text


@pytest.mark.parametrize(('storage', 'compression'), KINDS)
def test_inputs_come_back_byte_for_byte_in_order(tmp_path, storage, compression):
    entries = mixed_entries()
    bag = write_bag(tmp_path / 'bag', entries, storage, compression)
    expected = [
        (time_ns, topic, data) for time_ns, topic, _, data in entries
        if topic in ('/tf', '/tf_static', '/head_tracker/pose')]
    assert contents(bag, pose_topics=['head_tracker/pose']) == expected
    with BagReader(bag, pose_topics=['head_tracker/pose']) as reader:
        assert [(t.name, t.kind, t.message_count) for t in reader.topics] == [
            ('/tf', InputKind.TF, 50), ('/tf_static', InputKind.TF_STATIC, 1),
            ('/head_tracker/pose', InputKind.POSE, 50)]
        statics = list(reader.messages([InputKind.TF_STATIC], START_NS + NS_PER_S))
        assert [m.topic.name for m in statics] == ['/tf_static']


@pytest.mark.parametrize('storage', STORAGES)
def test_bare_file_and_folder_without_metadata_are_read(tmp_path, storage):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.5), storage)
    whole = contents(bag)
    assert len(whole) == 30
    assert contents(storage_file(bag)) == whole
    (bag / 'metadata.yaml').unlink()
    assert contents(bag) == whole


def test_all_poses_are_found_unless_named(tmp_path):
    bag = write_bag(tmp_path / 'bag', mixed_entries())
    names = {name for _, name, _ in contents(bag)}
    assert names == {'/tf', '/tf_static', '/head_tracker/pose', '/goal_pose'}
    assert {name for _, name, _ in contents(bag, pose_topics=['/goal_pose'])} == {
        '/tf', '/tf_static', '/goal_pose'}


def test_namespace_selects_one_robot_of_two(tmp_path):
    entries = [
        entry for k in range(3) for entry in (
            tf_entry(START_NS + k, topic='/a/tf'), tf_entry(START_NS + k, topic='/b/tf'),
            pose_entry(START_NS + k, '/a/head_tracker/pose'))]
    bag = write_bag(tmp_path / 'bag', entries)
    assert {name for _, name, _ in contents(bag, namespace='/a/')} == {
        '/a/tf', '/a/head_tracker/pose'}
    assert {name for _, name, _ in contents(bag, namespace='b')} == {'/b/tf'}
    text = refusal(bag, pose_topics=['head_tracker/pose'])
    assert '/a/tf' in text and '/head_tracker/pose' in text


@pytest.mark.parametrize('entries', [
    [string_entry(START_NS)], [tf_entry(START_NS, topic='/tf_static')]])
def test_a_bag_without_trackers_is_refused_and_its_topics_named(tmp_path, entries):
    bag = write_bag(tmp_path / 'bag', entries)
    text = refusal(bag)
    assert '/tf' in text and entries[0][1] in text and '1)' in text


def test_a_long_list_of_topics_is_cut(tmp_path):
    entries = [string_entry(START_NS + k, f'/topic_{k:02}') for k in range(30)]
    text = refusal(write_bag(tmp_path / 'bag', entries))
    assert '/topic_19' in text and '/topic_20' not in text and 'and 10 more' in text


def test_what_is_no_bag_is_refused(tmp_path):
    assert 'does not exist' in refusal(tmp_path / 'missing')
    (tmp_path / 'empty').mkdir()
    assert 'no rosbag2 bag' in refusal(tmp_path / 'empty')
    (tmp_path / 'notes.txt').write_text('text')
    assert '.mcap or .db3' in refusal(tmp_path / 'notes.txt')
    old = tmp_path / 'old.bag'
    old.write_bytes(b'#ROSBAG V2.0\n' + bytes(100))
    assert 'ROS 1' in refusal(old)
    for name in ('empty.mcap', 'empty.db3'):
        (tmp_path / name).touch()
        refusal(tmp_path / name)


@pytest.mark.parametrize('text', [
    '', 'rosbag2_bagfile_information: {}', '[', 'rosbag2_bagfile_information: {version: 99}'])
def test_bad_metadata_is_one_line(tmp_path, text):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.1))
    (bag / 'metadata.yaml').write_text(text)
    refusal(bag)


def test_missing_storage_file_is_one_line(tmp_path):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.1))
    storage_file(bag).unlink()
    assert 'missing' in refusal(bag)


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('share', [0.1, 0.5, 0.9, 0.999])
def test_cut_off_file_is_one_line(tmp_path, storage, share):
    bag = write_bag(tmp_path / 'bag', tracker_entries(20.0), storage)
    file = storage_file(bag)
    data = file.read_bytes()
    file.write_bytes(data[:int(share * len(data))])
    text = refusal(bag)
    if storage == 'mcap':
        assert 'not finished' in text


@pytest.mark.parametrize(('storage', 'compression'), [
    ('mcap', 'none'), ('mcap', 'storage'), ('mcap', 'message'), ('sqlite3', 'none')])
def test_flipped_bytes_never_cause_another_error(tmp_path, storage, compression):
    entries = tracker_entries(3.0)
    bag = write_bag(tmp_path / 'bag', entries, storage, compression)
    file = storage_file(bag)
    data = file.read_bytes()
    chance = random.Random(1)
    refused = 0
    for _ in range(30):
        spoiled = bytearray(data)
        for _ in range(8):
            spoiled[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        file.write_bytes(spoiled)
        try:
            contents(bag)
        except MotionAvatarError:
            refused += 1
    assert refused > 0


def test_bare_file_of_a_message_compressed_bag_points_to_the_folder(tmp_path):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.1), 'sqlite3', 'message')
    assert 'give the folder' in refusal(storage_file(bag))


def test_a_long_bag_is_not_loaded_at_once(tmp_path):
    bag = write_bag(tmp_path / 'bag', [
        tf_entry(START_NS + k * 1_000_000, [f'frame_{n}' for n in range(90)])
        for k in range(1500)])
    size = storage_file(bag).stat().st_size
    assert size > 10_000_000
    tracemalloc.start()
    with BagReader(bag) as reader:
        count = sum(1 for _ in reader.messages())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1500
    assert peak < size / 2


def test_two_passes_give_the_same(tmp_path):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.5))
    with BagReader(bag) as reader:
        assert list(reader.messages()) == list(reader.messages())


def test_ros_is_not_needed(tmp_path, monkeypatch):
    for name in ('rclpy', 'rosbag2_py'):
        monkeypatch.setitem(sys.modules, name, None)
    assert len(contents(write_bag(tmp_path / 'bag', tracker_entries(0.1)))) == 6


def test_moved_bag_is_read(tmp_path):
    bag = write_bag(tmp_path / 'bag', tracker_entries(0.1))
    moved = Path(shutil.move(bag, tmp_path / 'other name'))
    assert len(contents(moved)) == 6
