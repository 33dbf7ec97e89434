# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A robot as MuJoCo steps it: inertias, joints, limits and motors of a URDF, without its shapes.

Each joint has a motor that pulls it to a target like a damped spring, no harder than the URDF's
effort. Stiffness is the larger of two: what makes the joint swing at `stiffness_hz` with all that
hangs on it, and what gives the whole effort at `effort_rad` from the target, which is what ankles
need that carry a robot. A link that weighs nothing, or has an inertia that no body has, gets a
small one. A robot with a free base has a floor under it, and spheres that may touch that: at the
corners of its soles, and one on each link, so that it lies when it has fallen. Nothing else
touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
import math
from typing import Any
from xml.etree import ElementTree

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_shapes import neutral_vertices

STEP_S = 0.002
_LEAST_MASS_KG, _LEAST_INERTIA_KG_M2 = 0.01, 1e-5
_INERTIA = {'ixx': (0, 0), 'iyy': (1, 1), 'izz': (2, 2),
            'ixy': (0, 1), 'ixz': (0, 2), 'iyz': (1, 2)}
_LEAST_ARMATURE_KG_M2 = 0.002
_ARMATURE_OF_EFFORT_S2 = 1.5e-4     # of a motor with its gear; G1's are 1.2e-4 to 1.8e-4 N m
_POSES = 16                         # in which inertias are looked at
_SOLE_M = 0.01                      # of what is lowest, this much is sole
_SOLE_RADIUS_M, _LINK_RADIUS_M = 0.005, 0.04
_ROBOT_BIT, _FLOOR_BIT = 1, 2       # the robot's parts touch the floor, not each other


class SimulationError(MotionAvatarError):
    """A robot that cannot be simulated."""


class Base(Enum):
    """How the robot's base is held."""

    FIXED = 'fixed'
    FREE = 'free'


@dataclass(frozen=True)
class SimulationSettings:
    """
    How a robot is simulated.

    Attributes:
        base: held in the air, or on a floor.
        stiffness_hz: at which joints would swing, undamped.
        damping_ratio: 1 comes to rest without swinging.
        effort_rad: error [rad] at which a motor gives all it has, if it is not stiffer anyway.
        effort_scale: motors are so much stronger than the URDF says.
    """

    base: Base = Base.FIXED
    stiffness_hz: float = 8.0
    damping_ratio: float = 1.0
    effort_rad: float = 0.12
    effort_scale: float = 1.0


@dataclass(frozen=True)
class SimulationModel:
    """
    A MuJoCo model and where the J joints of the robot are in it, in the robot's order.

    Attributes:
        model: of MuJoCo.
        positions: (J,) places in qpos.
        velocities: (J,) places in qvel.
        effort: (J,) the motors' limits [N m]; infinite where the URDF has none.
        stiffness: (J,) [N m/rad].
        damping: (J,) [N m s/rad].
        base_position: places of the free base in qpos; None where it is fixed.
        notes: what was changed or is doubtful, a line each.
    """

    model: Any
    positions: np.ndarray
    velocities: np.ndarray
    effort: np.ndarray
    stiffness: np.ndarray
    damping: np.ndarray
    base_position: slice | None
    notes: tuple[str, ...]


def load_mujoco() -> Any:
    """Return the module; SimulationError where it is not installed."""
    try:
        import mujoco
    except ImportError as error:
        raise SimulationError(
            f'a simulated robot needs MuJoCo: pip install mujoco ({error})') from None
    if not hasattr(mujoco, 'MjSpec'):
        raise SimulationError(
            f'MuJoCo {getattr(mujoco, "__version__", "?")} has no MjSpec: pip install mujoco==3.*')
    return mujoco


