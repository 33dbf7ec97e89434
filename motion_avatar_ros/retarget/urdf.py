# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
URDF texts: found, read with suspicion, and brought to the joints that a body is posed by.

Only the kinematic tree is kept, so that missing meshes do not matter. Joints that follow others
(mimic) or slide are held where they are at zero; endless ones get limits of a turn either way.
What was changed or is doubtful is noted, in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
import math
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from motion_avatar_ros.body.plain_xml import PlainXmlError, parse_plain_xml
from motion_avatar_ros.errors import MotionAvatarError

MAX_BYTES = 8_000_000
_MOST_MESH_BYTES = 200_000_000
_MOST_LINKS = 1000
#: Of joints whose URDF says zero or nothing.
DEFAULT_VELOCITY_RAD_S = 5.0
#: Robots of the PyPI package example-robot-data, by the name to ask for them.
EXAMPLE_ROBOTS = {
    'g1': 'g1_description/urdf/g1_29dof_rev_1_0.urdf',
    'talos': 'talos_data/robots/talos_reduced.urdf',
    'romeo': 'romeo_description/urdf/romeo_small.urdf',
    'icub': 'icub_description/robots/icub_reduced.urdf',
}
_MESH = re.compile(r'(<mesh\b[^>]*?\bfilename=")(package://[^/"]+)?/?([^":]+)"')
_DRAWN = ('visual', 'collision', 'transmission', 'gazebo', 'sensor')


class UrdfError(MotionAvatarError):
    """A robot description that cannot be used."""


@dataclass(frozen=True)
class Urdf:
    """
    A kinematic tree.

    Attributes:
        name: of the robot.
        xml: with links, their inertias, and fixed and revolute joints with limits only.
        notes: what was changed and what is doubtful, a line each.
        base_link: the link that hangs on no other.
        description: the text as it came, for those who draw the robot; paths of meshes that
            were found beside its file are absolute.
    """

    name: str
    xml: str
    notes: tuple[str, ...]
    base_link: str
    description: str


def find_urdf(robot: str | Path) -> Path:
    """
    Return the file of a robot, given the file or the name of an example.

    Raises:
        UrdfError: there is none; says what is known, and what to install.
    """
    if str(robot) not in EXAMPLE_ROBOTS:
        path = Path(robot)
        if not path.is_file():
            raise UrdfError(
                f"robot '{robot}': no such file; examples: {', '.join(EXAMPLE_ROBOTS)}")
        return path
    spec = find_spec('pinocchio')
    if spec is not None and spec.origin is not None:
        for place in Path(spec.origin).parents:
            path = (place / 'cmeel.prefix/share/example-robot-data/robots'
                    / EXAMPLE_ROBOTS[str(robot)])
            if path.is_file():
                return path
    raise UrdfError(
        f"robot '{robot}' is one of example-robot-data, which is not installed: "
        'pip install example-robot-data')


