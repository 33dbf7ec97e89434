# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Words in, a moving body out, without end; or legs for an operator who has none tracked.

With `mode: motion` the body is published at `rate_hz`. With `mode: legs` there is one body for
each of the operator's, with its stamp, and none while the operator's does not come: whoever
follows holds, as without this node. The legs' time stands still meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from motion_avatar_ros.body.avatar_urdf import avatar_urdf
from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import REST_OFFSETS_M
from motion_avatar_ros.generation.merged_body import legs_scale, merged
from motion_avatar_ros.generation.prompt_text import PromptError
from motion_avatar_ros.nodes.generator_diagnostics import GeneratorDiagnosis
from motion_avatar_ros.nodes.generator_parameters import GENERATOR_PARAMETERS, LEGS
from motion_avatar_ros.nodes.operator_input import OperatorInput, OperatorPose
from motion_avatar_ros.nodes.status_text import StatusText
from motion_avatar_ros.ros.body_messages import joint_state_message, transform_messages
from motion_avatar_ros.ros.diagnostics import ERROR, WARN, DiagnosticsPublisher, RateMeter
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.problem_log import ProblemLog
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
from motion_avatar_ros.ros.state_publisher import StatePublisherDescription
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus

if TYPE_CHECKING:
    from motion_avatar_ros.nodes.generator_parts import GeneratorParts

_WATCH_PERIOD_S = 0.1
_LONGEST_STEP_S = 0.1   # that time goes on by in one pose: after a pause nothing is skipped
_PROMPT_DEPTH = 10
_LOGGED = 120           # characters of a prompt
_MOTION = FollowStatus(FollowState.TRACKING, 'moving as told')


