# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
BVH files: a tree of joints with offsets, and channels of translation and rotation by frame.

A joint's rotation is the product of its rotation channels in the order they are listed, degrees;
its translation from its parent is its offset, or its position channels where it has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.errors import MotionAvatarError

_MOST_BYTES = 200_000_000
_MOST_JOINTS = 1000
_POSITIONS = ('Xposition', 'Yposition', 'Zposition')
_ROTATIONS = ('Xrotation', 'Yrotation', 'Zrotation')


class BvhError(MotionAvatarError):
    """A file that is no readable BVH, or not of a person that is known."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(f"BVH file '{path}': {problem}")


@dataclass(frozen=True)
class BvhClip:
    """
    T frames of J joints, parents before children.

    Attributes:
        names: of the joints.
        parents: index of each joint's parent, -1 for the root.
        offsets: (J, 3) from the parent at rest, in the file's unit and axes.
        local_rotations: (T, J, 3, 3).
        translations: (T, J, 3) from the parent.
        rate_hz: frames per second.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    local_rotations: np.ndarray
    translations: np.ndarray
    rate_hz: float

    def world(self) -> tuple[np.ndarray, np.ndarray]:
        """Return global rotations (T, J, 3, 3) and positions (T, J, 3)."""
        rotations = np.empty_like(self.local_rotations)
        positions = np.empty_like(self.translations)
        for joint, parent in enumerate(self.parents):
            local, way = self.local_rotations[:, joint], self.translations[:, joint]
            if parent < 0:
                rotations[:, joint], positions[:, joint] = local, way
                continue
            above = rotations[:, parent]
            rotations[:, joint] = above @ local
            positions[:, joint] = positions[:, parent] + (above @ way[..., None])[..., 0]
        return rotations, positions

    def rest_positions(self) -> np.ndarray:
        """Return the joints (J, 3) at rest, the root at its offset."""
        positions = self.offsets.copy()
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                positions[joint] += positions[parent]
        return positions


def read_bvh(path: str | Path) -> BvhClip:
    """
    Read a BVH file.

    Raises:
        BvhError: the file is missing, too large, or not as the format has it.
    """
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            raise BvhError(path, f'more than {_MOST_BYTES:,} bytes')
        text = Path(path).read_text(encoding='utf-8', errors='replace')
    except OSError as error:
        raise BvhError(path, error.strerror or str(error)) from None
    head, found, motion = text.partition('MOTION')
    if not found:
        raise BvhError(path, 'no section MOTION')
    try:
        joints = _Hierarchy(head.split())
        return joints.clip(motion.split())
    except (ValueError, IndexError) as error:
        raise BvhError(path, f'not as the format has it ({error})') from None


class _Hierarchy:
    """What stands before MOTION; ValueError or IndexError where it is not as it should be."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0
        self.names: list[str] = []
        self.parents: list[int] = []
        self.offsets: list[list[float]] = []
        self.channels: list[list[str]] = []
        self._expect('HIERARCHY')
        self._expect('ROOT')
        self._read_joints()

    def clip(self, words: list[str]) -> BvhClip:
        """Return the clip of the words behind MOTION."""
        if words[0] != 'Frames:' or words[2:4] != ['Frame', 'Time:']:
            raise ValueError("after MOTION come 'Frames:' and 'Frame Time:'")
        frames, frame_s = int(words[1]), float(words[4])
        width = sum(map(len, self.channels))
        if frames < 2 or not 1e-4 <= frame_s <= 1.0:
            raise ValueError(f'{frames} frames of {frame_s} s')
        if len(words) - 5 != frames * width:
            raise ValueError(
                f'{len(words) - 5} numbers for {frames} frames of {width} channels')
        values = np.array(words[5:], dtype=float).reshape(frames, width)
        if not np.isfinite(values).all():
            raise ValueError('numbers that are not finite')
        count = len(self.names)
        rotations = np.tile(np.eye(3), (frames, count, 1, 1))
        translations = np.tile(np.array(self.offsets), (frames, 1, 1))
        first = 0
        for joint, channels in enumerate(self.channels):
            own = values[:, first:first + len(channels)]
            first += len(channels)
            turns = [place for place, name in enumerate(channels) if name in _ROTATIONS]
            if turns:
                axes = ''.join(channels[place][0] for place in turns)
                rotations[:, joint] = Rotation.from_euler(
                    axes, own[:, turns], degrees=True).as_matrix()
            for place, name in enumerate(channels):
                if name in _POSITIONS:
                    translations[:, joint, _POSITIONS.index(name)] = own[:, place]
        return BvhClip(
            tuple(self.names), tuple(self.parents), np.array(self.offsets), rotations,
            translations, 1.0 / frame_s)

    def _read_joints(self) -> None:
        """Read from the name of the root to the end, without recursion: trees may be deep."""
        open_joints = [self._read_joint(-1)]
        while open_joints:
            word = self._next()
            if word == '}':
                open_joints.pop()
            elif word == 'JOINT':
                open_joints.append(self._read_joint(open_joints[-1]))
            elif word == 'End':
                for expected in ('Site', '{', 'OFFSET'):
                    self._expect(expected)
                for _ in range(3):
                    float(self._next())
                self._expect('}')
            else:
                raise ValueError(f"'{word[:40]}' in the HIERARCHY")
        if self._at < len(self._words):
            raise ValueError('more than one root')

    def _read_joint(self, parent: int) -> int:
        name = self._next()
        self._expect('{')
        self._expect('OFFSET')
        offset = [float(self._next()) for _ in range(3)]
        self._expect('CHANNELS')
        channels = [self._next() for _ in range(int(self._next()))]
        unknown = set(channels) - {*_POSITIONS, *_ROTATIONS}
        if unknown or len(set(channels)) < len(channels):
            raise ValueError(f"channels {' '.join(channels)[:80]}")
        if len(self.names) == _MOST_JOINTS:
            raise ValueError(f'more than {_MOST_JOINTS} joints')
        self.names.append(name)
        self.parents.append(parent)
        self.offsets.append(offset)
        self.channels.append(channels)
        return len(self.names) - 1

    def _next(self) -> str:
        if self._at == len(self._words):
            raise ValueError('the HIERARCHY ends early')
        self._at += 1
        return self._words[self._at - 1]

    def _expect(self, word: str) -> None:
        found = self._next()
        if found != word:
            raise ValueError(f"'{found[:40]}' in place of '{word}'")
