# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A tree of frames that move, and where one was in another at a time.

`TransformBuffer` is the interface; `ChainBuffer` implements it without ROS, ros/tf2_buffer.py
with tf2. Both interpolate between samples, never extrapolate, and keep ten seconds.
"""

from __future__ import annotations

import math
from typing import Protocol

from motion_avatar_ros.trackers.frame_tree import FrameTree, NotYetError, TransformError
from motion_avatar_ros.trackers.pose_algebra import (
    IDENTITY, Pose, Quaternion, Vector, compose, inverse,
)
from motion_avatar_ros.trackers.sample import Sample
from motion_avatar_ros.trackers.transform_history import TransformHistory

CACHE_DURATION_S = 10.0

_NORM_TOLERANCE = 0.05


class TransformBuffer(Protocol):
    """What the tracker input needs of a transform buffer."""

    def set_transform(
        self, parent: str, child: str, stamp_ns: int, position_m: Vector,
        quaternion_xyzw: Quaternion, is_static: bool = False,
    ) -> bool:
        """Take the pose of `child` in `parent`; False when it is unusable."""

    def lookup(
        self, fixed_frame: str, frame: str, stamp_ns: int | None = None,
    ) -> tuple[Vector, Quaternion, int]:
        """
        Return position [m], quaternion xyzw and stamp of `frame` in `fixed_frame`.

        Args:
            fixed_frame: a frame of the same tree, usually an ancestor.
            frame: the frame asked for.
            stamp_ns: the time asked for; None: the newest that the whole chain covers.

        Raises:
            NotYetError: the time is after the newest sample of a frame in between.
            TransformError: unknown or unconnected frames, a loop, a time that is too old.
        """

    def known_frames(self) -> list[str]:
        """Return all frames seen, sorted."""

    def clear(self) -> None:
        """Forget all transforms that move; static ones stay."""


def is_usable(position_m: Vector, quaternion_xyzw: Quaternion) -> bool:
    """Whether numbers can be a pose: finite, and a quaternion of about unit norm."""
    return all(map(math.isfinite, position_m)) and (
        abs(math.hypot(*quaternion_xyzw) - 1.0) <= _NORM_TOLERANCE)


class ChainBuffer:
    """Samples per frame, and the chain of parents between two frames."""

    def __init__(self, cache_duration_s: float = CACHE_DURATION_S):
        self._duration_ns = round(cache_duration_s * 1e9)
        self._tree = FrameTree()
        self._moving: dict[str, TransformHistory] = {}
        self._static: dict[str, Pose] = {}

    def set_transform(
        self, parent: str, child: str, stamp_ns: int, position_m: Vector,
        quaternion_xyzw: Quaternion, is_static: bool = False,
    ) -> bool:
        """Take the pose of `child` in `parent`; False when it is unusable."""
        if not parent or not child or parent == child or not is_usable(
                position_m, quaternion_xyzw):
            return False
        norm = math.hypot(*quaternion_xyzw)
        x, y, z, w = quaternion_xyzw
        quaternion = (x / norm, y / norm, z / norm, w / norm)
        if self._tree.set_parent(child, parent):
            self._moving.pop(child, None)
        if is_static:
            self._static[child] = position_m, quaternion
            self._moving.pop(child, None)
            return True
        self._static.pop(child, None)
        history = self._moving.get(child)
        if history is None:
            history = self._moving[child] = TransformHistory(self._duration_ns)
        return history.add(Sample(stamp_ns, position_m, quaternion))

    def lookup(
        self, fixed_frame: str, frame: str, stamp_ns: int | None = None,
    ) -> tuple[Vector, Quaternion, int]:
        """Return position [m], quaternion xyzw and stamp of `frame` in `fixed_frame`."""
        above_frame, above_fixed = self._tree.chain(fixed_frame, frame)
        if stamp_ns is None:
            stamp_ns = self._newest_common_ns(above_frame + above_fixed)
        pose = self._along(above_frame, stamp_ns)
        if above_fixed:
            pose = compose(inverse(self._along(above_fixed, stamp_ns)), pose)
        return *pose, stamp_ns

    def known_frames(self) -> list[str]:
        """Return all frames seen, sorted."""
        return sorted(self._tree.frames)

    def clear(self) -> None:
        """Forget all transforms that move; static ones stay."""
        for history in self._moving.values():
            history.clear()

    def _newest_common_ns(self, chain: list[str]) -> int:
        """Return the newest stamp that all moving frames of a chain cover; 0 without any."""
        moving = {name: self._moving[name] for name in chain if name in self._moving}
        for name, history in moving.items():
            if not len(history):
                raise NotYetError(f"frame '{name}' has no sample yet")
        return min((history.newest_ns for history in moving.values()), default=0)

    def _along(self, chain: list[str], stamp_ns: int) -> Pose:
        """Compose the poses of a chain of frames, the last of which is the outermost."""
        pose = IDENTITY
        for name in chain:
            own = self._static.get(name)
            if own is None:
                history = self._moving[name]
                own = history.at(stamp_ns)
                if own is None:
                    raise _not_covered(name, history, stamp_ns)
            pose = own if pose is IDENTITY else compose(own, pose)
        return pose


def _not_covered(frame: str, history: TransformHistory, stamp_ns: int) -> TransformError:
    if not len(history):
        return NotYetError(f"frame '{frame}' has no sample yet")
    if stamp_ns > history.newest_ns:
        late_s = (stamp_ns - history.newest_ns) * 1e-9
        return NotYetError(
            f"frame '{frame}': the time asked for is {late_s:.4f} s after its newest sample, and "
            'transforms are not extrapolated')
    early_s = (history.oldest_ns - stamp_ns) * 1e-9
    return TransformError(
        f"frame '{frame}': the time asked for is {early_s:.4f} s before its oldest sample, and "
        'transforms are not extrapolated')
