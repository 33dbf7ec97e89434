# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The transform buffer over tf2's own, on hosts that have it."""

from __future__ import annotations

import math

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
import tf2_py

from motion_avatar_ros.trackers.frame_tree import FrameTree, NotYetError, TransformError
from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector
from motion_avatar_ros.trackers.transform_buffer import CACHE_DURATION_S, is_usable

_AUTHORITY = 'motion_avatar_ros'


class Tf2Buffer:
    """`TransformBuffer` by tf2_py.BufferCore; it is fed by hand, no listener runs."""

    def __init__(self, cache_duration_s: float = CACHE_DURATION_S):
        self._core = tf2_py.BufferCore(Duration(seconds=cache_duration_s))
        self._tree = FrameTree()

    def set_transform(
        self, parent: str, child: str, stamp_ns: int, position_m: Vector,
        quaternion_xyzw: Quaternion, is_static: bool = False,
    ) -> bool:
        """Take the pose of `child` in `parent`; False when it is unusable."""
        if not parent or not child or parent == child or not is_usable(
                position_m, quaternion_xyzw):
            return False
        message = TransformStamped()
        message.header.frame_id, message.child_frame_id = parent, child
        message.header.stamp = Time(nanoseconds=stamp_ns).to_msg()
        translation, rotation = message.transform.translation, message.transform.rotation
        translation.x, translation.y, translation.z = position_m
        norm = math.hypot(*quaternion_xyzw)
        rotation.x, rotation.y, rotation.z, rotation.w = (
            value / norm for value in quaternion_xyzw)
        self._tree.set_parent(child, parent)
        if is_static:
            self._core.set_transform_static(message, _AUTHORITY)
        else:
            self._core.set_transform(message, _AUTHORITY)
        return True

    def lookup(
        self, fixed_frame: str, frame: str, stamp_ns: int | None = None,
    ) -> tuple[Vector, Quaternion, int]:
        """Return position [m], quaternion xyzw and stamp of `frame` in `fixed_frame`."""
        self._tree.chain(fixed_frame, frame)
        try:
            # Time 0 is tf2's word for the newest.
            message = self._core.lookup_transform_core(
                fixed_frame, frame, Time(nanoseconds=stamp_ns or 0))
        except tf2_py.ExtrapolationException as error:
            raise self._extrapolation_error(fixed_frame, frame, stamp_ns, error) from error
        except tf2_py.TransformException as error:
            raise TransformError(f"frame '{frame}' in '{fixed_frame}': {error}") from error
        translation, rotation = message.transform.translation, message.transform.rotation
        return (
            (translation.x, translation.y, translation.z),
            (rotation.x, rotation.y, rotation.z, rotation.w),
            Time.from_msg(message.header.stamp).nanoseconds,
        )

    def known_frames(self) -> list[str]:
        """Return all frames seen, sorted."""
        return sorted(self._tree.frames)

    def clear(self) -> None:
        """Forget all transforms that move; static ones stay."""
        self._core.clear()

    def _extrapolation_error(
        self, fixed_frame: str, frame: str, stamp_ns: int | None, error: Exception,
    ) -> TransformError:
        try:
            newest = self._core.get_latest_common_time(fixed_frame, frame)
        except tf2_py.TransformException:  # a frame just got another parent
            return TransformError(f"frame '{frame}' in '{fixed_frame}': {error}")
        is_late = stamp_ns is not None and stamp_ns > Time.from_msg(
            newest.to_msg() if isinstance(newest, Time) else newest).nanoseconds
        return (NotYetError if is_late else TransformError)(
            f"frame '{frame}' in '{fixed_frame}': {error}")
