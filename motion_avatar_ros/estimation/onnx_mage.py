# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A frame of MAGE as an ONNX graph, the whole sampler in it.

The noise and the timesteps of a sampler are fixed, so what depends on them alone is computed
here: the embedding of each timestep, and that of the noise a phase begins with.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.mage_sampler import MageSampler
from motion_avatar_ros.estimation.onnx_bands import OnnxBands
from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_layers import (
    array, ddim_shares, evaluated, head, layer_norm, linear, pose_heads, rotations,
)
from motion_avatar_ros.estimation.onnx_runner import FEATURES, LOG_ERROR, ROTATIONS
from motion_avatar_ros.networks.banded_attention import BandedBlock
from motion_avatar_ros.networks.mage import MageNetwork
from motion_avatar_ros.networks.mage_denoiser import MageDenoiser
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

_POSE_SIZE = 6 * JOINT_COUNT


def mage_graph(network: MageNetwork, sampler: MageSampler, streams: int) -> OnnxGraph:
    """Write the graph of a frame of S streams."""
    config, graph = network.config, OnnxGraph()
    features = graph.input(FEATURES, (streams, config.trackers, FEATURES_PER_TRACKER))
    bands = OnnxBands(graph, streams, [
        block for denoiser in network.denoisers for block in denoiser.modules()
        if isinstance(block, BandedBlock)])
    scored = _scored(graph, network, features, streams)
    given: str | None = None
    for phase, noise in enumerate(sampler.noises):
        denoiser = cast(MageDenoiser, network.denoisers[phase])
        observed = linear(graph, denoiser.embed_observation, scored)
        # The noise of a phase: known here at its first timestep, a value of the graph later on.
        noisy = graph.constant(array(noise)[0])
        last = len(sampler.timesteps) - 1
        for number, timestep in enumerate(sampler.timesteps):
            known = evaluated(denoiser.embed_time, torch.tensor([timestep]))
            if number == 0:
                embedded = graph.constant(evaluated(denoiser.embed_noisy, noise)[0])
            else:
                embedded = linear(graph, denoiser.embed_noisy, noisy)
            if given is not None:
                embedded = _fused(
                    graph, denoiser, denoiser.fuse_given, observed,
                    graph.add('Expand', embedded, graph.constant(
                        np.array([streams, config.width]))),
                    linear(graph, denoiser.embed_given, given))
            latent = _latent(
                graph, bands, denoiser, observed, graph.add(
                    'Add', graph.add('Add', observed, embedded), graph.constant(known)),
                f'phase{phase}.step{number}')
            if number < last or phase < len(sampler.noises) - 1:
                x0 = _clean(graph, network, phase, latent)
            if number < last:
                of_noisy, of_clean = ddim_shares(*sampler.alpha_bars[number:number + 2])
                noisy = graph.add(
                    'Add', graph.add('Mul', noisy, graph.constant(of_noisy)),
                    graph.add('Mul', x0, graph.constant(of_clean)))
        if phase < len(sampler.noises) - 1:
            given = _unscored(graph, network, phase, x0)
    pose_6d, log_error = pose_heads(
        graph, [network.to_root, network.to_body, network.to_log_error], latent,
        *(array(each) for each in network.motion_statistics(len(sampler.noises) - 1)))
    graph.output(ROTATIONS, rotations(graph, pose_6d, streams), (streams, JOINT_COUNT, 3, 3))
    graph.output(LOG_ERROR, log_error, (streams, 2))
    return graph


def _scored(graph: OnnxGraph, network: MageNetwork, features: str, streams: int) -> str:
    """Return the z-scored observation and who is there: `MageNetwork._scored`."""
    trackers = network.config.trackers
    shape = 1, trackers, FEATURES_PER_TRACKER
    mean, std = (array(each).reshape(shape) for each in (
        network.feature_mean, network.feature_std))
    is_absent = graph.add(
        'ReduceMax', graph.add('Cast', graph.add('IsNaN', features), to=1),
        graph.constant(np.array([2])), keepdims=1)
    presence = graph.add('Sub', graph.constant(1.0), is_absent)
    scored = graph.add('Where', graph.add('Cast', is_absent, to=9), graph.constant(0.0), graph.add(
        'Div', graph.add('Sub', features, graph.constant(mean)), graph.constant(std)))
    return graph.add(
        'Concat', graph.reshape(scored, streams, trackers * FEATURES_PER_TRACKER),
        graph.reshape(presence, streams, trackers), axis=1)


def _latent(
    graph: OnnxGraph, bands: OnnxBands, denoiser: MageDenoiser, observed: str, x: str, name: str
) -> str:
    """Run the blocks of a denoiser: `MageDenoiser.forward` from its first block on."""
    for scale, norm in enumerate(denoiser.norms):
        for number, block in enumerate(cast(torch.nn.ModuleList, denoiser.blocks[scale])):
            x = bands.block(cast(BandedBlock, block), f'{name}.scale{scale}.block{number}', x)
        normed = layer_norm(graph, norm, x)
        if scale == len(denoiser.norms) - 1:
            return normed
        recovered = head(graph, denoiser.to_parts[scale], normed)
        fused = _fused(
            graph, denoiser, denoiser.fuse[scale], observed, x,
            linear(graph, denoiser.embed_parts[scale], recovered))
        x = graph.add('Add', x, fused) if denoiser.has_latent else fused
    raise AssertionError('a denoiser has a scale')


def _fused(
    graph: OnnxGraph, denoiser: MageDenoiser, fuse: torch.nn.Module, observed: str, latent: str,
    recovered: str,
) -> str:
    seen = [observed]
    if denoiser.has_latent:
        seen.append(latent)
    if denoiser.has_recovered:
        seen.append(recovered)
    return linear(graph, fuse, graph.add('Concat', *seen, axis=1))


def _clean(graph: OnnxGraph, network: MageNetwork, phase: int, latent: str) -> str:
    """Return the clean motion, z-scored, that a phase predicts."""
    if phase < len(network.to_coarse):
        return head(graph, network.to_coarse[phase], latent)
    return pose_heads(
        graph, [network.to_root, network.to_body], latent, np.zeros(_POSE_SIZE))[0]


def _unscored(graph: OnnxGraph, network: MageNetwork, phase: int, x0: str) -> str:
    mean, std = (array(each) for each in network.motion_statistics(phase))
    return graph.add(
        'Add', graph.add('Mul', x0, graph.constant(std)), graph.constant(mean))