class GeneratorNode(AvatarLifecycleNode):
    """Wires prompts, the stream and the body topic."""

    def __init__(self, **node_arguments: Any) -> None:
        self._parts_in_use: GeneratorParts | None = None
        self._held: BodyPose | None = None  # by consumers, while nothing is configured
        self._publishers_in_use: list[Any] = []
        self._entities: list[tuple[Any, Any]] = []  # what destroys, and what
        self._operator: OperatorInput | None = None
        self._state_publisher: StatePublisherDescription | None = None
        self._problems = ProblemLog(self)
        super().__init__('generator_node', GENERATOR_PARAMETERS, **node_arguments)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Load the generator and make the publishers."""
        self._values = parameters
        # Imports torch, for seconds: a node that is not configured does without.
        from motion_avatar_ros.nodes.generator_parts import make_parts

        self._parts_in_use = make_parts(parameters, self.get_logger().error, self._held)
        self._frame_id = parameters['body_frame']
        self._offsets_m = REST_OFFSETS_M
        self._scale = 1.0
        self._encoder = JointStateEncoder()
        publisher = self._make_publisher
        self._pose_publisher = publisher(JointState, '~/joint_states', JOINT_STATES)
        self._description_publisher = publisher(String, '~/robot_description', LATCHED)
        self._status_text = StatusText(self, self._frame_id)
        self._publishers_in_use.append(self._status_text.publisher)
        self._tf_publisher: Any = None
        if parameters['publish_tf']:
            try:
                from tf2_msgs.msg import TFMessage
            except ImportError:
                raise ParameterError(
                    "parameter 'publish_tf' is True but tf2_msgs is not installed; "
                    'allowed here: False') from None
            self._tf_message = TFMessage
            self._tf_publisher = publisher(TFMessage, '/tf', TF)
        if parameters['state_publisher']:
            self._state_publisher = StatePublisherDescription(
                self, parameters['state_publisher'])
        self.get_logger().info(
            f"generator '{self._parts.generator.name}', mode {parameters['mode']}; say what is "
            f"to be done on '{self.resolve_topic_name('~/prompt')}'")

    def activate(self) -> None:
        """Stand, take prompts, publish."""
        values, parts = self._values, self._parts
        self._problems = ProblemLog(self)
        self._diagnosis = GeneratorDiagnosis()
        self._output = RateMeter()
        self._refused_prompts = 0
        self._time_s = 0.0
        self._last_ns: int | None = None
        self._status = _MOTION
        parts.stream.reset()
        parts.limiter.resume()
        self._describe()
        if values['mode'] == LEGS:
            self._operator = OperatorInput(
                self, values, self._problems, self._on_operator, self._on_size)
            self._status = self._operator.status()
        else:
            # By the node's clock: with use_sim_time motion keeps its speed in simulated time.
            self._own(self.destroy_timer, self.create_timer(1.0 / values['rate_hz'], self._tick))
        self._own(self.destroy_subscription, self.create_subscription(
            String, '~/prompt', self._on_prompt, _PROMPT_DEPTH))
        self._own(self.destroy_service, self.create_service(
            Trigger, '~/reset', self._on_reset))
        self._own(self.destroy_timer, self.create_timer(
            _WATCH_PERIOD_S, self._watch, clock=self._steady))
        parts.stream.say(values['prompt'])
        parts.worker.start()

    def deactivate(self) -> None:
        """Stop listening and making; the generator and the publishers stay."""
        for destroy, entity in self._entities:
            destroy(entity)
        self._entities = []
        if self._operator is not None:
            self._operator.close()
            self._operator = None
        if self._parts_in_use is not None:
            self._parts_in_use.worker.stop()

    def cleanup(self) -> None:
        """Free the generator and the publishers."""
        if self._parts_in_use is not None:
            self._held = self._parts_in_use.limiter.last
        self._parts_in_use = None
        for publisher in self._publishers_in_use:
            self.destroy_lifecycle_publisher(publisher)
        self._publishers_in_use = []
        if self._state_publisher is not None:
            self._state_publisher.close()
            self._state_publisher = None

    @property
    def _parts(self) -> GeneratorParts:
        assert self._parts_in_use is not None  # called while configured only
        return self._parts_in_use

    def _make_publisher(self, message_type: type, topic: str, qos: Any) -> Any:
        publisher = self.create_lifecycle_publisher(message_type, topic, qos)
        self._publishers_in_use.append(publisher)
        return publisher

    def _own(self, destroy: Any, entity: Any) -> None:
        self._entities.append((destroy, entity))

    def _tick(self) -> None:
        """Publish the generated body as of now."""
        now_ns = self.get_clock().now().nanoseconds
        before_ns, self._last_ns = self._last_ns, now_ns
        step_s = 1.0 / self._values['rate_hz'] if before_ns is None else (
            now_ns - before_ns) * 1e-9
        if step_s > 0.0:    # a simulated clock may stand still, or begin anew
            self._emit(self._stepped(step_s), step_s, now_ns)

    def _on_operator(self, operator: OperatorPose) -> None:
        """Publish the operator's body on generated legs."""
        if operator.elapsed_s is None:
            self._parts.limiter.resume()
        step_s = operator.elapsed_s or 1.0 / self._values['rate_hz']
        self._frame_id = operator.frame_id
        self._emit(
            merged(self._stepped(step_s), operator.pose, self._scale), step_s, operator.stamp)

    def _stepped(self, step_s: float) -> BodyPose:
        """Let the stream's time go on, and return its pose."""
        self._time_s += min(step_s, _LONGEST_STEP_S)
        return self._parts.stream.pose_at(self._time_s)

    def _emit(self, pose: BodyPose, step_s: float, stamp: int) -> None:
        frame_s = 1.0 / self._values['rate_hz']
        shown = self._parts.limiter.limit(
            pose, min(step_s, frame_s), min(step_s, _LONGEST_STEP_S))
        self._pose_publisher.publish(
            joint_state_message(shown, stamp, self._frame_id, self._encoder))
        if self._tf_publisher is not None:
            self._tf_publisher.publish(self._tf_message(transforms=transform_messages(
                shown, stamp, self._frame_id, self._values['body_id'], self._offsets_m)))
        self._output.tick()

    def _on_prompt(self, message: String) -> None:
        try:
            prompt = self._parts.stream.say(message.data)
        except PromptError as error:
            self._refused_prompts += 1
            self._problems.say(f'prompt refused: {error}; what was done goes on')
            return
        shown = prompt if len(prompt) <= _LOGGED else f'{prompt[:_LOGGED]} ...'
        self.get_logger().info(f"prompt: '{shown}'" if prompt else 'prompt: stand')

    def _on_size(self, offsets_m: np.ndarray, description: str) -> None:
        """Take the operator's size, and blend into it."""
        self._offsets_m = offsets_m
        self._scale = legs_scale(offsets_m)
        self._parts.limiter.resume()
        self._describe()

    def _describe(self) -> None:
        description = avatar_urdf(
            self._values['body_id'], self._offsets_m, fixed_frame=self._frame_id)
        self._description_publisher.publish(String(data=description))
        if self._state_publisher is not None:
            self._state_publisher.set(description)

    def _watch(self) -> None:
        """Look after the operator, and show what is done over the body."""
        if self._state_publisher is not None:
            self._state_publisher.update()
        if self._operator is not None:
            before, self._status = self._status, self._operator.status()
            if self._status.state is not before.state:
                is_good = self._status.state is FollowState.TRACKING
                logger = self.get_logger()
                (logger.info if is_good else logger.warning)(self._status.reason)
        prompt = self._parts.stream.status().prompt
        self._status_text.show(self._status, self._parts.limiter.last, prompt or 'standing')

    def _on_reset(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        self._parts.stream.reset()
        self._parts.limiter.resume()
        response.success = True
        response.message = 'the prompt is forgotten; the body blends into standing at the origin'
        return response

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if not self._entities:
            error = self.last_transition_error
            level = WARN if error is None else ERROR
            return level, error or self.state_label, {'state': self.state_label}
        operator = self._operator
        return self._diagnosis.tell(self._status, self._parts, {
            'mode': self._values['mode'],
            'model_parameter': self._values['model'],
            'output_rate_hz': self._output.rate_hz(time.monotonic()),
            'refused_prompts': self._refused_prompts,
            **({} if operator is None else {
                'operator_rate_hz': operator.rate.rate_hz(),
                'operator_publishers': operator.publishers,
                'refused_messages': operator.refused}),
        })


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(GeneratorNode, args)


if __name__ == '__main__':
    sys.exit(main())
