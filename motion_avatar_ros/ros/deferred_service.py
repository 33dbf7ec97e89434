# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A service whose answer may be given long after the call.

A coroutine that awaits a future would do as well, but it holds a callback group that excludes
others all the while, rclpy's executors resume it with every event of the node, and when its
future is done they notice it with the next event only. Here the callback returns at once and
the response is sent when there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from rclpy.node import Node

#: Sends the response; the first call counts. For the executor's thread only.
Answer = Callable[[Any], None]


class DeferredService:
    """One service of a node, for the executor's thread only."""

    def __init__(
        self, node: Node, service_type: Any, name: str, on_call: Callable[[Any, Answer], None]
    ) -> None:
        """
        Offer the service.

        Args:
            node: its node.
            service_type: such as std_srvs.srv.Trigger.
            name: of the service.
            on_call: takes the request and what is to be called with the response, now or later.
        """
        self._node = node
        self._on_call = on_call
        self._service = cast(Any, node.create_service(service_type, name, self._start))
        self._send = self._service.send_response
        # The executor hands over what a callback returns, and whom it is for.
        self._service.send_response = self._pass_on
        self._is_destroyed = False

    def destroy(self) -> None:
        """Withdraw the service; answers from now on go nowhere."""
        self._is_destroyed = True
        self._node.destroy_service(self._service)

    def _start(self, request: Any, response: Any) -> _Call:
        call = _Call(self._answer)
        self._on_call(request, call.answer)
        return call

    def _pass_on(self, call: _Call, caller: Any) -> None:
        call.take_caller(caller)

    def _answer(self, response: Any, caller: Any) -> None:
        if not self._is_destroyed and self._node.context.ok():
            self._send(response, caller)


class _Call:
    """One call: its caller and its response come in either order, both once."""

    def __init__(self, send: Callable[[Any, Any], None]) -> None:
        self._send = send
        self._response: Any = None
        self._caller: Any = None
        self._is_sent = False

    def answer(self, response: Any) -> None:
        if self._response is None:
            self._response = response
            self._send_if_complete()

    def take_caller(self, caller: Any) -> None:
        self._caller = caller
        self._send_if_complete()

    def _send_if_complete(self) -> None:
        if self._response is not None and self._caller is not None and not self._is_sent:
            self._is_sent = True
            self._send(self._response, self._caller)
