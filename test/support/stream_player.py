# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A motion stream in a time of its own: pieces take as long as they are told to."""

from __future__ import annotations

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.generation.motion_stream import MotionStream
from motion_avatar_ros.generation.standing_feet import feet_of
from motion_avatar_ros.generation.stream_request import StreamSettings
import numpy as np

RATE_HZ = 60.0
_LOW_M = 0.045


class StreamPlayer:
    """Asks for poses at a rate, and keeps them."""

    def __init__(self, generator, delay_s=0.3, rate_hz=RATE_HZ, **settings):
        self.generator, self.delay_s, self.period_s = generator, delay_s, 1.0 / rate_hz
        self.stream = MotionStream(generator.longest_frames, StreamSettings(**settings))
        self.time_s = 0.0
        self.requests = []
        self._pending = None
        self._rotations, self._roots = [], []

    def play(self, seconds, prompt=None):
        """Say something, if anything, and let time pass."""
        if prompt is not None:
            self.stream.say(prompt)
        for _ in range(round(seconds / self.period_s)):
            self.time_s += self.period_s
            pose = self.stream.pose_at(self.time_s)
            self._rotations.append(pose.local_rotations)
            self._roots.append(pose.root_position)
            self._work()
        return self

    def poses(self, last_s=None):
        """Return all poses, or the last ones."""
        begin = 0 if last_s is None else len(self._roots) - round(last_s / self.period_s)
        return BodyPose(np.array(self._rotations[begin:]), np.array(self._roots[begin:]))

    def _work(self):
        if self._pending is None:
            request = self.stream.next_request()
            if request is not None:
                self.requests.append(request)
                self._pending = request, self.time_s + self.delay_s
        elif self.time_s >= self._pending[1]:
            request, self._pending = self._pending[0], None
            self.stream.accept(request, request.made_by(self.generator), self.delay_s)


def largest_turn_deg(poses):
    """Return by how much a joint turns from one pose to the next at most."""
    rotations = poses.local_rotations
    return float(np.rad2deg(geodesic_angle(rotations[1:], rotations[:-1]).max()))


def largest_way_m(poses):
    """Return how far the pelvis goes from one pose to the next at most."""
    return float(np.linalg.norm(np.diff(poses.root_position, axis=0), axis=-1).max())


def foot_slide_m_s(poses, rate_hz=RATE_HZ):
    """Return the mean speed over the floor of balls of feet that are lower than 4.5 cm."""
    balls = feet_of(poses).balls
    speeds = np.linalg.norm(np.diff(balls[..., :2], axis=0), axis=-1) * rate_hz
    low = (balls[1:, :, 2] < _LOW_M) & (balls[:-1, :, 2] < _LOW_M)
    return float(speeds[low].mean())
