# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Layers of the estimators' networks as nodes of an ONNX graph.

Values are (rows, channels), a row being a stream or a token of one. Each function is checked
against its torch module by the export of whole networks (`onnx_export`).
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.onnx_graph import OnnxGraph

_EPSILON_SQUARED = 1e-16    # of `body.rotations.matrix_from_6d`


def array(tensor: Tensor | None) -> np.ndarray:
    """Return a parameter as float64."""
    assert tensor is not None
    return tensor.detach().cpu().double().numpy()


def affine(graph: OnnxGraph, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
    """Return x W^T + b of a weight (outputs, inputs)."""
    return graph.add('Gemm', x, graph.constant(weight.T), graph.constant(bias))


def linear(graph: OnnxGraph, module: nn.Module, x: str) -> str:
    """Append an nn.Linear."""
    module = cast(nn.Linear, module)
    return affine(graph, x, array(module.weight), array(module.bias))


def layer_norm(graph: OnnxGraph, module: nn.Module, x: str) -> str:
    """Append an nn.LayerNorm over channels."""
    module = cast(nn.LayerNorm, module)
    return normalised(graph, x, array(module.weight), array(module.bias), module.eps)


def normalised(
    graph: OnnxGraph, x: str, scale: np.ndarray, shift: np.ndarray, epsilon: float
) -> str:
    """Return channels of mean 0 and deviation 1, scaled and shifted."""
    return graph.add(
        'LayerNormalization', x, graph.constant(scale), graph.constant(shift), epsilon=epsilon)


def head(graph: OnnxGraph, module: nn.Module, x: str) -> str:
    """Append an `output_head`."""
    first, _, last = cast(nn.Sequential, module)
    return linear(graph, last, graph.add('Gelu', linear(graph, first, x)))


def heads(graph: OnnxGraph, modules: list[nn.Module], x: str) -> str:
    """Append `output_head`s of the same input as one; return their outputs side by side."""
    layers = [[cast(nn.Linear, layer) for layer in (module[0], module[2])]
              for module in (cast(nn.Sequential, module) for module in modules)]
    hidden = graph.add('Gelu', affine(
        graph, x, np.concatenate([array(first.weight) for first, _ in layers]),
        np.concatenate([array(first.bias) for first, _ in layers])))
    parts = graph.split(hidden, len(layers), axis=1)
    return graph.add('Concat', *(
        linear(graph, last, part) for (_, last), part in zip(layers, parts, strict=True)), axis=1)


def rotations(graph: OnnxGraph, pose_6d: str, rows: int) -> str:
    """Return matrices (rows, 22, 3, 3) of 6D rotations (rows, 132); `matrix_from_6d`."""
    first, second = graph.split(
        graph.reshape(pose_6d, rows, JOINT_COUNT, 2, 3), 2, axis=2)
    x = _unit(graph, first)
    along = _dot(graph, x, second)
    y = _unit(graph, graph.add('Sub', second, graph.add('Mul', along, x)))
    turned = [(graph.add('Gather', value, graph.constant(np.array([1, 2, 0])), axis=3),
               graph.add('Gather', value, graph.constant(np.array([2, 0, 1])), axis=3))
              for value in (x, y)]
    (x_1, x_2), (y_1, y_2) = turned
    z = graph.add('Sub', graph.add('Mul', x_1, y_2), graph.add('Mul', x_2, y_1))
    columns = graph.add('Concat', x, y, z, axis=2)
    return graph.add('Transpose', columns, perm=[0, 1, 3, 2])


def ddim_shares(level: Tensor, next_level: Tensor) -> tuple[float, float]:
    """Return how much of x_t and of x0 is in the next x: `diffusion.ddim.ddim_step`."""
    now, after = float(level.double()), float(next_level.double())
    of_noisy = ((1.0 - after) / (1.0 - now)) ** 0.5
    return of_noisy, after ** 0.5 - now ** 0.5 * of_noisy


def evaluated(module: nn.Module, *inputs: Tensor) -> np.ndarray:
    """Return what a module gives for inputs that are the same in every frame."""
    with torch.inference_mode():
        return array(module(*inputs))


def _dot(graph: OnnxGraph, a: str, b: str) -> str:
    return graph.add(
        'ReduceSum', graph.add('Mul', a, b), graph.constant(np.array([3])), keepdims=1)


def _unit(graph: OnnxGraph, vector: str) -> str:
    square = graph.add('Add', _dot(graph, vector, vector), graph.constant(_EPSILON_SQUARED))
    return graph.add('Div', vector, graph.add('Sqrt', square))
