# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Attention over whole windows as nodes of an ONNX graph: SAGE's denoisers and its decoder's layers.

Values are (S T, width), the T tokens of a stream after each other.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from torch import nn

from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_layers import (
    affine, array, layer_norm, linear, normalised,
)
from motion_avatar_ros.networks.latent_denoiser import DiTBlock


def newest(graph: OnnxGraph, x: str, streams: int, tokens: int) -> str:
    """Return the last token (S, channels) of each stream."""
    if streams == 1:
        return graph.rows(x, tokens - 1, tokens, axis=0)
    rows = np.arange(1, streams + 1) * tokens - 1
    return graph.add('Gather', x, graph.constant(rows), axis=0)


def dit_block(
    graph: OnnxGraph, block: DiTBlock, modulation: np.ndarray, x: str, streams: int, tokens: int
) -> str:
    """Append a DiT block whose modulation (6 width,) is known."""
    shift, scale, gate, shift_2, scale_2, gate_2 = np.split(modulation, 6)
    mixed = normalised(graph, x, 1.0 + scale, shift, block.norm.eps)
    mixed = _attended(graph, block.attention, mixed, mixed, streams, tokens)
    x = graph.add('Add', x, graph.add('Mul', mixed, graph.constant(gate)))
    first, _, _, last = block.feed_forward
    hidden = graph.add('Gelu', linear(
        graph, first, normalised(graph, x, 1.0 + scale_2, shift_2, block.norm.eps)),
        approximate='tanh')
    return graph.add(
        'Add', x, graph.add('Mul', linear(graph, last, hidden), graph.constant(gate_2)))


def encoder_layer(
    graph: OnnxGraph, layer: nn.TransformerEncoderLayer, x: str, streams: int, tokens: int,
    is_last: bool,
) -> str:
    """Append a pre-norm encoder layer; the last one gives its newest token (S, width) alone."""
    seen = layer_norm(graph, layer.norm1, x)
    asking = newest(graph, seen, streams, tokens) if is_last else seen
    x = newest(graph, x, streams, tokens) if is_last else x
    x = graph.add('Add', x, _attended(graph, layer.self_attn, asking, seen, streams, tokens))
    hidden = graph.add('Gelu', linear(graph, layer.linear1, layer_norm(graph, layer.norm2, x)))
    return graph.add('Add', x, linear(graph, layer.linear2, hidden))


def _attended(
    graph: OnnxGraph, attention: nn.MultiheadAttention, asking: str, seen: str, streams: int,
    tokens: int,
) -> str:
    """Append an nn.MultiheadAttention of tokens that ask to those that are seen."""
    width, heads = attention.embed_dim, attention.num_heads
    weight, bias = array(attention.in_proj_weight), array(attention.in_proj_bias)
    weight[:width] *= (width // heads) ** -0.5
    bias[:width] *= (width // heads) ** -0.5
    if asking == seen:
        query, key, value = graph.split(affine(graph, seen, weight, bias), 3, axis=1)
    else:
        query = affine(graph, asking, weight[:width], bias[:width])
        key, value = graph.split(affine(graph, seen, weight[width:], bias[width:]), 2, axis=1)
    split = width // heads
    query, value = (
        graph.add('Transpose', graph.reshape(each, streams, -1, heads, split), perm=[0, 2, 1, 3])
        for each in (query, value))
    key = graph.add('Transpose', graph.reshape(key, streams, -1, heads, split), perm=[0, 2, 3, 1])
    weights = graph.add('Softmax', graph.add('MatMul', query, key))
    mixed = graph.add('Transpose', graph.add('MatMul', weights, value), perm=[0, 2, 1, 3])
    return linear(graph, cast(nn.Linear, attention.out_proj), graph.reshape(mixed, -1, width))
