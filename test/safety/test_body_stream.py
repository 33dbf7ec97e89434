# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which bodies are followed, by their stamps and by when they came."""

from __future__ import annotations

from motion_avatar_ros.safety.body_stream import BodyStampError, BodyStream, StreamSettings
import pytest

SECOND_NS = 1_000_000_000
NOW_NS = 1_700_000_000 * SECOND_NS


@pytest.fixture
def stream():
    built = BodyStream(StreamSettings(stale_after_s=0.3, late_after_s=0.5, max_age_s=1.0))
    built.take(NOW_NS, NOW_NS, 10.0)
    return built


def test_time_between_bodies_is_that_of_their_stamps_and_never_long(stream):
    assert stream.elapsed_s(NOW_NS + 20_000_000, NOW_NS + SECOND_NS) == pytest.approx(0.02)
    assert stream.elapsed_s(NOW_NS + 5 * SECOND_NS, NOW_NS + 5 * SECOND_NS) == 0.1
    with pytest.raises(BodyStampError, match=r'0\.50 s ahead'):
        stream.elapsed_s(NOW_NS + SECOND_NS // 2, NOW_NS)


def test_duplicates_steps_back_and_old_bodies_are_refused_and_a_restart_is_a_new_source(stream):
    for stamp_ns in (NOW_NS, NOW_NS - SECOND_NS // 2):
        with pytest.raises(BodyStampError, match='not later'):
            stream.elapsed_s(stamp_ns, NOW_NS + 1)
    with pytest.raises(BodyStampError, match=r'1\.50 s old'):
        stream.elapsed_s(NOW_NS + 1, NOW_NS + 1 + 3 * SECOND_NS // 2)
    assert stream.elapsed_s(NOW_NS - 5 * SECOND_NS, NOW_NS - 5 * SECOND_NS) is None


def test_a_body_is_believed_for_a_while_by_the_steady_clock_whatever_ros_time_does(stream):
    assert stream.why_not(10.25) == ''
    assert stream.why_not(10.35) == 'no body to follow'


def test_bodies_that_come_late_are_not_believed(stream):
    stream.take(NOW_NS + 1, NOW_NS + 1 + 6 * SECOND_NS // 10, 10.0)
    assert stream.why_not(10.0) == 'bodies come 0.6 s late'


def test_before_the_first_body_there_is_none(stream):
    stream.begin()
    assert stream.elapsed_s(NOW_NS, NOW_NS) is None
    assert stream.why_not(10.0) == 'no body to follow'
