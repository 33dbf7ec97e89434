# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What generator_node says about itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from motion_avatar_ros.ros.diagnostics import ERROR, OK, WARN
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus

if TYPE_CHECKING:  # it imports torch
    from motion_avatar_ros.nodes.generator_parts import GeneratorParts

_REMEMBERED = 10    # calls for which a late piece is told


class GeneratorDiagnosis:
    """Levels and lines of an active node; once a second."""

    def __init__(self) -> None:
        """Begin with nothing late."""
        self._late_before = 0
        self._calls_since_late = _REMEMBERED

    def tell(
        self, status: FollowStatus, parts: GeneratorParts, more: Mapping[str, Any]
    ) -> tuple[int, str, Mapping[str, Any]]:
        """
        Return level, one line, and values.

        Args:
            status: of the node.
            parts: that it runs on.
            more: other values.
        """
        stream = parts.stream.status()
        self._calls_since_late += 1
        if stream.late > self._late_before:
            self._calls_since_late = 0
        self._late_before = stream.late
        values = {
            'state': status.state.value,
            'model': parts.generator.name,
            'model_sha256': getattr(parts.generator, 'weights_sha256', ''),
            'prompt': stream.prompt or 'none: standing',
            'is_moving': stream.is_moving,
            'buffer_s': stream.buffer_s,
            **parts.generation.values('generation'),
            'pieces': stream.chunks,
            'late_pieces': stream.late,
            'discarded_pieces': stream.discarded,
            'failed_pieces': stream.failed,
            'extra_steps': stream.extra_steps,
            'limited_frames': parts.limiter.limited_frames,
            **more,
        }
        if stream.problem is not None:
            return ERROR, f'{stream.problem}: standing', values
        if status.state is not FollowState.TRACKING:
            return WARN, status.reason, values
        if self._calls_since_late < _REMEMBERED:
            return WARN, (
                f'{stream.late} pieces came late, and the body stood meanwhile: the model is too '
                'slow here, or chunk_s too short'), values
        return OK, status.reason, values
