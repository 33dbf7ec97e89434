# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Banded attention (`networks.banded_attention`) of one new frame as nodes of an ONNX graph.

The past of a block is a ring of as many frames as its band: a frame's keys and values replace
those that it no longer sees, so nothing is shifted. A stream's count of frames says where the
next one goes and which of the others are real.
"""

from __future__ import annotations

import numpy as np
from torch import nn

from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_layers import affine, array, layer_norm, linear
from motion_avatar_ros.networks.banded_attention import BandedBlock


class OnnxBands:
    """What blocks of the same band and number of heads share in a graph."""

    def __init__(self, graph: OnnxGraph, streams: int, width: int, heads: int, band: int) -> None:
        """Read the count of frames, and say where the new frame goes."""
        self._graph = graph
        self._streams, self._width, self._heads, self._band = streams, width, heads, band
        count = graph.past('count', (streams, 1), is_count=True)
        graph.set_next('count', graph.add('Add', count, graph.constant(np.array(1))))
        slot = graph.add('Mod', count, graph.constant(np.array(band)))
        #: (S, band) how many frames ago the frame in a slot was, 0 in that of the new one.
        self._lag = graph.add(
            'Mod', graph.add('Sub', slot, graph.constant(np.arange(band)[None])),
            graph.constant(np.array(band)))
        is_real = graph.add('LessOrEqual', self._lag, count)
        self._absence = graph.reshape(
            graph.add('Where', is_real, graph.constant(0.0), graph.constant(-np.inf)),
            streams, 1, 1, band)
        rows = np.stack(np.meshgrid(
            np.arange(streams), np.arange(heads), indexing='ij'), axis=-1)[:, :, None]
        self._place = graph.add(
            'Concat', graph.constant(rows),
            graph.add('Add', graph.reshape(slot, streams, 1, 1, 1),
                      graph.constant(np.zeros((1, heads, 1, 1), dtype=np.int64))), axis=3)

    def block(self, module: BandedBlock, name: str, x: str) -> str:
        """Append a block, whose state has a name; (S, width) to the same."""
        graph, attention = self._graph, module.attention
        shape = self._streams, self._heads, self._band, self._width // self._heads
        weight, bias = array(attention.to_qkv.weight), array(attention.to_qkv.bias)
        # The query as attention scales it.
        weight[:self._width] *= shape[-1] ** -0.5
        bias[:self._width] *= shape[-1] ** -0.5
        qkv = affine(graph, layer_norm(graph, module.attention_norm, x), weight, bias)
        query, key, value = graph.split(qkv, 3, axis=1)
        keys = self._kept(f'{name}.keys', key, shape)
        values = self._kept(f'{name}.values', value, shape)
        scores = graph.reshape(
            graph.add('MatMul', keys, graph.reshape(query, *shape[:2], shape[-1], 1)),
            *shape[:2], 1, shape[2])
        weights = graph.add('Softmax', graph.add('Add', scores, self._bias(attention.lag_bias)))
        mixed = graph.reshape(
            graph.add('MatMul', weights, values), self._streams, self._width)
        x = graph.add('Add', x, linear(graph, attention.to_output, mixed))
        norm, first, _, _, last = module.feed_forward
        hidden = graph.add('Gelu', linear(graph, first, layer_norm(graph, norm, x)))
        return graph.add('Add', x, linear(graph, last, hidden))

    def _kept(self, name: str, new: str, shape: tuple[int, ...]) -> str:
        """Put what is new, (S, width), into its slot of a ring."""
        graph = self._graph
        past = graph.past(name, shape)
        ring = graph.add(
            'ScatterND', past, self._place, graph.reshape(new, *shape[:2], 1, shape[-1]))
        graph.set_next(name, ring)
        return ring

    def _bias(self, lag_bias: nn.Parameter) -> str:
        """Return the bias (S, heads, 1, band) of a block's slots, by their lag."""
        graph = self._graph
        by_slot = graph.add('Gather', graph.constant(array(lag_bias).T), self._lag, axis=0)
        by_head = graph.reshape(
            graph.add('Transpose', by_slot, perm=[0, 2, 1]),
            self._streams, self._heads, 1, self._band)
        return graph.add('Add', by_head, self._absence)