def build(robot: RobotModel, settings: SimulationSettings) -> SimulationModel:
    """
    Build the model of a robot.

    Raises:
        SimulationError: MuJoCo is missing, or refuses the robot.
    """
    mujoco = load_mujoco()
    notes: list[str] = []
    root = ElementTree.fromstring(robot.kinematics_xml)
    for link in root.findall('link'):
        _mend_inertia(link, notes)
    efforts = _efforts(root)
    names = [joint.name for joint in robot.joints]
    effort = settings.effort_scale * np.array([efforts[name] for name in names])
    for name, value in zip(names, effort, strict=True):
        if not math.isfinite(value):
            notes.append(f"joint '{name}' has no effort limit; its motor has none")
    if settings.base is Base.FREE:
        _set_free(root, robot.base_link)
    compiler = ElementTree.SubElement(ElementTree.SubElement(root, 'mujoco'), 'compiler')
    for key, value in (('fusestatic', 'true'), ('balanceinertia', 'true'),
                       ('boundmass', repr(_LEAST_MASS_KG)),
                       ('boundinertia', repr(_LEAST_INERTIA_KG_M2))):
        compiler.set(key, value)
    try:
        spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding='unicode'))
        spec.option.timestep = STEP_S
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        for name, value in zip(names, effort, strict=True):
            joint = spec.joint(name)
            joint.armature = max(_LEAST_ARMATURE_KG_M2, _ARMATURE_OF_EFFORT_S2 * value
                                 if math.isfinite(value) else 0.0)
            joint.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE     # the motor's is enough
            # A stop as soft as MuJoCo's usual one lets a strong motor through by a degree.
            joint.solref_limit = [2.0 * STEP_S, 1.0]
        inertia = _largest_inertia(mujoco, spec.compile(), robot)
        stiffness = np.maximum(
            inertia * (2.0 * math.pi * settings.stiffness_hz) ** 2,
            np.where(np.isfinite(effort), effort, 0.0) / settings.effort_rad)
        damping = 2.0 * settings.damping_ratio * np.sqrt(stiffness * inertia)
        for place, name in enumerate(names):
            _add_motor(mujoco, spec, name, stiffness[place], damping[place], effort[place])
        if settings.base is Base.FREE:
            _add_floor(mujoco, spec, robot)
        model = spec.compile()
    except (ValueError, KeyError, RuntimeError) as error:
        raise SimulationError(
            f"robot '{robot.name}' cannot be simulated: {' '.join(str(error).split())}") from None
    joints = [model.joint(name) for name in names]
    return SimulationModel(
        model, np.array([joint.qposadr[0] for joint in joints]),
        np.array([joint.dofadr[0] for joint in joints]), effort, stiffness, damping,
        slice(0, 7) if settings.base is Base.FREE else None, tuple(notes))


def _mend_inertia(link: ElementTree.Element, notes: list[str]) -> None:
    """Take away what no body can weigh, and make an inertia that none can have a possible one."""
    inertial = link.find('inertial')
    if inertial is None:
        return
    mass, inertia = inertial.find('mass'), inertial.find('inertia')
    try:
        mass_kg = float('nan' if mass is None else mass.get('value', 'nan'))
        xx, yy, zz, xy, xz, yz = (
            float('nan' if inertia is None else inertia.get(key, '0')) for key in _INERTIA)
    except ValueError:
        mass_kg = math.nan
    if not (mass_kg > 0.0 and math.isfinite(mass_kg + xx + yy + zz + xy + xz + yz)):
        link.remove(inertial)
        return
    values, axes = np.linalg.eigh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if values[0] < _LEAST_INERTIA_KG_M2:
        if values[0] <= 0.0:
            notes.append(f"link '{link.get('name')}' has an inertia that no body has; changed")
        whole = axes @ np.diag(np.maximum(values, _LEAST_INERTIA_KG_M2)) @ axes.T
        assert inertia is not None
        for key, (row, column) in _INERTIA.items():
            inertia.set(key, repr(float(whole[row, column])))


