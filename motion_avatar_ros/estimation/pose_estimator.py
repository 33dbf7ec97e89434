# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The estimator that nodes call: tracker frames in, whole-body poses out, causally.

The caller gives consecutive frames at `rate_hz`; after a gap or a jump of the trackers it calls
`reset`. Output depends on the trackers alone, is deterministic, and moves with the trackers: a
shift or a turn of all of them about the vertical shifts and turns the root and changes nothing
else. The root's position is such that the head is where it was observed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.errors import ModelFolderError, MotionAvatarError
from motion_avatar_ros.estimation.backend import checked_backend, chosen_backend
from motion_avatar_ros.estimation.baseline_stream import BaselineStream
from motion_avatar_ros.estimation.compute_device import chosen_device
from motion_avatar_ros.estimation.confidence import ConfidenceScale
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses, placed_under_head
from motion_avatar_ros.estimation.mage_stream import MageStream
from motion_avatar_ros.estimation.model_folder import find_model, read_config
from motion_avatar_ros.estimation.model_limits import check_model_config
from motion_avatar_ros.estimation.sage_stream import SageStream
from motion_avatar_ros.estimation.tracker_anchor import TrackerAnchor
from motion_avatar_ros.estimation.window_overlap import WindowError, WindowOverlap
from motion_avatar_ros.trackers.observation_stream import ObservationStream

_ARCHITECTURES: dict[str, Callable[..., ModelStream]] = {
    'baseline': BaselineStream, 'mage': MageStream, 'sage': SageStream}
_WARM_UP_FRAMES = 60
_ORTHONORMAL = 1e-3


