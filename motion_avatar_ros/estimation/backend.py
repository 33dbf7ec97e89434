# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What computes an estimator's network: torch, or on a CPU ONNX Runtime.

A frame of one person is little work in many operations, most of whose time torch spends between
them. `auto` is what docs/backend.md measures as the fastest. Where ONNX Runtime is not installed,
or does not give what torch gives, torch computes, and `Backend.problem` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from motion_avatar_ros.errors import MotionAvatarError

BACKENDS = ('auto', 'torch', 'onnx')
_PACKAGES = ('onnx', 'onnxruntime')
_CHECK_FRAMES = 6


class BackendError(MotionAvatarError):
    """A backend that is not known, or not for this device."""


@dataclass(frozen=True)
class Backend:
    """
    What computes.

    Attributes:
        name: 'torch' or 'onnx'.
        stream: the network, see `pose_estimator.ModelStream`.
        problem: why it is torch though ONNX Runtime was wanted, in one line; None if it is not.
    """

    name: str
    stream: Any
    problem: str | None = None


def missing_packages() -> list[str]:
    """Return which packages are not installed that the backend 'onnx' needs."""
    return [package for package in _PACKAGES if find_spec(package) is None]


def checked_backend(backend: str, device: str) -> str:
    """
    Return the device for a backend: 'onnx' takes the CPU where the device is left open.

    Raises:
        BackendError: no such backend, or not on this device.
    """
    if backend not in BACKENDS:
        raise BackendError(f"backend '{backend}' is unknown; allowed: {', '.join(BACKENDS)}")
    if backend == 'onnx' and device == 'cuda':
        raise BackendError(
            "backend 'onnx' computes on the CPU, and device is 'cuda'; allowed there: auto, torch")
    return 'cpu' if backend == 'onnx' else device


def chosen_backend(
    backend: str, device: str, stream: Any, config: dict[str, Any], name: str, streams: int
) -> Backend:
    """
    Return what computes a model that torch has loaded.

    Args:
        backend: one of BACKENDS.
        device: 'cpu' or 'cuda', where torch has it.
        stream: the torch network; it forgets its past.
        config: of the model's folder.
        name: of the model.
        streams: S.
    """
    if backend == 'torch' or device != 'cpu':
        return Backend('torch', stream)
    missing = missing_packages()
    if missing:
        return Backend('torch', stream, (
            f"model '{name}' runs on torch, more slowly: {' and '.join(missing)} not installed "
            f'(pip install {" ".join(missing)}, or backend: torch)'))
    import torch

    try:
        from motion_avatar_ros.estimation.onnx_export import exported
        from motion_avatar_ros.estimation.onnx_stream import OnnxStream

        content, _ = exported(stream, config, name, streams, _CHECK_FRAMES)
        return Backend('onnx', OnnxStream(content, torch.get_num_threads()))
    except Exception as error:  # a package that is there but broken raises whatever it likes
        return Backend('torch', stream, (
            f"model '{name}' runs on torch, more slowly: {' '.join(str(error).split())[:200]}"))