def read_urdf(path: Path) -> Urdf:
    """Read a file; see `parse_urdf`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UrdfError(f"'{path}' has more than {MAX_BYTES:,} bytes; it is no URDF")
        text = path.read_text(encoding='utf-8', errors='strict')
    except (OSError, UnicodeDecodeError) as error:
        raise UrdfError(f"'{path}' cannot be read: {error}") from None
    return parse_urdf(with_found_meshes(text, path), str(path))


def parse_urdf(text: str, source: str = 'robot_description') -> Urdf:
    """
    Bring a URDF to its kinematic tree.

    Args:
        text: XML.
        source: what to call it in errors.

    Raises:
        UrdfError: too long, no XML, no URDF, or no tree.
    """
    if len(text) > MAX_BYTES:
        raise UrdfError(f"'{source}' has more than {MAX_BYTES:,} bytes; it is no URDF")
    try:
        root = parse_plain_xml(text)
    except PlainXmlError as error:
        raise UrdfError(f"'{source}' is no XML that a URDF is of: {error}") from None
    if root.tag != 'robot' or root.find('link') is None:
        raise UrdfError(f"'{source}' is no URDF: it has no <robot> with links")
    _check_meshes(root, source)
    name = root.get('name') or 'robot'
    notes: list[str] = []
    for parent in root.iter():
        for child in [child for child in parent if child.tag in _DRAWN]:
            parent.remove(child)
    for joint in root.findall('joint'):
        _settle(joint, source, notes)
    base_link = _check_tree(root, source)
    return Urdf(
        name, ElementTree.tostring(root, encoding='unicode'), tuple(notes), base_link, text)


def with_found_meshes(text: str, path: Path) -> str:
    """
    Return a URDF's text with the paths of its meshes absolute, where they are found.

    A relative path is one from the file's folder; `package://NAME/REST` is looked for as REST in
    a folder NAME above the file, or beside one above it.
    """
    folder = path.resolve().parent

    def absolute(match: re.Match[str]) -> str:
        package, name = match.group(2), match.group(3)
        if package is not None and '..' in PurePosixPath(unquote(name)).parts:
            return match.group(0)   # and is refused
        candidates = [folder / name] if package is None else [
            above / package[len('package://'):] / name for above in folder.parents]
        for candidate in candidates:
            if _is_file(candidate):
                return f'{match.group(1)}{candidate.as_uri()}"'
        return match.group(0)

    return _MESH.sub(absolute, text)


def _check_meshes(root: ElementTree.Element, source: str) -> None:
    """Refuse paths that leave their package, and files that no part of a robot has."""
    for mesh in root.iter('mesh'):
        name = mesh.get('filename', '')
        try:
            parts = urlsplit(name)
        except ValueError:
            raise UrdfError(f"'{source}': the mesh '{name}' is no address") from None
        path = PurePosixPath(unquote(parts.path))
        if parts.scheme == 'package' and '..' in path.parts:
            raise UrdfError(f"'{source}': the mesh '{name}' leaves its package by '..'")
        if parts.scheme in ('', 'file') and _size_of(Path(path)) > _MOST_MESH_BYTES:
            raise UrdfError(
                f"'{source}': the mesh '{name}' has more than {_MOST_MESH_BYTES:,} bytes")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:     # a name that no file can have
        return False


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0    # it is not there, or cannot be read: parts without meshes are left out


def _settle(joint: ElementTree.Element, source: str, notes: list[str]) -> None:
    """Make a joint a fixed one, or a revolute one with limits."""
    name, kind = joint.get('name', ''), joint.get('type', '')
    mimic = joint.find('mimic')
    if mimic is not None:
        joint.remove(mimic)
        notes.append(f"joint '{name}' follows another and is held at zero")
        joint.set('type', 'fixed')
    elif kind in ('prismatic', 'planar', 'floating'):
        notes.append(f"joint '{name}' is {kind} and is held at zero")
        joint.set('type', 'fixed')
    elif kind in ('revolute', 'continuous'):
        joint.set('type', 'revolute')
        _limit(joint, name, kind, source, notes)
    elif kind != 'fixed':
        raise UrdfError(f"'{source}': joint '{name}' is of type '{kind}', which URDF has not")


def _limit(
    joint: ElementTree.Element, name: str, kind: str, source: str, notes: list[str]
) -> None:
    limit = joint.find('limit')
    if limit is None:
        limit = ElementTree.SubElement(joint, 'limit')
    values = {}
    for key, default in (('lower', 0.0), ('upper', 0.0), ('velocity', 0.0), ('effort', 0.0)):
        try:
            values[key] = float(limit.get(key, default))
        except ValueError:
            raise UrdfError(
                f"'{source}': limit {key} of joint '{name}' is '{limit.get(key)}'; allowed: a "
                'number') from None
        if math.isnan(values[key]):
            raise UrdfError(f"'{source}': limit {key} of joint '{name}' is not a number")
    if kind == 'continuous' or not values['lower'] < values['upper']:
        if kind != 'continuous':
            notes.append(f"joint '{name}' has no range; taken for an endless one")
        values['lower'], values['upper'] = -2.0 * math.pi, 2.0 * math.pi
    if not 0.0 < values['velocity'] < math.inf:
        notes.append(
            f"joint '{name}' has no velocity limit; {DEFAULT_VELOCITY_RAD_S:g} rad/s is taken")
        values['velocity'] = DEFAULT_VELOCITY_RAD_S
    for key, value in values.items():
        limit.set(key, repr(value))


def _check_tree(root: ElementTree.Element, source: str) -> str:
    """Return the base link."""
    links = {link.get('name', '') for link in root.findall('link')}
    if len(links) > _MOST_LINKS:
        raise UrdfError(f"'{source}' has {len(links)} links; allowed: {_MOST_LINKS}")
    parents: dict[str, str] = {}
    for joint in root.findall('joint'):
        ends = []
        for end in ('parent', 'child'):
            element = joint.find(end)
            link = '' if element is None else element.get('link', '')
            if link not in links:
                raise UrdfError(
                    f"'{source}': joint '{joint.get('name')}' has the {end} '{link}', which is "
                    'no link')
            ends.append(link)
        if ends[1] in parents:
            raise UrdfError(f"'{source}': link '{ends[1]}' has two parents")
        parents[ends[1]] = ends[0]
    tops = sorted(links - parents.keys())
    if len(tops) != 1:
        raise UrdfError(
            f"'{source}': {len(tops)} links have no parent; allowed: one, the robot's base")
    for link in links:
        seen = {link}
        while link in parents:
            link = parents[link]
            if link in seen:
                raise UrdfError(f"'{source}': link '{link}' hangs on itself")
            seen.add(link)
    return tops[0]
