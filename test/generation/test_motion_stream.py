# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Endless motion: no jump, no slide, no end, whatever is said and however late pieces are."""

from __future__ import annotations

import numpy as np
from played_generator import CAPTIONS, played_generator
import pytest
from stream_player import StreamPlayer, foot_slide_m_s, largest_turn_deg, largest_way_m

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.generation.motion_stream import MotionStream
from motion_avatar_ros.generation.prompt_text import PromptError
from motion_avatar_ros.generation.stream_request import StreamError, StreamSettings

#: Of the built-in walk at 60 Hz, without any blend: 9.5 deg a frame, 2.3 cm, 1.1 cm/s.
_TURN_DEG, _WAY_M, _SLIDE_M_S = 20.0, 0.04, 0.015
_WALK = slice(120, 600)     # it begins and ends standing


@pytest.fixture(scope='module')
def generator():
    return played_generator()


def forward_m(poses):
    return float(np.linalg.norm(poses.root_position[-1, :2] - poses.root_position[0, :2]))


def assert_smooth(poses):
    assert largest_turn_deg(poses) < _TURN_DEG
    assert largest_way_m(poses) < _WAY_M


def test_without_words_somebody_stands_quietly_for_as_long_as_nothing_is_said(generator):
    poses = StreamPlayer(generator).play(40.0).poses()
    assert forward_m(poses) < 0.01
    assert largest_turn_deg(poses) < 0.1
    assert np.ptp(poses.local_rotations[:, 3], axis=0).max() > 1e-3    # but not like a statue
    assert foot_slide_m_s(poses) < 1e-3


def test_a_sentence_is_done_within_the_time_of_a_piece_and_goes_on_without_end(generator):
    player = StreamPlayer(generator, delay_s=0.3).play(1.0)
    player.play(1.5, CAPTIONS['walk'])
    assert player.stream.status().is_moving
    player.play(20.0)
    poses = player.poses()
    assert_smooth(poses)
    assert foot_slide_m_s(poses) < _SLIDE_M_S
    assert player.stream.status().late == 0 and player.stream.status().chunks >= 4
    way_m = np.linalg.norm(np.diff(poses.root_position[:, :2], axis=0), axis=-1).sum()
    assert way_m > 10.0


@pytest.mark.parametrize('delay_s', [0.05, 0.4, 1.2])
def test_ten_prompts_in_a_row_neither_jump_nor_slide(generator, delay_s):
    player = StreamPlayer(generator, delay_s).play(1.0)
    order = ['walk', 'wave', 'walk', 'squat', 'turn', 'walk', 'stop', 'turn', 'wave', 'walk']
    for number, name in enumerate(order):
        player.play(2.1 + 0.37 * (number % 4), CAPTIONS.get(name, name))
    poses = player.play(3.0, '').poses()
    assert_smooth(poses)
    assert foot_slide_m_s(poses) < _SLIDE_M_S
    assert player.stream.status().failed == 0


def test_the_bounds_are_those_of_real_motion():
    poses = builtin_motion('walk', 60.0).poses[_WALK]
    assert largest_turn_deg(poses) > 0.4 * _TURN_DEG
    assert foot_slide_m_s(poses) > 0.6 * _SLIDE_M_S


def test_another_prompt_is_all_that_is_seen_half_a_second_after_its_piece_is_there(generator):
    player = StreamPlayer(generator, delay_s=0.2, chunk_s=6.0).play(1.0)
    player.play(4.0, CAPTIONS['walk'])
    player.play(0.2 + 0.1 + 1.3 * 0.2 + 0.1, CAPTIONS['wave'])
    player.play(1.0)    # and the step that brings the feet together
    poses = player.play(1.5).poses(1.0)
    assert forward_m(poses) < 0.05
    right_hand, head = poses.global_joints()[1][:, 21], poses.global_joints()[1][:, 15]
    assert (right_hand[:, 2] > head[:, 2] - 0.35).all()


