# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a configured generator_node runs on, made from its parameters. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.generation.motion_stream import KEPT_FRAMES, MotionStream
from motion_avatar_ros.generation.motion_tape import MotionTape
from motion_avatar_ros.generation.standing import standing_at
from motion_avatar_ros.generation.stream_request import StreamSettings
from motion_avatar_ros.generation.stream_worker import StreamWorker
from motion_avatar_ros.generation.text_to_motion import TextToMotion, load_generator
from motion_avatar_ros.nodes.generator_parameters import NEAREST_CAPTION
from motion_avatar_ros.ros.diagnostics import LatencyMeter
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.safety.pose_limiter import PoseLimiter
from motion_avatar_ros.training.caption_retrieval import nearest_caption


@dataclass(frozen=True)
class GeneratorParts:
    """The generator, its stream and thread, and the last stage before the topics."""

    generator: TextToMotion
    stream: MotionStream
    worker: StreamWorker
    limiter: PoseLimiter
    generation: LatencyMeter


def make_parts(
    values: Mapping[str, Any], on_problem: Callable[[str], None], held: BodyPose | None,
) -> GeneratorParts:
    """
    Load the generator and wire it.

    Args:
        values: of GENERATOR_PARAMETERS.
        on_problem: takes a line on a piece that could not be made.
        held: the pose that consumers hold, from which to blend.

    Raises:
        MotionAvatarError: the generator cannot be used here.
    """
    torch.set_num_threads(values['threads'])
    generator = _generator(values)
    stream = MotionStream(generator.longest_frames, StreamSettings(
        values['chunk_s'], values['ahead_s'], values['blend_s'], values['seed']))
    stream.say(values['prompt'])    # refused here if it is bad, and said again at activation
    generation = LatencyMeter()
    worker = StreamWorker(
        stream, generator, generation.add, on_problem)
    limiter = PoseLimiter(
        values['limits.max_joint_rad_s'], values['limits.max_root_m_s'],
        values['limits.blend_s'], held)
    return GeneratorParts(generator, stream, worker, limiter, generation)


def _generator(values: Mapping[str, Any]) -> TextToMotion:
    """Load it, and let it make something once: the first piece is not to take longer."""
    generator: TextToMotion
    if values['model'] == NEAREST_CAPTION:
        if not values['data']:
            raise ParameterError(
                f"parameter 'data' is empty; allowed with model: {NEAREST_CAPTION}: a folder with "
                'motion files and captions.json')
        generator = nearest_caption(values['data'])
    else:
        generator = load_generator(values['model'], values['device'])
    pose, count = standing_at([0.0, 0.0], 0.0), 2 * KEPT_FRAMES
    standing = MotionTape(BodyPose(
        pose.local_rotations[None].repeat(count, axis=0),
        pose.root_position[None].repeat(count, axis=0)))
    source = standing.features(count - 1, count)
    is_kept = torch.arange(count).numpy() < KEPT_FRAMES
    generator.edit(source, is_kept, 'a person stands', values['seed'])
    return generator
