# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The parameter table of a node: names, types, defaults, ranges, and what happens to bad values.

A node has one table. A value of the wrong type, outside its range or choices, and a name that
the table lacks are refused with one line that says what is allowed. Whole numbers serve where
a float is expected, in launch files and on the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import math
from typing import TYPE_CHECKING, Any, TypeVar

from motion_avatar_ros.errors import MotionAvatarError

if TYPE_CHECKING:  # the tables are read where there is no ROS, too
    from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
    from rclpy.node import Node
    from rclpy.parameter import Parameter as RosParameter

Settings = TypeVar('Settings')

_TYPE_NAMES = {bool: 'bool', int: 'int', float: 'float', str: 'str', list: 'list[str]'}
#: Overrides that rclpy itself reads; they are never in a table.
_BUILT_IN_NAMES = ('use_sim_time', 'start_type_description_service')
_BUILT_IN_PREFIXES = ('qos_overrides.',)


class ParameterError(MotionAvatarError):
    """A parameter that is unknown, of the wrong type, or out of range."""


@dataclass(frozen=True)
class Parameter:
    """
    One row of a table.

    Attributes:
        name: dotted, ends in its unit.
        default: its type is the parameter's: bool, int, float, str, or a list of str (not
            empty: ROS cannot tell the type of an empty list).
        description: one line.
        minimum, maximum: allowed range of a number, ends included.
        choices: allowed values of a str.
    """

    name: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if type(self.default) not in _TYPE_NAMES or self.default == []:
            raise ParameterError(
                f"parameter '{self.name}': default {self.default!r} is none of "
                f'{", ".join(_TYPE_NAMES.values())}')
        self.checked(self.default)

    @property
    def type_name(self) -> str:
        """Name of the parameter's type."""
        return _TYPE_NAMES[type(self.default)]

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.choices is not None:
            return 'one of ' + ', '.join(repr(choice) for choice in self.choices)
        if self.minimum is not None and self.maximum is not None:
            return f'{self.type_name} in {self.minimum:g} .. {self.maximum:g}'
        if self.minimum is not None:
            return f'{self.type_name} >= {self.minimum:g}'
        if self.maximum is not None:
            return f'{self.type_name} <= {self.maximum:g}'
        return self.type_name

    def checked(self, value: Any) -> Any:
        """
        Return `value` as the parameter's type.

        Raises:
            ParameterError: the type, range or choice is wrong.
        """
        kind = type(self.default)
        given = value
        if kind is float and type(value) is int:
            value = float(value)
        if kind is list and isinstance(value, (list, tuple)):
            value = list(value)
            is_allowed = all(isinstance(item, str) for item in value)
        elif kind in (int, float):
            is_allowed = type(value) is kind and math.isfinite(value) and not (
                (self.minimum is not None and value < self.minimum)
                or (self.maximum is not None and value > self.maximum))
        else:
            is_allowed = type(value) is kind and (
                self.choices is None or value in self.choices)
        if not is_allowed:
            raise ParameterError(
                f"parameter '{self.name}' is {given!r} ({type(given).__name__}); "
                f'allowed: {self.allowed}')
        return value


class NodeParameters:
    """
    The parameters of one node, declared from its table.

    Bad start values do not raise here but in `values()`, so that a managed node can stay alive
    unconfigured until they are mended.
    """

    def __init__(
        self,
        node: Node,
        table: Sequence[Parameter],
        refuse_change: Callable[[], str | None] | None = None,
    ) -> None:
        """
        Declare the table on the node.

        Args:
            node: an rclpy node.
            table: its parameters.
            refuse_change: returns why parameters cannot be set now, or None when they can;
                without it all are read-only.
        """
        self._node = node
        self._table = {parameter.name: parameter for parameter in table}
        self._refuse_change = refuse_change
        self._start_errors: dict[str, ParameterError] = {}
        overrides = {name: p.value for name, p in node._parameter_overrides.items()}
        for name in overrides:
            if name not in self._table and not _is_built_in(name):
                self._start_errors[name] = ParameterError(
                    f"unknown parameter '{name}'; known: {', '.join(sorted(self._table))}")
        for parameter in table:
            value = parameter.default
            if parameter.name in overrides:
                try:
                    value = parameter.checked(overrides[parameter.name])
                except ParameterError as error:
                    self._start_errors[parameter.name] = error
            node.declare_parameter(
                parameter.name, value, _descriptor(parameter, refuse_change is None),
                ignore_override=True)
        if refuse_change is not None:
            node.add_on_set_parameters_callback(self._check_change)
            node.add_post_set_parameters_callback(self._forget_start_errors)

    def values(self) -> dict[str, Any]:
        """
        Return all current values by name.

        Raises:
            ParameterError: a start value was refused and has not been mended since.
        """
        for error in self._start_errors.values():
            raise error
        return {name: self._node.get_parameter(name).value for name in self._table}

    def _check_change(self, changes: Sequence[RosParameter]) -> SetParametersResult:
        from rcl_interfaces.msg import SetParametersResult

        known = [change for change in changes if change.name in self._table]
        reason = self._refuse_change() if known and self._refuse_change else None
        if reason is not None:
            return SetParametersResult(
                successful=False, reason=f"parameter '{known[0].name}': {reason}")
        try:
            for change in known:
                self._table[change.name].checked(change.value)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _forget_start_errors(self, changes: Sequence[RosParameter]) -> None:
        for change in changes:
            self._start_errors.pop(change.name, None)


def declare_parameters(node: Node, table: Sequence[Parameter]) -> dict[str, Any]:
    """
    Declare a table read-only and return the values in force.

    Raises:
        ParameterError: a start value is of the wrong type, out of range, or unknown.
    """
    return NodeParameters(node, table).values()


def parameter_table_markdown(table: Sequence[Parameter]) -> str:
    """Return the table as Markdown, one row per parameter."""
    rows = ['| parameter | type | default | allowed | meaning |', '|---|---|---|---|---|']
    for p in table:
        rows.append(
            f'| `{p.name}` | {p.type_name} | `{p.default!r}` | {p.allowed} | {p.description} |')
    return '\n'.join(rows) + '\n'


def _is_built_in(name: str) -> bool:
    return name in _BUILT_IN_NAMES or name.startswith(_BUILT_IN_PREFIXES)


def _descriptor(parameter: Parameter, is_read_only: bool) -> ParameterDescriptor:
    from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

    descriptor = ParameterDescriptor(
        description=parameter.description,
        additional_constraints=parameter.allowed,
        read_only=is_read_only,
    )
    if parameter.minimum is None and parameter.maximum is None:
        return descriptor
    if isinstance(parameter.default, float):
        descriptor.floating_point_range = [FloatingPointRange(
            from_value=float(-math.inf if parameter.minimum is None else parameter.minimum),
            to_value=float(math.inf if parameter.maximum is None else parameter.maximum))]
    else:
        descriptor.integer_range = [IntegerRange(
            from_value=int(-2**63 if parameter.minimum is None else parameter.minimum),
            to_value=int(2**63 - 1 if parameter.maximum is None else parameter.maximum))]
    return descriptor


def settings(kind: type[Settings], prefix: str, values: Mapping[str, Any]) -> Settings:
    """Return the dataclass whose fields are the rows of a prefix, such as 'gate'."""
    return kind(**{
        name.removeprefix(f'{prefix}.'): value
        for name, value in values.items() if name.startswith(f'{prefix}.')})
