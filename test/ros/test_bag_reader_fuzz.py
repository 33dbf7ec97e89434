# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags of strangers: messages until where they are damaged, or one clear line."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text
import pytest

pytest.importorskip('rosbags', reason='needs rosbags')

from small_bags import (  # noqa: E402
    START_NS, Entry, diagnostics_entry, joint_state_entry, pose_entry, storage_file, tf_entry,
    tracker_entries, write_bag,
)

from motion_avatar_ros.ros.bag_arrivals import BagArrivals, read_arrivals  # noqa: E402
from motion_avatar_ros.ros.bag_reader import BagError, BagReader  # noqa: E402

ENTRIES = [
    *tracker_entries(0.3), pose_entry(START_NS), tf_entry(START_NS, topic='/tf_static'),
    joint_state_entry(START_NS, '/avatar_node/joint_states'),
    diagnostics_entry(START_NS, '/avatar_node', stage__wait_p50_ms=1.0, stage__wait_p99_ms=2.0)]


@pytest.mark.parametrize(('storage', 'compression', 'tries'), [
    ('mcap', 'none', 150), ('mcap', 'storage', 80), ('mcap', 'message', 80),
    ('sqlite3', 'none', 120)])
def test_a_fuzzed_bag_gives_messages_or_is_refused(tmp_path, storage, compression, tries):
    folder = write_bag(tmp_path / 'bag', ENTRIES, storage, compression)
    file, metadata = storage_file(folder), folder / 'metadata.yaml'
    data, text = file.read_bytes(), metadata.read_text(encoding='utf-8')

    def draw(random: Random) -> tuple[bytes, str, bool]:
        if random.random() < 0.25:
            return data, mutated_text(random, [text]), False
        # Most of what is in a bag is not what is read first.
        return mutated_bytes(random, [data], most=3), text, random.random() < 0.5

    def parse(given: tuple[bytes, str, bool]) -> int:
        file.write_bytes(given[0])
        metadata.write_text(given[1], encoding='utf-8', errors='surrogatepass')
        path: Path = file if given[2] else folder
        read_arrivals(path)
        with BagReader(path) as reader:
            return sum(len(message.data) > 0 for message in reader.messages())

    fuzz(f'bag ({storage}, compression {compression})', draw, parse, (BagError,), tries)


def test_fuzzed_messages_in_a_sound_bag_tell_of_lags_or_nothing(tmp_path):
    numbers = iter(range(10 ** 6))
    told = diagnostics_entry(
        START_NS, '/avatar_node', stage__wait_p50_ms=1.5, stage__wait_p99_ms='none')

    def draw(random: Random) -> list[Entry]:
        entries = [*ENTRIES[:4], *ENTRIES[-4:], told]
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(entries))
            received_ns, topic, name, data = entries[at]
            data = data.replace(b'1.5', random.choice((b'nan', b'1e9', b'abc', b'-1.', b'   ')))
            entries[at] = received_ns, topic, name, mutated_bytes(random, [data], most=2)
        return entries

    def parse(entries: list[Entry]) -> BagArrivals:
        return read_arrivals(write_bag(tmp_path / str(next(numbers)), entries))

    def check(arrivals: BagArrivals) -> None:
        for stages in arrivals.told.values():
            assert all(math.isfinite(value) for stage in stages.values() for value in stage)

    fuzz('bag messages', draw, parse, (), 100, check)