class ModelStream(Protocol):
    """A network on S live streams, in the head's heading frame."""

    weights_sha256: str
    trackers: int

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""

    def step(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (S, T, 22, 3, 3) and errors (S, T, 2) [m] for (S, T, N, 18)."""


class TrackerSetError(MotionAvatarError):
    """A model that cannot do without trackers that are not there."""

    def __init__(self, model: str, lacking: Sequence[str]):
        super().__init__(f"model '{model}' needs the trackers {', '.join(lacking)} too")


class PoseEstimator:
    """A trained model on S live streams."""

    def __init__(
        self, folder: Path, device: torch.device, streams: int,
        available: Collection[str] | None = None, sampler_steps: int | None = None,
        is_anchored: bool = True, backend: str = 'torch',
    ) -> None:
        """Load a model folder; use `load`, which also finds it."""
        config = read_config(folder)
        architecture = _ARCHITECTURES.get(str(config['architecture']))
        if architecture is None:
            raise ModelFolderError(
                folder, f"architecture '{config['architecture']}' is unknown; "
                f'known: {", ".join(_ARCHITECTURES)}')
        check_model_config(folder, config)
        self.rate_hz = float(config['rate_hz'])
        known = tuple(config['trackers'])
        self.required_names = tuple(config.get('required_trackers', known))
        try:
            self.confidence_scale = ConfidenceScale.of_config(config.get('confidence', {}))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(folder, f'config.yaml: {error!r}') from None
        if sampler_steps is not None:
            if 'sampler' not in config:
                raise MotionAvatarError(f"model '{folder.name}' has no sampler, so no steps of it")
            config['sampler']['steps'] = sampler_steps
        self.name = folder.name
        self.folder = folder
        self.streams = streams
        self.device = str(device)
        self.tracker_names = tuple(
            name for name in known if available is None or name in available)
        lacking = [name for name in self.required_names if name not in self.tracker_names]
        if lacking:
            raise TrackerSetError(self.name, lacking)
        self._slots = [known.index(name) for name in self.tracker_names]
        self._config = config
        self._is_whole = self.tracker_names == known
        self._known = len(known)
        network = architecture(folder, config, device, streams)
        if network.trackers != len(known):
            raise ModelFolderError(
                folder, f'config.yaml: network.trackers is {network.trackers}, and '
                f'trackers are {", ".join(known)}')
        computed = chosen_backend(backend, self.device, network, config, self.name, streams)
        self._stream: ModelStream = computed.stream
        self.backend, self.backend_problem = computed.name, computed.problem
        self._observations = ObservationStream(streams, len(known))
        self._anchor = TrackerAnchor(
            self.tracker_names, streams, self.rate_hz) if is_anchored else None

    @classmethod
    def load(
        cls, model: str | Path, device: str = 'auto', streams: int = 1,
        available: Collection[str] | None = None, sampler_steps: int | None = None,
        is_anchored: bool = True, backend: str = 'torch',
    ) -> PoseEstimator:
        """
        Load a model.

        Args:
            model: a model folder, or the name of a shipped one.
            device: 'cpu', 'cuda', or 'auto': CUDA where there is one.
            streams: how many operators (or clips) are estimated side by side.
            sampler_steps: of a diffusion model; its own unless given.
            is_anchored: put tracked joints where they were observed (`tracker_anchor`); without
                it they are where the network thinks, and only the head's place is observed.
            backend: 'torch', 'onnx' or, the fastest there is, 'auto'; see `backend`.
            available: trackers at hand, of which the model takes those it knows; all of them
                unless given.

        Raises:
            ModelFolderError: missing, incomplete or corrupted.
            TrackerSetError: the model cannot do without one that is not available.
            DeviceError: no such device here.
            BackendError: no such backend, or not on this device.
        """
        device = checked_backend(backend, device)
        return cls(
            find_model(model), chosen_device(device), streams, available, sampler_steps,
            is_anchored, backend)

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights file that was loaded."""
        return self._stream.weights_sha256

    def exported(self) -> tuple[bytes, float]:
        """
        Return a frame of this estimator's network as an ONNX file, and how far it is from torch.

        It is for as many streams; see `onnx_export.exported`. Forgets all past.

        Raises:
            ExportError: it is not what torch gives, or this estimator is not torch's on the CPU.
        """
        from motion_avatar_ros.estimation.onnx_export import exported

        self.reset()
        return exported(self._stream, self._config, self.name, self.streams)

    def use_windows(self, windows: WindowOverlap) -> None:
        """
        Take the frames of each step for a whole recording, and estimate it in windows.

        For offline use: the windows of a recording are estimated side by side, not one frame
        after the other.

        Raises:
            WindowError: the model has no windows, or longer ones.
        """
        if not isinstance(self._stream, MageStream):
            raise WindowError(
                f"model '{self.name}' is for live streams only; windows has: mage, on torch")
        self._stream.use_windows(windows)

    def warm_up(self) -> None:
        """
        Run frames until no buffer grows any more, and check that rotations come out.

        Raises:
            ModelFolderError: the weights give no rotations.
        """
        trackers = len(self.tracker_names)
        rotations = np.broadcast_to(np.eye(3), (self.streams, 1, trackers, 3, 3))
        positions = np.full((self.streams, 1, trackers, 3), 1.4)
        matrices = self._infer(rotations, positions)[0]
        squares = matrices @ matrices.swapaxes(-1, -2)
        if not np.abs(squares - np.eye(3)).max() < _ORTHONORMAL:
            raise ModelFolderError(self.folder, 'the weights give no rotations')
        for _ in range(_WARM_UP_FRAMES):
            self.step(rotations, positions)
        self.reset()

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._observations.reset(stream)
        self._stream.reset(stream)
        if self._anchor is not None:
            self._anchor.reset(stream)

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        """
        Estimate the next T frames.

        Args:
            rotations: (S, T, N, 3, 3) of the trackers in the z-up world, SMPL body axes, in
                the order of `tracker_names`; NaN where one is absent.
            positions: (S, T, N, 3) [m] in the world, z = 0 on the floor.
        """
        local_rotations, predicted_m = self._infer(rotations, positions)
        if self._anchor is None:
            poses = placed_under_head(local_rotations, positions[:, :, 0])
        else:
            poses = self._anchor.anchored(local_rotations, rotations, positions)
        return EstimatedPoses(poses, self.confidence_scale.confidence(predicted_m))

    def _infer(
        self, rotations: np.ndarray, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (S, T, 22, 3, 3), the root's in the world, and errors."""
        if not self._is_whole:
            rotations, positions = self._spread(rotations), self._spread(positions)
        observation = self._observations.observe(rotations, positions)
        local_rotations, predicted_m = self._stream.step(observation.features)
        local_rotations[..., 0, :, :] = (
            rotation_about_z(observation.headings) @ local_rotations[..., 0, :, :])
        return local_rotations, predicted_m

    def _spread(self, given: np.ndarray) -> np.ndarray:
        """Put the given trackers (S, T, N, ...) where the model has them, the others NaN."""
        whole = np.full((*given.shape[:2], self._known, *given.shape[3:]), np.nan)
        whole[:, :, self._slots] = given
        return whole
