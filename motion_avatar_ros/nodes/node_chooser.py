# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One parameter of another node that the page lets its visitors choose: a model, a robot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import time

from rclpy.node import Node

from motion_avatar_ros.ros.parameter_switch import ParameterSwitch
from motion_avatar_ros.ros.web_chooser import WebChooser

_ANSWER_S = 12.0    # how long it stays
_TAKES_S = 5.0      # until the other node's diagnostics tell the new value


class NodeChooser:
    """Between a drop-down and a node; for the executor's thread only."""

    def __init__(
        self, node: Node, other_node: str, parameter: str, page: WebChooser,
        why_not: Callable[[], str] = lambda: '',
    ) -> None:
        """
        Get ready.

        Args:
            node: whose clients these are.
            other_node: that has the parameter.
            parameter: a string.
            page: the drop-down.
            why_not: says why nothing may be changed now, or ''.
        """
        self._switch = ParameterSwitch(node, other_node)
        self._parameter, self._page, self._why_not = parameter, page, why_not
        self._answer, self._answer_until_s = '', 0.0
        self._chosen, self._chosen_until_s = '', 0.0

    def offer(self, choices: Sequence[str]) -> None:
        """Offer these names."""
        self._page.offer(choices)

    def update(self, running: str | None) -> None:
        """
        Pass on what was chosen, and show what runs.

        Args:
            running: the value in force, None where the other node is silent.
        """
        now_s = time.monotonic()
        self._switch.watch()
        asked = self._page.take_request()
        if asked is not None and running is not None:
            refusal = self._why_not()
            if refusal:
                self._say(refusal)
            else:
                self._answer = ''
                self._chosen = asked
                self._switch.ask(self._parameter, asked, running, self._on_answer)
        if now_s < self._chosen_until_s and running is not None:
            running = self._chosen
        self._page.show(
            running, self._switch.is_busy,
            f'*{self._answer}*' if self._answer and now_s < self._answer_until_s else '')

    def _on_answer(self, problem: str) -> None:
        if problem:
            self._say(problem)
        else:
            self._chosen_until_s = time.monotonic() + _TAKES_S

    def _say(self, problem: str) -> None:
        self._answer = f'{self._parameter}: {problem}'
        self._answer_until_s = time.monotonic() + _ANSWER_S
