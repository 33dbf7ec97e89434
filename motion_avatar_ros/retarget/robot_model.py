# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's joints: their tree, axes, limits, and where they are in the neutral pose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motion_avatar_ros.retarget.urdf import Urdf, UrdfError, find_urdf, read_urdf

_FARTHEST_M = 100.0     # from the base


@dataclass(frozen=True)
class Joint:
    """
    A revolute joint in the neutral pose, in the axes of the base link.

    Attributes:
        name: as in the URDF.
        parent: index of the joint it hangs on, -1 for the base.
        position: (3,) of its origin [m].
        axis: (3,) unit vector.
        lower, upper: limits [rad].
        velocity: limit [rad/s].
        mass_center: (3,) [m] of the link that it moves; its origin where that weighs nothing.
    """

    name: str
    parent: int
    position: np.ndarray
    axis: np.ndarray
    lower: float
    upper: float
    velocity: float
    mass_center: np.ndarray


class RobotModel:
    """A URDF with a floating base, as pinocchio has it."""

    def __init__(self, urdf: Urdf) -> None:
        """
        Build.

        Raises:
            UrdfError: pinocchio is missing or refuses it, or nothing moves.
        """
        pinocchio = _pinocchio()
        self.name = urdf.name
        self.base_link = urdf.base_link
        self.description = urdf.description
        self.kinematics_xml = urdf.xml
        self.notes = urdf.notes
        try:
            self.model: Any = pinocchio.buildModelFromXML(
                urdf.xml, pinocchio.JointModelFreeFlyer())
        except (RuntimeError, ValueError) as error:
            raise UrdfError(f"robot '{urdf.name}': {' '.join(str(error).split())}") from None
        if self.model.njoints <= 2:
            raise UrdfError(f"robot '{urdf.name}' has no joint that turns")
        self.data: Any = self.model.createData()
        self._neutral_places: list[Any] = []
        self.joints = self._joints(pinocchio)
        for joint in self.joints:
            _check_place(self.name, joint)

    @classmethod
    def load(cls, robot: str | Path) -> RobotModel:
        """Load a URDF file, or an example by its name; UrdfError where there is none."""
        return cls(read_urdf(find_urdf(robot)))

    def neutral_place(self, joint: int) -> Any:
        """Return where a joint's frame (SE3) is in the base's, all at zero; -1 is the base's."""
        return self._neutral_places[joint + 1]

    def _joints(self, pinocchio: Any) -> tuple[Joint, ...]:
        model, data = self.model, self.data
        neutral = pinocchio.neutral(model)
        pinocchio.computeJointJacobians(model, data, neutral)
        base = data.oMi[1]
        self._neutral_places = [base.actInv(place) for place in list(data.oMi)[1:]]
        joints = []
        for number in range(2, model.njoints):
            at = base.actInv(data.oMi[number])
            column = pinocchio.getJointJacobian(
                model, data, number, pinocchio.ReferenceFrame.LOCAL)[3:, model.idx_vs[number]]
            inertia = model.inertias[number]
            center = at.act(inertia.lever) if inertia.mass > 1e-6 else at.translation
            q, v = model.idx_qs[number], model.idx_vs[number]
            joints.append(Joint(
                model.names[number], model.parents[number] - 2, at.translation.copy(),
                at.rotation @ column, float(model.lowerPositionLimit[q]),
                float(model.upperPositionLimit[q]), float(model.velocityLimit[v]),
                np.array(center)))
        return tuple(joints)


def _check_place(robot: str, joint: Joint) -> None:
    """Refuse what no solver could work with."""
    places = np.concatenate((joint.position, joint.mass_center))
    if not np.abs(places).max() <= _FARTHEST_M:
        raise UrdfError(
            f"robot '{robot}': joint '{joint.name}' or what it moves is beyond {_FARTHEST_M:g} m")
    if not abs(np.linalg.norm(joint.axis) - 1.0) < 1e-6:
        raise UrdfError(f"robot '{robot}': joint '{joint.name}' has no axis")


def _pinocchio() -> Any:
    try:
        import pinocchio
    except ImportError:
        raise UrdfError(
            'pinocchio is not installed: pip install pin, or apt install '
            'ros-$ROS_DISTRO-pinocchio') from None
    return pinocchio
