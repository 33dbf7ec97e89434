# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The managed node all our lifecycle nodes derive from, and the main function of every node.

A subclass overrides `configure`, `activate`, `deactivate` and `cleanup`; the last two can be
called at any time, any number of times. A user's mistake (a MotionAvatarError) in a
transition is one line in the log and a refused transition: the node stays alive and can be
configured again after `ros2 param set`. Parameters can be changed while unconfigured only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import signal
import sys
import traceback
from typing import Any

from lifecycle_msgs.srv import ChangeState
import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleState, Node as LifecycleNode, TransitionCallbackReturn

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.parameters import NodeParameters, Parameter

#: What gets one line; rclpy refuses names and its own parameters by its own exceptions.
_USER_MISTAKES = (MotionAvatarError, NameValidationException, ParameterException)
AUTO_ACTIVATE = Parameter(
    'auto_activate', True, 'configure and activate at start, without a lifecycle manager')


class AvatarLifecycleNode(LifecycleNode):
    """A managed node with one parameter table."""

    def __init__(self, node_name: str, table: Sequence[Parameter], **node_arguments: Any) -> None:
        super().__init__(node_name, **node_arguments)
        self._parameters_in_force = NodeParameters(
            self, (*table, AUTO_ACTIVATE), self._why_parameters_are_fixed)
        #: Why the last transition was refused, in one line; None when it was not.
        self.last_transition_error: str | None = None
        # rclpy's own answer to a transition that the state does not have ends the process.
        for service in self.services:
            if service.srv_type is ChangeState:
                self._change_state = service.callback
                service.callback = self._on_change_state

    # What a subclass overrides.

    def configure(self, parameters: dict[str, Any]) -> None:
        """Create what activation needs; a MotionAvatarError refuses the transition."""

    def activate(self) -> None:
        """Start; must be quick."""

    def deactivate(self) -> None:
        """Stop what `activate` started."""

    def cleanup(self) -> None:
        """Free what `configure` created."""

    # What runs it.

    @property
    def state_label(self) -> str:
        """Label of the lifecycle state, such as 'active'."""
        return self._state_machine.current_state[1]

    def start(self) -> bool:
        """Configure and activate unless `auto_activate` is false; False when refused."""
        if not self.get_parameter(AUTO_ACTIVATE.name).value:
            return True
        success = TransitionCallbackReturn.SUCCESS
        return self.trigger_configure() == success and self.trigger_activate() == success

    def close(self) -> None:
        """Free everything and destroy the node."""
        for step in (self.deactivate, self.cleanup):
            try:
                step()
            except Exception:
                self.get_logger().error(traceback.format_exc())
        self.destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Configure from the parameters in force now."""
        result = self._transition(
            'configure', lambda: self.configure(self._parameters_in_force.values()))
        if result != TransitionCallbackReturn.SUCCESS:
            self._quietly(self.cleanup)
            return result
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enable the publishers, then start."""
        result = super().on_activate(state)
        if result != TransitionCallbackReturn.SUCCESS:
            return result
        result = self._transition('activate', self.activate)
        if result != TransitionCallbackReturn.SUCCESS:
            self._quietly(self.deactivate)
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop, then disable the publishers."""
        result = self._transition('deactivate', self.deactivate)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free what configure created."""
        return self._transition('clean up', self.cleanup)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free from any state."""
        return self._transition('shut down', self._stop_and_free)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free, and be unconfigured again."""
        self._quietly(self.deactivate)
        self._quietly(self.cleanup)
        return TransitionCallbackReturn.SUCCESS

    def _on_change_state(
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        transition = request.transition
        known = {entry[0]: entry[1] for entry in self._state_machine.available_transitions}
        if not transition.label and transition.id not in known:
            names = ', '.join(f'{number} ({label})' for number, label in sorted(known.items()))
            self.get_logger().error(
                f'no transition {transition.id} while {self.state_label}; known: {names}')
            response.success = False
            return response
        return self._change_state(request, response)

    def _stop_and_free(self) -> None:
        self.deactivate()
        self.cleanup()

    def _transition(self, verb: str, step: Callable[[], Any]) -> TransitionCallbackReturn:
        self.last_transition_error = None
        try:
            step()
        except _USER_MISTAKES as error:
            self.last_transition_error = f'cannot {verb}: {_one_line(error)}'
            self.get_logger().error(self.last_transition_error)
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self.last_transition_error = f'cannot {verb}: {type(error).__name__}: {error}'
            self.get_logger().error(f'cannot {verb}: {traceback.format_exc()}')
            return TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS

    def _quietly(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:
            self.get_logger().error(traceback.format_exc())

    def _why_parameters_are_fixed(self) -> str | None:
        label = self.state_label
        if label == 'unconfigured':
            return None
        return (
            f'can be changed while the node is unconfigured only (it is {label}): clean up first')


def run(
    node_factories: Callable[[], Any] | Sequence[Callable[[], Any]],
    args: Sequence[str] | None = None,
) -> int:
    """
    Run one node, or several in one process, until SIGINT or SIGTERM.

    Args:
        node_factories: make the nodes; those with a `start` method are started.
        args: command line; None takes sys.argv.

    Returns:
        Exit status: 0, or 2 after one line on standard error for a user's mistake.
    """
    factories = [node_factories] if callable(node_factories) else list(node_factories)
    nodes: list[Any] = []
    status = 0
    try:
        _init(args)
        executor = SingleThreadedExecutor()
        for factory in factories:
            nodes.append(factory())
            executor.add_node(nodes[-1])
        for node in nodes:
            if hasattr(node, 'start'):
                node.start()
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except _USER_MISTAKES as error:
        sys.stderr.write(f'error: {_one_line(error)}\n')
        status = 2
    except RuntimeError:  # also rclpy's RCLError
        # A signal that arrives between the executor's check and its wait ends in this one.
        if rclpy.ok():
            raise
    finally:
        # ros2 launch may deliver SIGINT twice; the second must not interrupt the clean-up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for node in reversed(nodes):
            node.close() if hasattr(node, 'close') else node.destroy_node()
        rclpy.try_shutdown()
    return status


def _init(args: Sequence[str] | None) -> None:
    try:
        rclpy.init(args=None if args is None else list(args))
    except RuntimeError as error:  # arguments after --ros-args that cannot be read
        raise MotionAvatarError(str(error).partition(', at /')[0]) from None


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
