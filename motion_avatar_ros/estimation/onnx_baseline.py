# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A frame of the baseline as an ONNX graph."""

from __future__ import annotations

from typing import cast

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.onnx_bands import OnnxBands
from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_layers import (
    array, layer_norm, linear, pose_heads, rotations,
)
from motion_avatar_ros.estimation.onnx_runner import FEATURES, LOG_ERROR, ROTATIONS
from motion_avatar_ros.networks.banded_attention import BandedBlock
from motion_avatar_ros.networks.baseline import BaselineNetwork
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER


def baseline_graph(network: BaselineNetwork, streams: int) -> OnnxGraph:
    """Write the graph of a frame of S streams."""
    config, graph = network.config, OnnxGraph()
    features = graph.input(FEATURES, (streams, config.trackers, FEATURES_PER_TRACKER))
    blocks = [cast(BandedBlock, block) for block in network.blocks]
    bands = OnnxBands(graph, streams, blocks)
    scored = graph.add(
        'Div', graph.add('Sub', graph.reshape(features, streams, -1),
                         graph.constant(array(network.feature_mean))),
        graph.constant(array(network.feature_std)))
    x = linear(graph, network.embed, scored)
    for number, block in enumerate(blocks):
        x = bands.block(block, f'block{number}', x)
    x = layer_norm(graph, network.norm, x)
    pose_6d, log_error = pose_heads(
        graph, [network.to_root, network.to_body, network.to_log_error], x,
        array(network.mean_pose_6d))
    graph.output(ROTATIONS, rotations(graph, pose_6d, streams), (streams, JOINT_COUNT, 3, 3))
    graph.output(LOG_ERROR, log_error, (streams, 2))
    return graph
