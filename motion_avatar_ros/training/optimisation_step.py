# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One step of the optimiser; on a GPU as a CUDA graph.

The networks here are small: launched one by one their kernels leave a GPU idle most of the
time. After a few ordinary steps the whole step, from the loss to the update, is captured and
replayed. A loss must therefore not ask a GPU for a value, and not copy anything to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

_ORDINARY_STEPS = 5  # before the capture: lazily made buffers must exist by then

#: From a network and a batch to the loss and the terms to log.
Loss = Callable[[nn.Module, Any], tuple[Tensor, dict[str, Tensor]]]


class OptimisationStep:
    """Updates a network by one batch after the other, all of the same shape."""

    def __init__(
        self, loss: Loss, network: nn.Module, optimiser: torch.optim.Optimizer,
        clip_norm: float, is_captured: bool,
    ) -> None:
        """
        Prepare.

        Args:
            loss: of the network.
            network: in training mode when it is called.
            optimiser: of its parameters; 'capturable' where the step is captured.
            clip_norm: largest norm of the gradient.
            is_captured: whether the step becomes a CUDA graph.
        """
        self._loss = loss
        self._network = network
        self._optimiser = optimiser
        self._clip_norm = clip_norm
        self._is_captured = is_captured
        self._ordinary_steps = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, batch: Any, learning_rate: float) -> dict[str, Tensor]:
        """Update the network; return the terms of the loss, valid until the next step."""
        for group in self._optimiser.param_groups:
            if isinstance(group['lr'], Tensor):
                group['lr'].fill_(learning_rate)
            else:
                group['lr'] = learning_rate
        if not self._is_captured:
            return self._update(batch)
        if self._ordinary_steps < _ORDINARY_STEPS:
            self._ordinary_steps += 1
            return self._update_beside(batch)
        if self._graph is None:
            self._batch = batch
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._terms = self._update(batch)
        else:
            for kept, new in zip(_tensors(self._batch), _tensors(batch), strict=True):
                kept.copy_(new)
        self._graph.replay()
        return self._terms

    def _update(self, batch: Any) -> dict[str, Tensor]:
        loss, terms = self._loss(self._network, batch)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), self._clip_norm)
        self._optimiser.step()
        return terms

    def _update_beside(self, batch: Any) -> dict[str, Tensor]:
        """Update on a stream of its own, as a capture does."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            terms = self._update(batch)
        torch.cuda.current_stream().wait_stream(stream)
        return terms


def _tensors(batch: Any) -> Iterator[Tensor]:
    """Yield the tensors of a dataclass and of those in it, in their order."""
    if isinstance(batch, Tensor):
        yield batch
        return
    for field in fields(batch):
        yield from _tensors(getattr(batch, field.name))
