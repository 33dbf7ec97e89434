# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A training run's configuration: one YAML file, every value named and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.plain_yaml import (
    PlainYamlError, load_plain_yaml, read_plain_yaml,
)


class ConfigurationError(MotionAvatarError):
    """A training configuration that cannot be used."""


@dataclass(frozen=True)
class DataConfig:
    """What is drawn."""

    source_weights: dict[str, float] | None = None  # By first folder; None = all alike.
    rate_hz: float = 60.0
    window_frames: int = 80
    validation_frames: int = 240    # Windows of validation: 4 s, so that runs can be compared.


@dataclass(frozen=True)
class AugmentationConfig:
    """How a drawn window is varied; the defaults vary nothing."""

    mirror_probability: float = 0.0     # Left and right exchanged.
    speed_range: tuple[float, float] = (1.0, 1.0)   # Playback speed.
    size_range: tuple[float, float] = (1.0, 1.0)    # Of the body: a height not quite right.
    height_offset_m: float = 0.0        # Error of the floor, standard deviation.
    noise_position_m: float = 0.0       # Of each tracker and frame, standard deviation.
    noise_rotation_rad: float = 0.0
    bias_position_m: float = 0.0        # Of each tracker, constant over a window: what
    bias_rotation_rad: float = 0.0      # calibration left.
    bias_joint_rad: float = 0.0         # Of each joint, constant over a window, standard
    bias_wrist_rad: float = 0.0         # deviation per axis: how another body holds itself.


@dataclass(frozen=True)
class OptimisationConfig:
    """How long, how fast and how precisely."""

    steps: int = 1000
    batch: int = 64                 # Windows per step, over all processes together.
    learning_rate: float = 1e-3     # Peak; linear warm-up, then a cosine to zero.
    warmup_steps: int = 100
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    ema_decay: float = 0.999        # Of the weights that are validated and shipped.
    precision: str = 'fp32'         # fp32 | bf16
    validate_every: int = 500


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a run; `network` and `loss` belong to the model."""

    model: str
    seed: int = 1
    network: dict[str, Any] = field(default_factory=dict)
    data: DataConfig = DataConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    loss: dict[str, float] = field(default_factory=dict)
    optimisation: OptimisationConfig = OptimisationConfig()
    # Of a model that is trained in stages: other values of `optimisation`, by stage.
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for YAML."""
        return asdict(self)


def from_mapping(kind: type, values: Any, where: str) -> Any:
    """
    Build a frozen dataclass from YAML values, the wrong ones refused by name.

    Raises:
        ConfigurationError: an unknown name, a missing one, or a value of the wrong type.
    """
    if not isinstance(values, dict):
        raise ConfigurationError(f'{where}: expected names and values, got {values!r}')
    known = {entry.name: entry for entry in fields(kind)}
    for name, value in values.items():
        if name not in known:
            raise ConfigurationError(f"{where}: unknown '{name}'; known: {', '.join(known)}")
        default = known[name].default
        if isinstance(default, bool | int | float) and (
            isinstance(value, bool) is not isinstance(default, bool)
            or not isinstance(value, int if isinstance(default, int) else int | float)
        ):
            raise ConfigurationError(
                f'{where}.{name}: expected {type(default).__name__}, got {value!r}')
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigurationError(f'{where}: {error}') from None


def stage_optimisations(
    config: TrainingConfig, stages: Sequence[str]
) -> dict[str, OptimisationConfig]:
    """Return how each stage is optimised; ConfigurationError where one is named wrongly."""
    unknown = sorted(set(config.stages) - set(stages))
    if unknown:
        raise ConfigurationError(f"stages: unknown '{unknown[0]}'; known: {', '.join(stages)}")
    plain = {
        entry.name: getattr(config.optimisation, entry.name)
        for entry in fields(OptimisationConfig)}
    return {
        stage: from_mapping(
            OptimisationConfig, {**plain, **config.stages.get(stage, {})}, f'stages.{stage}')
        for stage in stages}


def require_full_band(data: DataConfig, band: int) -> None:
    """Refuse windows in which no frame sees all the past that a block can attend to."""
    if data.window_frames < band:
        raise ConfigurationError(
            f'data.window_frames is {data.window_frames}, shorter than the band of '
            f'{band} frames that each block attends to; allowed: at least {band}')


def load_training_config(
    path: str | Path, changes: Sequence[str] = ()
) -> TrainingConfig:
    """
    Read a run's YAML file.

    Args:
        path: the file.
        changes: values that replace the file's, as 'seed=2' or 'network.stages=[22]'.

    Raises:
        ConfigurationError: not readable, an unknown name, or a value that is not allowed.
    """
    try:
        raw = read_plain_yaml(Path(path))
    except PlainYamlError as error:
        raise ConfigurationError(f"configuration '{path}': {error}") from None
    if not isinstance(raw, dict):
        raise ConfigurationError(f"configuration '{path}': expected names and values")
    for change in changes:
        _replace(raw, change)
    parts = {'data': DataConfig, 'augmentation': AugmentationConfig,
             'optimisation': OptimisationConfig}
    sections = {
        name: from_mapping(parts[name], value, f'{path}: {name}') if name in parts else value
        for name, value in raw.items()
    }
    config = from_mapping(TrainingConfig, sections, str(path))
    for name, kind, expected in (('model', str, 'a name'), ('seed', int, 'a whole number'), *(
            (section, dict, 'names and values') for section in ('network', 'loss', 'stages'))):
        if not isinstance(getattr(config, name), kind):
            raise ConfigurationError(
                f'{path}: {name} is {getattr(config, name)!r}; expected {expected}')
    if config.optimisation.precision not in ('fp32', 'bf16'):
        raise ConfigurationError(
            f'{path}: optimisation.precision is {config.optimisation.precision!r}; '
            'allowed: fp32, bf16')
    return config


def _replace(raw: dict[str, Any], change: str) -> None:
    """Set a value of the nested mapping; what it names is checked with the rest."""
    name, separator, text = change.partition('=')
    *sections, last = name.split('.')
    try:
        if not separator or not all((*sections, last)):
            raise ValueError('expected NAME=VALUE')
        for section in sections:
            raw = raw.setdefault(section, {})
        raw[last] = load_plain_yaml(text)
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigurationError(f"change '{change}': {' '.join(str(error).split())}") from None
