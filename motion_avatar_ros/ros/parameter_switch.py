# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Gives another managed node a new value of a parameter that it takes while unconfigured only.

Deactivate, clean up, set, configure, activate; a value that is refused is undone, so that the
node runs again as it did.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
import time
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter as ParameterMessage, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.task import Future

_DEADLINE_S = 60.0      # models and robots take seconds to load
_SILENT = 'it does not answer any more'

#: A client and its request go out, the response comes in, a problem or '' is returned.
_Steps = Generator[tuple[Any, Any], Any, str]


class ParameterSwitch:
    """Of one node and its string parameters; for the executor's thread only."""

    def __init__(self, node: Node, other_node: str) -> None:
        """Make the clients of `other_node`, a name with its namespace if that differs."""
        self._change_state: Any = node.create_client(ChangeState, f'{other_node}/change_state')
        self._set: Any = node.create_client(SetParameters, f'{other_node}/set_parameters')
        self._steps: _Steps | None = None
        self._since_s = 0.0
        self._on_answer: Callable[[str], None] = lambda problem: None

    @property
    def is_busy(self) -> bool:
        """Whether a change is under way."""
        return self._steps is not None

    def ask(
        self, name: str, value: str, before: str, on_answer: Callable[[str], None]
    ) -> None:
        """
        Begin a change.

        Args:
            name: of the parameter.
            value: the new one.
            before: the one in force, to go back to.
            on_answer: takes '' at the end, or why it came to nothing.
        """
        if self._steps is not None:
            on_answer('another change is under way')
            return
        if not (self._change_state.service_is_ready() and self._set.service_is_ready()):
            on_answer('it does not answer')
            return
        self._on_answer, self._since_s = on_answer, time.monotonic()
        self._steps = self._change(name, value, before)
        self._advance(self._steps, None)

    def watch(self) -> None:
        """Give up on a node that died meanwhile; call now and then."""
        if self._steps is not None and time.monotonic() - self._since_s > _DEADLINE_S:
            self._end(_SILENT)

    def _change(self, name: str, value: str, before: str) -> _Steps:
        yield self._transition(Transition.TRANSITION_DEACTIVATE)    # false: was inactive
        yield self._transition(Transition.TRANSITION_CLEANUP)
        answer = yield self._setting(name, value)
        result = answer.results[0]
        problem = '' if result.successful else result.reason
        if not problem:
            answer = yield self._transition(Transition.TRANSITION_CONFIGURE)
            problem = '' if answer.success else f"'{value}' cannot be used; its log says why"
        if problem:
            yield self._setting(name, before)
            yield self._transition(Transition.TRANSITION_CONFIGURE)
        answer = yield self._transition(Transition.TRANSITION_ACTIVATE)
        return problem or ('' if answer.success else 'it cannot be activated; its log says why')

    def _transition(self, number: int) -> tuple[Any, Any]:
        return self._change_state, ChangeState.Request(transition=Transition(id=number))

    def _setting(self, name: str, value: str) -> tuple[Any, Any]:
        return self._set, SetParameters.Request(parameters=[ParameterMessage(
            name=name, value=ParameterValue(
                type=ParameterType.PARAMETER_STRING, string_value=value))])

    def _advance(self, steps: _Steps, response: Any) -> None:
        if steps is not self._steps:
            return      # given up on
        try:
            client, request = steps.send(response)
        except StopIteration as end:
            self._end(end.value)
            return

        def go_on(future: Future) -> None:
            if not future.cancelled():
                self._advance(steps, future.result())

        client.call_async(request).add_done_callback(go_on)

    def _end(self, problem: str) -> None:
        self._steps = None
        self._on_answer(problem)
