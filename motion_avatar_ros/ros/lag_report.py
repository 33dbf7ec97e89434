# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Where the lag between trackers and robot is, from what came when.

Stages that follow each other, and of which one is the largest:

- `tracker_age.NAME`: reception of each sample minus its stamp.
- `trackers_to_body`: from the reception of the sample that completed a frame to its body's.
- `body_to_robot`: from the reception of a body to that of the robot's joint states of that stamp.
- `robot_to_command`: from the reception of the robot's joint states to that of the command.

What they amount to is in `body_age` and `robot_age`, reception minus stamp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.ros.bag_arrivals import BagArrivals, ToldStages
from motion_avatar_ros.ros.bag_lags import (
    Arrivals, Gap, Spread, lags_after_last_ms, lags_ms, largest_gaps, largest_stage, spread,
)
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

_OTHER_CLOCK_MS = 60_000.0
_AGE = 'tracker_age.'
_TOTALS = ('body_age', 'robot_age')


@dataclass(frozen=True)
class LagReport:
    """
    How late each stage was.

    Attributes:
        stages: by name, in the order of the way; those there was nothing of are missing.
        largest: the one with the largest median, of those that follow each other.
        gaps: the longest times without a message, by stream.
        told: what the nodes said of their own stages: p50 and p99 [ms].
        notes: what could not be told, and why, a line each.
    """

    stages: Mapping[str, Spread]
    largest: str | None
    gaps: Mapping[str, list[Gap]]
    told: Mapping[str, ToldStages]
    notes: tuple[str, ...]

    def told_parts(self, stage: str, avatar_node: str, robot_node: str) -> dict[str, float]:
        """Return what a node says of the same stage, p50 [ms] by part; {} where nothing is."""
        node, parts = {
            'trackers_to_body': (avatar_node, ('wait', 'inference', 'publish')),
            'body_age': (avatar_node, ('input_to_publish',)),
            'body_to_robot': (robot_node, ('retarget', 'hold_back', 'publish')),
            'robot_age': (robot_node, ('input_to_publish',)),
        }.get(stage, (avatar_node, ('tracker_age',) if stage.startswith(_AGE) else ()))
        told = self.told.get(node, {})
        return {part: told[part][0] for part in parts if part in told}


def lag_report(arrivals: BagArrivals, stamp_shift_ms: float = 0.0) -> LagReport:
    """
    Find out where the lag is.

    Args:
        arrivals: of a bag.
        stamp_shift_ms: by how much bodies are stamped later than their trackers:
            predict_ahead_s minus the profile's latency_s.
    """
    body, robot, notes = arrivals.body, arrivals.robot, []
    stages: dict[str, np.ndarray] = {
        f'{_AGE}{name}': each.ages_ms() for name, each in arrivals.trackers.items()}
    if not arrivals.trackers:
        notes.append('no trackers were recorded: what bodies waited for cannot be told')
    if body is not None:
        unshifted = Arrivals(body.stamps_ns - round(stamp_shift_ms * 1e6), body.received_ns)
        stages['trackers_to_body'] = lags_ms(unshifted, _needed(arrivals.trackers).values())
        if arrivals.trackers and len(stages['trackers_to_body']) < len(body) // 2:
            notes.append(
                f'{len(body) - len(stages["trackers_to_body"])} of {len(body)} bodies are of no '
                'tracker sample before them: is --stamp-shift-ms right (predict_ahead_s minus '
                "the profile's latency_s)?")
    else:
        notes.append('no body was recorded: how late it is cannot be told')
    if robot is not None and body is not None:
        stages['body_to_robot'] = lags_ms(robot, [body])
    for each in arrivals.commands.values():
        if robot is not None:
            stages['robot_to_command'] = np.concatenate([
                stages.get('robot_to_command', np.empty(0)), lags_after_last_ms(each, robot)])
    if body is not None:
        stages['body_age'] = body.ages_ms()
    if robot is not None:
        stages['robot_age'] = robot.ages_ms()

    found = {name: figure for name, durations in stages.items()
             if (figure := spread(durations)) is not None}
    for name in [name for name in found if name.startswith(_AGE) or name in _TOTALS]:
        if abs(found[name].p50_ms) > _OTHER_CLOCK_MS:
            del found[name]
            notes.append(f'{name}: stamps and receptions are of different clocks')
        elif found[name].p50_ms < 0.0:
            notes.append(
                f'{name}: most stamps are later than the reception, so clocks disagree')
    return LagReport(
        found, largest_stage({n: each for n, each in found.items() if n not in _TOTALS}),
        {name: gaps for name, each in _streams(arrivals).items()
         if (gaps := largest_gaps(each.received_ns, arrivals.begin_ns))},
        arrivals.told, tuple(notes))


def _needed(trackers: Mapping[str, Arrivals]) -> Mapping[str, Arrivals]:
    """Return the trackers that every body is made of, all where none has their names."""
    needed = {name: each for name, each in trackers.items()
              if any(f'{tracker}_tracker' in name for tracker in TRACKER_NAMES)}
    return needed or trackers


def _streams(arrivals: BagArrivals) -> dict[str, Arrivals]:
    outputs = {'body': arrivals.body, 'robot': arrivals.robot}
    return {**arrivals.trackers, **{name: each for name, each in outputs.items() if each},
            **arrivals.commands}
