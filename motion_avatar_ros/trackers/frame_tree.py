# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which frame is whose parent, and the frames on the way between two of them."""

from __future__ import annotations

from collections.abc import Iterable

from motion_avatar_ros.errors import MotionAvatarError

_NAMED_FRAMES = 20  # known frames that an error names


class TransformError(MotionAvatarError):
    """A transform that cannot be had; the text names the frame and what is known."""


class NotYetError(TransformError):
    """A transform whose time is not covered yet; it may be when newer samples come."""


def named(frames: Iterable[str]) -> str:
    """Return frames for a message: sorted, at most twenty, 'none' without any."""
    names = sorted(frames)
    more = f' and {len(names) - _NAMED_FRAMES} more' if len(names) > _NAMED_FRAMES else ''
    return (', '.join(names[:_NAMED_FRAMES]) or 'none') + more


class FrameTree:
    """The parents of all frames seen."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._frames: set[str] = set()
        self._chains: dict[tuple[str, str], tuple[list[str], list[str]]] = {}

    @property
    def frames(self) -> set[str]:
        """All frames seen."""
        return self._frames

    def set_parent(self, child: str, parent: str) -> bool:
        """Take note of a frame's parent; True when that is news."""
        if self._parents.get(child) == parent:
            return False
        self._parents[child] = parent
        self._frames.update((child, parent))
        self._chains.clear()
        return True

    def ancestry(self, frame: str) -> list[str]:
        """Return a frame, its parent and so on, up to the root or to where a loop closes."""
        ancestry = [frame]
        while (parent := self._parents.get(ancestry[-1])) is not None and parent not in ancestry:
            ancestry.append(parent)
        return ancestry

    def problem(self, fixed_frame: str, frame: str) -> str | None:
        """Say why there is no way between two frames; None when there is one."""
        for name in (frame, fixed_frame):
            if name not in self._frames:
                return f"frame '{name}' is not in TF"
        above_frame, above_fixed = self.ancestry(frame), self.ancestry(fixed_frame)
        for ancestry in (above_frame, above_fixed):
            closing = self._parents.get(ancestry[-1])
            if closing is not None:
                return (
                    f"the parents of frame '{ancestry[0]}' form a loop: "
                    f"{' -> '.join([*ancestry, closing])}")
        if above_frame[-1] != above_fixed[-1]:
            return (
                f"frame '{frame}' (under '{above_frame[-1]}') is not connected with "
                f"'{fixed_frame}' (under '{above_fixed[-1]}')")
        return None

    def chain(self, fixed_frame: str, frame: str) -> tuple[list[str], list[str]]:
        """
        Return the frames between two frames and their nearest common ancestor.

        Returns:
            The frames from `frame` up to, without, the common ancestor; the same from
            `fixed_frame`, which is empty when that is the ancestor.

        Raises:
            TransformError: a frame is unknown, they are not connected, or parents form a loop.
        """
        chain = self._chains.get((fixed_frame, frame))
        if chain is None:
            problem = self.problem(fixed_frame, frame)
            if problem is not None:
                raise TransformError(f'{problem}; known frames: {named(self._frames)}')
            above_frame, above_fixed = self.ancestry(frame), self.ancestry(fixed_frame)
            common = next(name for name in above_frame if name in above_fixed)
            chain = self._chains[fixed_frame, frame] = (
                above_frame[:above_frame.index(common)],
                above_fixed[:above_fixed.index(common)])
        return chain
