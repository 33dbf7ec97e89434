# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The last stage before a pose leaves: no joint and no root moves faster than its limit.

Whatever the estimator answers after a dropout, a restart or a bad sample, consumers see a
motion that starts at the pose they hold. Limits act on rotations (geodesic angle), never on
coded angles.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, transpose
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.errors import MotionAvatarError

#: Peak speed of a blend over its mean speed is 1.5 (smoothstep); the rest is the operator's
#: own motion meanwhile.
_PEAK_OVER_MEAN = 2.0


class PoseLimitError(MotionAvatarError):
    """A pose or a limit the limiter cannot work with."""


class PoseLimiter:
    """
    Bounds each frame's motion relative to the pose returned before, and blends after a hold.

    The first pose passes. After `resume()` the next poses are approached along a smoothstep
    over `blend_s` from the pose held until then. Joints (the pelvis' orientation included) keep
    their limit meanwhile; the root crosses to the new place within `blend_s` however far it
    is: an operator who was relocated expects to be there, and a flight of minutes at walking
    speed would show a place where nobody is.

    Attributes:
        limited_frames: frames in which anything was limited.
        limited_joint_frames: (22,) frames in which each joint was limited.
        limited_root_frames: frames in which the root was limited.
    """

    def __init__(
        self, max_joint_rad_s: float, max_root_m_s: float, blend_s: float = 0.5,
        held: BodyPose | None = None,
    ) -> None:
        for name, value in (
            ('max_joint_rad_s', max_joint_rad_s), ('max_root_m_s', max_root_m_s),
            ('blend_s', blend_s),
        ):
            if not (np.isfinite(value) and value > 0.0):
                raise PoseLimitError(f'{name} is {value}; allowed: > 0')
        self._max_joint_rad_s = max_joint_rad_s
        self._max_root_m_s = max_root_m_s
        self._blend_s = blend_s
        self._last = held  # what consumers hold of an earlier limiter, if anything
        self._blend_elapsed_s: float | None = None  # None: not blending
        self._crossing_m_s: float | None = None  # root speed of this blend; None: not begun
        self.limited_frames = 0
        self.limited_joint_frames = np.zeros(JOINT_COUNT, dtype=int)
        self.limited_root_frames = 0

    @property
    def last(self) -> BodyPose | None:
        """The pose returned last, which consumers hold; None before the first."""
        return self._last

    @property
    def is_blending(self) -> bool:
        """Whether a blend after `resume()` is under way."""
        return self._blend_elapsed_s is not None

    def resume(self) -> None:
        """Approach the next poses over `blend_s`, from the pose held now."""
        if self._last is not None:
            self._blend_elapsed_s = 0.0
            self._crossing_m_s = None

    def limit(self, pose: BodyPose, dt_s: float, elapsed_s: float | None = None) -> BodyPose:
        """
        Return the pose to show.

        Args:
            pose: one estimated pose, (22, 3, 3) and (3,) [m].
            dt_s: what the joints' limit counts as time since the pose before; at most one
                frame's, also after a pause, so that it bounds what a consumer sees from one
                message to the next.
            elapsed_s: time that really passed, by which blends advance and the root may move;
                `dt_s` if not given and where a blend begins. Longer than a frame when frames
                are lost: a blend then still ends in time.

        Raises:
            PoseLimitError: the pose is not finite; the pose held stays.
        """
        # A sum is finite only if every term is.
        if not np.isfinite(pose.local_rotations.sum() + pose.root_position.sum()):
            raise PoseLimitError('the pose to limit is not finite')
        last = self._last
        if last is None:
            self._last = pose
            return pose

        if elapsed_s is None or self._blend_elapsed_s == 0.0:
            elapsed_s = dt_s  # a blend begins now: the pause before is no part of it
        approach = self._approach(elapsed_s)
        angles_rad = geodesic_angle(last.local_rotations, pose.local_rotations)
        allowed_rad = self._max_joint_rad_s * dt_s
        is_limited = approach * angles_rad > allowed_rad
        root_step_m = approach * (pose.root_position - last.root_position)
        root_allowed_m = self._root_speed_m_s(pose, last) * elapsed_s
        root_distance_m = float(np.sqrt(root_step_m @ root_step_m))
        is_root_limited = root_distance_m > root_allowed_m

        if is_limited.any():
            self.limited_joint_frames += is_limited
            self.limited_root_frames += is_root_limited
            self.limited_frames += 1
        elif is_root_limited:
            self.limited_root_frames += 1
            self.limited_frames += 1
        elif approach == 1.0:
            self._last = pose
            return pose

        if is_root_limited:
            root_step_m *= root_allowed_m / root_distance_m
        self._last = BodyPose(
            _rotated_towards(
                last.local_rotations, pose.local_rotations, approach, is_limited, allowed_rad),
            last.root_position + root_step_m)
        return self._last

    def _approach(self, elapsed_s: float) -> float:
        """Advance the blend; return the fraction of the remaining way to go in this frame."""
        if self._blend_elapsed_s is None:
            return 1.0
        before = _smoothstep(self._blend_elapsed_s / self._blend_s)
        self._blend_elapsed_s += elapsed_s
        after = _smoothstep(self._blend_elapsed_s / self._blend_s)
        if after >= 1.0:
            self._blend_elapsed_s = None
            return 1.0
        return (after - before) / (1.0 - before)

    def _root_speed_m_s(self, pose: BodyPose, last: BodyPose) -> float:
        """Return the root's limit now: higher while a blend crosses to a new place."""
        if self._blend_elapsed_s is None and self._crossing_m_s is None:
            return self._max_root_m_s
        if self._crossing_m_s is None:
            distance_m = float(np.linalg.norm(pose.root_position - last.root_position))
            self._crossing_m_s = _PEAK_OVER_MEAN * distance_m / self._blend_s
        speed_m_s = max(self._max_root_m_s, self._crossing_m_s)
        if self._blend_elapsed_s is None:
            self._crossing_m_s = None  # the blend's last frame
        return speed_m_s


def _smoothstep(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


def _rotated_towards(
    start: np.ndarray, end: np.ndarray, fraction: float, is_limited: np.ndarray,
    allowed_rad: float,
) -> np.ndarray:
    """Return rotations (N, 3, 3) a fraction of the way on, or by the allowed angle (N,)."""
    arc = Rotation.from_matrix(transpose(start) @ end).as_rotvec()
    # Of the arc itself: the chord of nearly opposite rotations that are rounded tells less.
    angles_rad = np.sqrt((arc * arc).sum(axis=-1))
    fractions = np.where(
        is_limited, np.minimum(allowed_rad / np.maximum(angles_rad, 1e-12), 1.0), fraction)
    return start @ Rotation.from_rotvec(fractions[:, None] * arc).as_matrix()