def _efforts(root: ElementTree.Element) -> dict[str, float]:
    """Return the effort limit of each joint; none is infinite."""
    efforts = {}
    for joint in root.findall('joint'):
        limit = joint.find('limit')
        effort = 0.0 if limit is None else float(limit.get('effort', '0'))
        efforts[joint.get('name', '')] = effort if effort > 0.0 else math.inf
        if limit is not None:
            limit.attrib.pop('effort', None)
    return efforts


def _set_free(root: ElementTree.Element, base_link: str) -> None:
    """Let the base float in a world of its own."""
    ElementTree.SubElement(root, 'link', name='_world')
    floating = ElementTree.SubElement(root, 'joint', name='_floating', type='floating')
    ElementTree.SubElement(floating, 'parent', link='_world')
    ElementTree.SubElement(floating, 'child', link=base_link)


def _largest_inertia(mujoco: Any, model: Any, robot: RobotModel) -> np.ndarray:
    """Return the largest inertia (J,) [kg m^2] that each joint turns, over a few poses."""
    data = mujoco.MjData(model)
    joints = [model.joint(joint.name) for joint in robot.joints]
    positions = np.array([joint.qposadr[0] for joint in joints])
    velocities = np.array([joint.dofadr[0] for joint in joints])
    lower, upper = (np.array([getattr(joint, end) for joint in robot.joints])
                    for end in ('lower', 'upper'))
    shares = np.random.default_rng(0).random((_POSES, len(joints)))
    whole = np.zeros((model.nv, model.nv))
    largest = np.zeros(len(joints))
    for share in (None, *shares):
        data.qpos[positions] = np.clip(0.0, lower, upper) if share is None else (
            lower + share * (upper - lower))
        mujoco.mj_forward(model, data)
        mujoco.mj_fullM(model, data, whole)
        largest = np.maximum(largest, whole[velocities, velocities])
    return largest


def _add_motor(
    mujoco: Any, spec: Any, joint: str, stiffness: float, damping: float, effort: float
) -> None:
    motor = spec.add_actuator(
        name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED, biastype=mujoco.mjtBias.mjBIAS_AFFINE)
    motor.gainprm[0] = stiffness
    motor.biasprm[:3] = 0.0, -stiffness, -damping
    if math.isfinite(effort):
        motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        motor.forcerange = [-effort, effort]


def _add_floor(mujoco: Any, spec: Any, robot: RobotModel) -> None:
    """Put a floor at the height that soles have in the neutral pose, base at the origin."""
    bodies = {number: spec.joint(joint.name).parent for number, joint in enumerate(robot.joints)}
    bodies[-1] = spec.body(robot.base_link)
    vertices = neutral_vertices(robot)
    lowest_m = min((points[:, 2].min() for points in vertices.values()), default=min(
        joint.mass_center[2] for joint in robot.joints) - _LINK_RADIUS_M)

    def add_sphere(number: int, center: np.ndarray, radius_m: float) -> None:
        place = robot.neutral_place(number)
        bodies[number].add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[radius_m, 0.0, 0.0], mass=0.0,
            pos=place.rotation.T @ (center - place.translation),
            contype=_ROBOT_BIT, conaffinity=_FLOOR_BIT)

    for number, points in vertices.items():
        sole = points[points[:, 2] < lowest_m + _SOLE_M]
        if len(sole):
            for x in (sole[:, 0].min(), sole[:, 0].max()):
                for y in (sole[:, 1].min(), sole[:, 1].max()):
                    add_sphere(number, np.array([x, y, lowest_m + _SOLE_RADIUS_M]),
                               _SOLE_RADIUS_M)
    add_sphere(-1, np.zeros(3), _LINK_RADIUS_M)
    for number, joint in enumerate(robot.joints):
        if joint.mass_center[2] > lowest_m + _LINK_RADIUS_M:
            add_sphere(number, joint.mass_center, _LINK_RADIUS_M)
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.0, 0.0, 1.0], pos=[0.0, 0.0, lowest_m],
        contype=_FLOOR_BIT, conaffinity=_ROBOT_BIT)
