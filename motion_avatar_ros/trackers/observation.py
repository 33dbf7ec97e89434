# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The sparse observation: what an estimator sees of each tracked joint, frame by frame.

Every frame is expressed in its own head-heading frame: the head's horizontal position and
heading are removed and their increments kept, so that place and facing in the room do not
matter and what was computed for past frames stays usable.
"""

from __future__ import annotations

from dataclasses import dataclass

from motion_avatar_ros.body.rotations import (
    Array, apply, array_namespace, rotation_6d_from_matrix, rotation_about_z, transpose,
)
from motion_avatar_ros.trackers.heading import heading_angles

#: 6D rotation, 6D rotation difference, position, position difference.
FEATURES_PER_TRACKER = 18
#: The obligatory trackers, in the order of every observation.
TRACKER_NAMES = ('head', 'left_hand', 'right_hand')
#: Trackers a model may take in addition, with a presence mask.
OPTIONAL_TRACKER_NAMES = ('pelvis', 'left_foot', 'right_foot')


@dataclass(frozen=True)
class SparseObservation:
    """
    Features of a stretch of frames and the frames they are expressed in.

    Attributes:
        features: (..., T, N, 18) per tracker: rotation 6D in the heading frame; 6D of the
            rotation since the frame before, in the tracker's own axes; position [m] in the
            heading frame (z = height above the floor); displacement since the frame before
            [m], turned into the heading frame.
        headings: (..., T) [rad] of the head in the world.
        head_positions: (..., T, 3) [m] in the world.
    """

    features: Array
    headings: Array
    head_positions: Array


def observe(
    rotations: Array,
    positions: Array,
    previous: tuple[Array, Array] | None = None,
    previous_heading_rad: Array | float = 0.0,
) -> SparseObservation:
    """
    Turn tracker poses into the sparse observation.

    Args:
        rotations: (..., T, N, 3, 3) in the z-up world, SMPL body axes; tracker 0 is the head.
            Of an absent tracker rotations, positions and features are NaN.
        positions: (..., T, N, 3) [m] in the world, z = 0 on the floor.
        previous: rotations (..., N, 3, 3) and positions (..., N, 3) of the frame before the
            first; without it the first frame's differences are those of standing still.
        previous_heading_rad: heading before the first frame.
    """
    xp = array_namespace(rotations)
    if previous is None:
        previous = rotations[..., 0, :, :, :], positions[..., 0, :, :]
    before_rotations = xp.concatenate(
        (previous[0][..., None, :, :, :], rotations[..., :-1, :, :, :]), axis=-4)
    before_positions = xp.concatenate(
        (previous[1][..., None, :, :], positions[..., :-1, :, :]), axis=-3)
    # A tracker that was absent a frame ago has stood still.
    before_rotations = xp.where(xp.isnan(before_rotations), rotations, before_rotations)
    before_positions = xp.where(xp.isnan(before_positions), positions, before_positions)

    headings = heading_angles(rotations[..., 0, :, :], previous_heading_rad)
    from_world = transpose(rotation_about_z(headings))[..., None, :, :]
    head_positions = positions[..., 0, :]
    on_floor = xp.concatenate(
        (head_positions[..., :2], xp.zeros_like(head_positions[..., 2:])), axis=-1)

    features = xp.concatenate((
        rotation_6d_from_matrix(from_world @ rotations),
        rotation_6d_from_matrix(transpose(before_rotations) @ rotations),
        apply(from_world, positions - on_floor[..., None, :]),
        apply(from_world, positions - before_positions),
    ), axis=-1)
    return SparseObservation(features, headings, head_positions)
