# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Layers of the estimators' networks as nodes of an ONNX graph.

Values are (rows, channels), a row being a stream or a token of one. Each function is checked
against its torch module by the export of whole networks (`onnx_export`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.onnx_graph import OnnxGraph

_CROSS = [1, 2, 0, 2, 0, 1]  # components of a whose products with b's are added and subtracted


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


def pose_heads(
    graph: OnnxGraph, modules: Sequence[nn.Module], x: str, mean: np.ndarray,
    std: np.ndarray | float = 1.0,
) -> list[str]:
    """
    Append `output_head`s of the same input.

    Args:
        graph: to append to.
        modules: the head of the root, of the body, and more.
        x: (rows, channels).
        mean, std: (132,) what the root's and the body's outputs side by side are scaled by.

    Returns:
        The pose (rows, 132), scaled, and what the other heads give.
    """
    layers = [[cast(nn.Linear, layer) for layer in (module[0], module[2])]
              for module in (cast(nn.Sequential, module) for module in modules)]
    hidden = graph.split(graph.add('Gelu', affine(
        graph, x, np.concatenate([array(first.weight) for first, _ in layers]),
        np.concatenate([array(first.bias) for first, _ in layers]))), len(layers), axis=1)
    stds = np.broadcast_to(std, mean.shape)
    outputs = []
    at = 0
    for number, ((_, last), part) in enumerate(zip(layers, hidden, strict=True)):
        weight, bias = array(last.weight), array(last.bias)
        if number < 2:
            end = at + last.out_features
            weight, bias = weight * stds[at:end, None], bias * stds[at:end] + mean[at:end]
            at = end
        outputs.append(affine(graph, part, weight, bias))
    return [graph.add('Concat', *outputs[:2], axis=1), *outputs[2:]]


def rotations(graph: OnnxGraph, pose_6d: str, rows: int) -> str:
    """Return matrices (rows, 22, 3, 3) of 6D rotations (rows, 132); `matrix_from_6d`."""
    first, second = graph.split(
        graph.reshape(pose_6d, rows, JOINT_COUNT, 2, 3), 2, axis=2)
    x = graph.add('LpNormalization', first, axis=3, p=2)
    along = graph.add(
        'ReduceSum', graph.add('Mul', x, second), graph.constant(np.array([3])), keepdims=1)
    y = graph.add('LpNormalization', graph.add('Sub', second, graph.add('Mul', along, x)),
                  axis=3, p=2)
    turned = [graph.add('Gather', value, graph.constant(np.array(order)), axis=3)
              for value, order in ((x, _CROSS), (y, _CROSS[3:] + _CROSS[:3]))]
    z = graph.add('Sub', *graph.split(graph.add('Mul', *turned), 2, axis=3))
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
