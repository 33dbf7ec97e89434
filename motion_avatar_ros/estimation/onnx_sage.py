# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A frame of SAGE as an ONNX graph: its window, both samplers, decoder and refiner.

Of a window the newest pose is kept, so the decoder's last layer is computed for its newest token
alone. What the noise and the timesteps decide is computed here.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import nn

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_layers import (
    affine, array, ddim_shares, evaluated, layer_norm, linear, pose_heads, rotations,
)
from motion_avatar_ros.estimation.onnx_runner import FEATURES, LOG_ERROR, ROTATIONS
from motion_avatar_ros.estimation.onnx_windows import dit_block, encoder_layer, newest
from motion_avatar_ros.estimation.sage_sampler import SageSampler
from motion_avatar_ros.networks.latent_denoiser import DiTBlock
from motion_avatar_ros.networks.part_tokenizer import PARTS
from motion_avatar_ros.networks.sage import SageNetwork
from motion_avatar_ros.networks.sequence_encoder import sinusoidal_positions
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

_POSE_SIZE = 6 * JOINT_COUNT


def sage_graph(network: SageNetwork, sampler: SageSampler, streams: int) -> OnnxGraph:
    """Write the graph of a frame of S streams."""
    return _SageGraph(network, sampler, streams).graph


class _SageGraph:
    """The graph, written by its constructor."""

    def __init__(self, network: SageNetwork, sampler: SageSampler, streams: int) -> None:
        self._network, self._sampler, self._streams = network, sampler, streams
        self._tokens = network.config.window // 2
        graph = self.graph = OnnxGraph()
        newest_frame, pairs = self._window()
        tokens: dict[str, str] = {}
        for part in PARTS:
            tokens[part] = self._sampled(part, pairs, tokens.get(PARTS[0]))
        pose, log_error = self._decoded(newest_frame, pairs, *tokens.values())
        residual = affine(
            graph, self._refiner_hidden(pose), array(network.to_residual.weight),
            array(network.to_residual.bias) + array(network.mean_pose_6d))
        pose_6d = graph.add('Add', pose, residual)
        graph.output(ROTATIONS, rotations(graph, pose_6d, streams), (streams, JOINT_COUNT, 3, 3))
        graph.output(LOG_ERROR, log_error, (streams, 2))

    def _window(self) -> tuple[str, str]:
        """Return the newest frame (S, features) and the pairs (S window / 2, 2 features)."""
        graph, config, network = self.graph, self._network.config, self._network
        past_shape = self._streams, config.window - 1, config.features
        features = graph.input(FEATURES, (self._streams, config.trackers, FEATURES_PER_TRACKER))
        scored = graph.add(
            'Div', graph.add('Sub', graph.reshape(features, self._streams, 1, config.features),
                             graph.constant(array(network.feature_mean))),
            graph.constant(array(network.feature_std)))
        count = graph.past('count', (self._streams, 1, 1), is_count=True)
        graph.set_next('count', graph.add('Add', count, graph.constant(np.array(1))))
        # Before its first frame a stream is taken to have stood still.
        past = graph.add(
            'Where', graph.add('Equal', count, graph.constant(np.array(0))), scored,
            graph.past('frames', past_shape))
        frames = graph.add('Concat', past, scored, axis=1)
        graph.set_next('frames', graph.rows(frames, 1, config.window, axis=1))
        return (graph.reshape(scored, self._streams, config.features),
                graph.reshape(frames, self._streams * self._tokens, 2 * config.features))

    def _sampled(self, part: str, pairs: str, upper: str | None) -> str:
        """Return the tokens (S window / 2, latent) of half a body: `SageSampler.tokens`."""
        graph, sampler, denoiser = self.graph, self._sampler, self._network.denoiser(part)
        width = denoiser.norm.normalized_shape[0]
        fuse = np.split(array(denoiser.fuse.weight), denoiser.fuse.in_features // width, axis=1)
        bias = array(denoiser.fuse.bias)
        # Two linear layers after each other are one.
        weight, own = _pairs_layer(denoiser.embed_features)
        noise = sampler.noises[part]
        seen = affine(graph, pairs, fuse[0] @ weight, fuse[0] @ own + bias)
        if denoiser.embed_given is not None:
            assert upper is not None
            given = denoiser.embed_given
            seen = graph.add('Add', seen, affine(
                graph, upper, fuse[2] @ array(given.weight), fuse[2] @ array(given.bias)))
        positions = array(sinusoidal_positions(noise.new_zeros(1, self._tokens, width)))
        noisy, clean = graph.constant(self._for_all(array(noise)[0])), ''
        for number, timestep in enumerate(sampler.timesteps):
            if number == 0:
                known = evaluated(denoiser.embed_noisy, noise)[0] @ fuse[1].T + positions
                x = graph.add('Add', seen, graph.constant(self._for_all(known)))
            else:
                x = graph.add('Add', graph.add('Add', seen, affine(
                    graph, noisy, fuse[1] @ array(denoiser.embed_noisy.weight),
                    fuse[1] @ array(denoiser.embed_noisy.bias))),
                    graph.constant(self._for_all(positions)))
            with torch.inference_mode():
                time = denoiser.embed_time(noise.new_full((1,), timestep))
            for block in denoiser.blocks:
                block = cast(DiTBlock, block)
                x = dit_block(graph, block, evaluated(block.modulation, time)[0], x,
                              self._streams, self._tokens)
            predicted = linear(graph, denoiser.to_latent, layer_norm(graph, denoiser.norm, x))
            level = sampler.alpha_bars[number]
            clean = predicted if self._network.config.prediction == 'x0' else self._mixed(
                noisy, float(level) ** -0.5, predicted, -(1.0 / float(level) - 1.0) ** 0.5)
            if number + 1 < len(sampler.timesteps):
                of_noisy, of_clean = ddim_shares(level, sampler.alpha_bars[number + 1])
                noisy = self._mixed(noisy, of_noisy, clean, of_clean)
        return clean

    def _decoded(self, frame: str, pairs: str, upper: str, lower: str) -> tuple[str, str]:
        """Return what is added to the mean pose, (S, 132), and the log errors (S, 2)."""
        graph, decoder, streams = self.graph, self._network.decoder, self._streams
        width = decoder.norm.normalized_shape[0]
        weight, bias = _pairs_layer(decoder.embed_features)
        positions = array(sinusoidal_positions(torch.zeros(1, self._tokens, width)))
        x = graph.add('Add', affine(graph, pairs, weight, bias), linear(
            graph, decoder.embed_latents, graph.add('Concat', upper, lower, axis=1)))
        x = graph.add('Add', x, graph.constant(self._for_all(positions)))
        layers = decoder.encoder.blocks
        for number, layer in enumerate(layers):
            x = encoder_layer(
                graph, cast(nn.TransformerEncoderLayer, layer), x, streams, self._tokens,
                number == len(layers) - 1)
        if not len(layers):
            x = newest(graph, x, streams, self._tokens)
        x = layer_norm(graph, decoder.encoder.norm, x)
        # Of what the last frame sees of its transposed convolution there is one token.
        upsample = array(decoder.upsample.weight)[:, :, 2].T
        x = graph.add(
            'Add', affine(graph, x, upsample, array(decoder.upsample.bias)),
            linear(graph, decoder.add_features, frame))
        pose, log_error = pose_heads(
            graph, [decoder.to_root, decoder.to_body, decoder.to_log_error],
            layer_norm(graph, decoder.norm, x), np.zeros(_POSE_SIZE))
        return pose, log_error

    def _refiner_hidden(self, pose: str) -> str:
        """Return what the recurrent refiner knows, (S, width), after a pose off the mean."""
        graph, refiner = self.graph, self._network.refiner
        width = refiner.hidden_size
        x = pose
        for layer in range(refiner.num_layers):
            name = f'refiner{layer}'
            state = graph.past(name, (self._streams, width))
            of_input, of_state = (
                graph.split(affine(graph, value, *(
                    array(getattr(refiner, f'{kind}_{side}_l{layer}'))
                    for kind in ('weight', 'bias'))), 3, axis=1)
                for value, side in ((x, 'ih'), (state, 'hh')))
            reset, update = (
                graph.add('Sigmoid', graph.add('Add', of_input[gate], of_state[gate]))
                for gate in (0, 1))
            new = graph.add('Tanh', graph.add(
                'Add', of_input[2], graph.add('Mul', reset, of_state[2])))
            x = graph.add('Add', new, graph.add('Mul', update, graph.add('Sub', state, new)))
            graph.set_next(name, x)
        return x

    def _mixed(self, a: str, of_a: float, b: str, of_b: float) -> str:
        graph = self.graph
        return graph.add('Add', graph.add('Mul', a, graph.constant(of_a)),
                         graph.add('Mul', b, graph.constant(of_b)))

    def _for_all(self, tokens: np.ndarray) -> np.ndarray:
        """Repeat the tokens (T, channels) of a stream for all of them."""
        return np.tile(tokens, (self._streams, 1))


def _pairs_layer(convolution: nn.Conv1d) -> tuple[np.ndarray, np.ndarray]:
    """Return weight and bias of a convolution of two frames at a time as a layer of both."""
    weight = array(convolution.weight)
    return weight.transpose(0, 2, 1).reshape(len(weight), -1), array(convolution.bias)
