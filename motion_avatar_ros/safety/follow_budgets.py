# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How long each thing that a pose is made of may stay away before the avatar holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FollowBudgets:
    """
    Times [s]; what is away for longer is neither believed nor interpolated across.

    Attributes:
        head_s: without accepted samples of the head.
        hands_s: the same of a hand.
        others_s: the same of pelvis or feet.
        pose_s: without a pose although all trackers come; one whose inference took longer is
            not shown any more.
    """

    head_s: float = 0.25
    hands_s: float = 0.25
    others_s: float = 0.25
    pose_s: float = 0.25

    def of(self, tracker: str) -> float:
        """Return the budget of a tracker by its name."""
        if tracker == 'head':
            return self.head_s
        return self.hands_s if tracker.endswith('_hand') else self.others_s
