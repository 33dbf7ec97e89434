# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SROS2 policies (schema 0.2.0) as sets of names, and what a running node's graph says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

#: What a rule may be of, and the attributes that allow it.
KINDS = {'topics': ('publish', 'subscribe'), 'services': ('reply', 'request'),
         'actions': ('call', 'execute')}
RIGHTS = ('publish', 'subscribe', 'reply', 'request')

#: Names by right.
Interface = Mapping[str, frozenset[str]]


class PolicyError(Exception):
    """A file that is no policy by the schema."""


def read_policy(path: Path) -> tuple[str, str, Interface]:
    """
    Return enclave, node (absolute) and rights of a policy of one node.

    Raises:
        PolicyError: it is something else, or allows by a pattern.
    """
    root = ElementTree.parse(path).getroot()
    enclave = _only(_only(root, 'policy', {'version': '0.2.0'}), 'enclaves')
    enclave = _only(enclave, 'enclave')
    profile = _only(_only(enclave, 'profiles'), 'profile')
    if set(profile.attrib) != {'ns', 'node'}:
        raise PolicyError(f'{path}: a profile of {profile.attrib}')
    place = profile.get('ns', '').rstrip('/')
    names: dict[str, set[str]] = {right: set() for right in RIGHTS}
    for rules in profile:
        rights = [right for right, value in rules.items() if value == 'ALLOW']
        if rules.tag not in KINDS or not rights or len(rights) < len(rules.attrib) or any(
                right not in KINDS[rules.tag] for right in rights):
            raise PolicyError(f'{path}: {rules.tag} of {rules.attrib}')
        for rule in rules:
            text = (rule.text or '').strip()
            if rule.tag != rules.tag[:-1] or not text or set(text) & set('*?[]'):
                raise PolicyError(f'{path}: {rule.tag} {text!r}')
            name = text if text.startswith('/') else f'{place}/' + (
                profile.get('node', '') + text[1:] if text.startswith('~') else text)
            for right in rights:
                if name in names[right]:
                    raise PolicyError(f'{path}: {right} {name} twice')
                names[right].add(name)
    return enclave.get('path', ''), f"{place}/{profile.get('node')}", {
        right: frozenset(found) for right, found in names.items()}


def graph_interface(observer: Any, node: str) -> Interface:
    """Return what a node (absolute name) publishes, subscribes, replies to and requests."""
    place, _, name = node.rpartition('/')
    return {right: frozenset(found for found, _ in look(name, place or '/')) for right, look in (
        ('publish', observer.get_publisher_names_and_types_by_node),
        ('subscribe', observer.get_subscriber_names_and_types_by_node),
        ('reply', observer.get_service_names_and_types_by_node),
        ('request', observer.get_client_names_and_types_by_node))}


def differences(policy: Interface, graph: Interface) -> list[str]:
    """Say what a policy lacks, and what in it no node asks for."""
    return [f'{right} {name}: {what}' for right in RIGHTS for what, names in (
        ('missing', graph[right] - policy[right]), ('needless', policy[right] - graph[right]))
        for name in sorted(names)]


def _only(element: ElementTree.Element, name: str, attributes: dict[str, str] | None = None) -> (
        ElementTree.Element):
    """Return the only child, or the element itself where its attributes are asked for."""
    if attributes is not None:
        if element.tag != name or dict(element.attrib) != attributes:
            raise PolicyError(f'{element.tag} of {element.attrib}')
        return element
    children = list(element)
    if [child.tag for child in children] != [name]:
        raise PolicyError(f'{element.tag} holds {[child.tag for child in children]}')
    return children[0]