def test_stop_brings_a_walker_to_stand_and_feet_stay_there(generator):
    for pause_s in (2.0, 2.13, 2.31, 2.47, 2.6):
        player = StreamPlayer(generator).play(0.5).play(pause_s, CAPTIONS['walk'])
        player.play(1.8, ' STOP! ')
        assert not player.stream.status().is_moving and player.stream.status().prompt == ''
        assert_smooth(player.poses())
        rest = player.play(1.0).poses(1.0)
        assert forward_m(rest) < 0.005 and largest_turn_deg(rest) < 0.2
        heads = rest.global_joints()[1][:, 15, 2]
        assert (heads > 1.4).all()


def test_a_piece_that_is_late_is_waited_for_standing_and_counted(generator):
    player = StreamPlayer(generator, delay_s=0.2).play(0.5).play(3.0, CAPTIONS['walk'])
    player.delay_s = 7.0
    player.play(13.0)
    status = player.stream.status()
    assert status.late >= 1
    player.delay_s = 0.2
    poses = player.play(9.0).poses()
    assert_smooth(poses)
    assert player.stream.status().is_moving


def test_a_piece_for_words_that_no_longer_hold_is_never_shown(generator):
    player = StreamPlayer(generator, delay_s=0.5).play(0.5)
    player.play(0.2, CAPTIONS['walk'])
    player.play(2.0, 'stop')
    assert player.stream.status().discarded == 1
    assert forward_m(player.poses()) < 0.02


def test_the_same_seed_and_times_give_the_same_motion(generator):
    def roots(seed):
        player = StreamPlayer(generator, seed=seed).play(0.5)
        return player.play(3.0, CAPTIONS['turn']).poses().root_position
    np.testing.assert_array_equal(roots(3), roots(3))


def test_each_piece_has_a_seed_of_its_own(generator):
    player = StreamPlayer(generator, seed=3, chunk_s=2.0).play(0.5).play(8.0, CAPTIONS['walk'])
    seeds = [request.seed for request in player.requests]
    assert len(seeds) > 3 and len(set(seeds)) == len(seeds)


@pytest.mark.parametrize('spoil', [
    lambda made: made * np.nan, lambda made: made[:-3], lambda made: made[:, :5]],
    ids=['nan', 'short', 'narrow'])
def test_a_piece_that_is_no_motion_lets_the_body_stand_and_says_why(generator, spoil):
    class Broken:
        longest_frames = generator.longest_frames

        def edit(self, *arguments):
            return spoil(generator.edit(*arguments))

    player = StreamPlayer(generator).play(0.5).play(2.0, CAPTIONS['walk'])
    player.generator = Broken()
    poses = player.play(8.0).poses()
    status = player.stream.status()
    assert status.failed == 1 and status.problem and status.prompt == ''
    assert_smooth(poses)
    assert not status.is_moving


def test_a_prompt_that_is_refused_changes_nothing(generator):
    player = StreamPlayer(generator).play(0.5).play(2.0, CAPTIONS['walk'])
    with pytest.raises(PromptError, match='10000 characters'):
        player.stream.say('a' * 10000)
    assert player.play(1.0).stream.status().prompt == CAPTIONS['walk']
    assert player.stream.say('\x00 人が\n歩く \x1b') == '人が 歩く'


def test_a_pause_of_the_one_who_asks_is_no_crash(generator):
    player = StreamPlayer(generator).play(0.5).play(2.0, CAPTIONS['walk'])
    player.time_s += 60.0
    player.play(2.0)
    assert player.stream.status().late == 1


def test_reset_stands_at_the_origin(generator):
    player = StreamPlayer(generator).play(0.5).play(4.0, CAPTIONS['walk'])
    assert forward_m(player.poses()) > 1.0
    player.stream.reset()
    poses = player.play(1.0).poses(1.0)
    assert np.abs(poses.root_position[:, :2]).max() < 0.1
    assert player.stream.status().prompt == ''


@pytest.mark.parametrize('chunk_s', [0.5, 9.9])
def test_pieces_that_the_generator_cannot_make_are_refused_with_what_is_allowed(
    generator, chunk_s
):
    with pytest.raises(StreamError, match=r'1 to 8\.8 s'):
        MotionStream(generator.longest_frames, StreamSettings(chunk_s=chunk_s))
