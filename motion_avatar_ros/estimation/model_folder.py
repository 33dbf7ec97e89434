# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Model folders: config.yaml and weights.safetensors, no pickles."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
import re
from typing import Any

from safetensors.torch import load_file, save
import torch
from torch import nn
import yaml

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.compact_weights import compacted, expanded
from motion_avatar_ros.estimation.confidence import ConfidenceScale
from motion_avatar_ros.estimation.shipped_models import (
    CONFIG_FILE, model_folders, shipped_models,
)
from motion_avatar_ros.plain_yaml import PlainYamlError, read_plain_yaml

WEIGHTS_FILE = 'weights.safetensors'
_DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int64)


def find_model(name_or_folder: str | Path) -> Path:
    """
    Return a model's folder, given a folder or the name of a shipped model.

    Raises:
        ModelFolderError: neither exists; the known names are listed.
    """
    folder = Path(name_or_folder)
    is_name = re.fullmatch(r'[A-Za-z0-9][\w.-]*', str(name_or_folder)) is not None
    candidates = [place / folder for place in model_folders()] if is_name else []
    for candidate in (*candidates, folder):
        if candidate.is_dir():
            return candidate
    raise ModelFolderError(
        name_or_folder,
        f'no such folder; shipped models: {", ".join(shipped_models()) or "none"}')


def write_model_folder(folder: Path, config: dict[str, Any], network: nn.Module) -> None:
    """Write a model folder; weights are kept in fp16, buffers (statistics) in fp32."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = dict(network.named_parameters())
    tensors = {
        name: (tensor.half() if name in parameters else tensor).cpu().contiguous()
        for name, tensor in network.state_dict().items()
    }
    (folder / WEIGHTS_FILE).write_bytes(save(tensors))
    (folder / CONFIG_FILE).write_text(_yaml(config))


def write_compact_copy(source: Path, folder: Path) -> None:
    """Write a model folder anew, a byte per weight; the weights are rounded by it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(save(compacted(load_file(source / WEIGHTS_FILE))))
    (folder / CONFIG_FILE).write_text((source / CONFIG_FILE).read_text())


def write_confidence(folder: Path, scale: ConfidenceScale) -> None:
    """Replace the `confidence` of a model folder's config.yaml."""
    config = {**read_config(folder), 'confidence': scale.as_dict()}
    try:
        (folder / CONFIG_FILE).write_text(_yaml(config))
    except OSError as error:
        raise ModelFolderError(folder, f'{CONFIG_FILE}: {error.strerror}') from None


def read_config(folder: Path) -> dict[str, Any]:
    """Return a model folder's configuration; ModelFolderError where it cannot be read."""
    try:
        config = read_plain_yaml(folder / CONFIG_FILE)
    except PlainYamlError as error:
        raise ModelFolderError(folder, f'{CONFIG_FILE}: {error}') from None
    if not isinstance(config, dict) or 'architecture' not in config:
        raise ModelFolderError(folder, f"{CONFIG_FILE} names no 'architecture'")
    return config


def read_weights(folder: Path, network: nn.Module) -> str:
    """
    Load the weights into a network and return the file's SHA-256.

    Raises:
        ModelFolderError: the file is missing or corrupted, does not fit the network, or holds
            values that are not finite.
    """
    path = folder / WEIGHTS_FILE
    try:
        tensors = load_file(path)
        digest = sha256(path.read_bytes()).hexdigest()
    except Exception as error:  # safetensors lets through whatever the bytes cause
        raise ModelFolderError(folder, f'{WEIGHTS_FILE}: {error}') from None
    wrong = [name for name, tensor in tensors.items() if tensor.dtype not in _DTYPES]
    if wrong:
        raise ModelFolderError(
            folder, f"weights '{wrong[0]}' are of {tensors[wrong[0]].dtype}; allowed: "
            f'{", ".join(str(dtype) for dtype in _DTYPES)}')
    bad = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if bad:
        raise ModelFolderError(folder, f"weights '{bad[0]}' are not finite")
    try:
        network.load_state_dict(expanded(tensors))
    except (RuntimeError, ValueError) as error:
        reason = ' '.join(str(error).split())
        raise ModelFolderError(folder, f'weights do not fit config.yaml: {reason}') from None
    return digest


def _yaml(config: dict[str, Any]) -> str:
    # A short list takes one line.
    return yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=100)
