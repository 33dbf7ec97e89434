# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Banded attention (`networks.banded_attention`) of one new frame as nodes of an ONNX graph.

The past of a block is a ring of as many frames as its band: a frame's keys and values replace
those that it no longer sees, so nothing is shifted. A stream's count of frames says where the
next one goes and which of the others are real.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_layers import affine, array, layer_norm, linear
from motion_avatar_ros.networks.banded_attention import BandedBlock


class OnnxBands:
    """What blocks of the same band and number of heads share in a graph."""

    def __init__(
        self, graph: OnnxGraph, streams: int, blocks: Sequence[BandedBlock]
    ) -> None:
        """Read the count of frames, say where the new frame goes, and what each slot weighs."""
        attention = blocks[0].attention
        heads, band, width = attention.heads, attention.band, attention.to_output.in_features
        self._graph = graph
        self._shape = streams, heads, band, width // heads
        count = graph.past('count', (streams, 1), is_count=True)
        graph.set_next('count', graph.add('Add', count, graph.constant(np.array(1))))
        slot = graph.add('Mod', count, graph.constant(np.array(band)))
        # (S, band) how many frames ago the frame in a slot was, 0 in that of the new one.
        lag = graph.add(
            'Mod', graph.add('Sub', slot, graph.constant(np.arange(band)[None])),
            graph.constant(np.array(band)))
        is_real = graph.reshape(graph.add('LessOrEqual', lag, count), 1, streams, 1, 1, band)
        by_lag = np.concatenate([array(block.attention.lag_bias).T for block in blocks], axis=1)
        by_slot = graph.add('Transpose', graph.reshape(
            graph.add('Gather', graph.constant(by_lag), lag, axis=0),
            streams, band, len(blocks), heads, 1), perm=[2, 0, 3, 4, 1])
        biases = graph.split(
            graph.add('Where', is_real, by_slot, graph.constant(-np.inf)), len(blocks), axis=0)
        #: (1, S, heads, 1, band) by block.
        self._biases = dict(zip(map(id, blocks), biases, strict=True))
        rows = np.stack(np.meshgrid(
            np.arange(streams), np.arange(heads), indexing='ij'), axis=-1)[:, :, None]
        self._place = graph.add(
            'Concat', graph.constant(rows),
            graph.add('Add', graph.reshape(slot, streams, 1, 1, 1),
                      graph.constant(np.zeros((1, heads, 1, 1), dtype=np.int64))), axis=3)

    def block(self, module: BandedBlock, name: str, x: str) -> str:
        """Append a block, whose state has a name; (S, width) to the same."""
        graph, attention = self._graph, module.attention
        shape = self._shape
        width = shape[1] * shape[3]
        weight, bias = array(attention.to_qkv.weight), array(attention.to_qkv.bias)
        # The query as attention scales it.
        weight[:width] *= shape[-1] ** -0.5
        bias[:width] *= shape[-1] ** -0.5
        qkv = affine(graph, layer_norm(graph, module.attention_norm, x), weight, bias)
        query, key, value = graph.split(qkv, 3, axis=1)
        keys, values = self._kept(f'{name}.keys', key), self._kept(f'{name}.values', value)
        scores = graph.reshape(
            graph.add('MatMul', keys, graph.reshape(query, *shape[:2], shape[-1], 1)),
            *shape[:2], 1, shape[2])
        weights = graph.add('Softmax', graph.add('Add', scores, self._biases[id(module)]))
        mixed = graph.reshape(graph.add('MatMul', weights, values), shape[0], width)
        x = graph.add('Add', x, linear(graph, attention.to_output, mixed))
        norm, first, _, _, last = module.feed_forward
        hidden = graph.add('Gelu', linear(graph, first, layer_norm(graph, norm, x)))
        return graph.add('Add', x, linear(graph, last, hidden))

    def _kept(self, name: str, new: str) -> str:
        """Put what is new, (S, width), into its slot of a ring."""
        graph, shape = self._graph, self._shape
        past = graph.past(name, shape)
        ring = graph.add(
            'ScatterND', past, self._place, graph.reshape(new, *shape[:2], 1, shape[-1]))
        graph.set_next(name, ring)
        return ring
