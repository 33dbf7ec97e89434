# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a typed sentence to a simulated G1, with real nodes; and a body that changes hands."""

from __future__ import annotations

from collections.abc import Iterator
import time

from generator_bench import GeneratorBench, poses_of
from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.nodes.prompt_control import PromptControl
from motion_avatar_ros.nodes.viewer_node import ViewerNode
from motion_avatar_ros.ros.body_messages import joint_state_message
from motion_avatar_ros.ros.qos import JOINT_STATES
import numpy as np
from played_generator import CAPTIONS
import pytest
import rclpy
from rclpy.parameter import Parameter
from retarget_bench import PERIOD_S, RetargetBench, person
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool
from stream_player import largest_turn_deg

pytest.importorskip('mujoco', reason='MuJoCo is not installed')

from motion_avatar_ros.nodes.sim_robot_node import SimRobotNode  # noqa: E402

_BODY = 'generator_node/joint_states'
_KNEES = ('left_knee_joint', 'right_knee_joint')


class Stage:
    """generator_node, retarget_node and sim_robot_node in one executor."""

    def __init__(self, bench: RetargetBench, generator: GeneratorBench) -> None:
        self.bench, self.generator = bench, generator
        self.sim = SimRobotNode(parameter_overrides=[Parameter('rate_hz', value=50.0)])
        self.states: list[JointState] = []
        bench.other.create_subscription(
            JointState, 'joint_states', self.states.append, JOINT_STATES)
        bench.executor.add_node(self.sim)
        for node in (self.sim, bench.node):
            assert node.start()
        generator.start()
        assert bench.until(lambda: len(self.states) > 20 and bench.shown and all(
            client.service_is_ready() for client in (bench.engage, bench.stop)), 10.0)

    @property
    def gate(self):
        return self.bench.node._commands.gate

    def engage(self) -> None:
        response = self.bench.call(self.bench.engage, SetBool.Request(data=True))
        assert response.success, response.message

    def measured(self, names) -> np.ndarray:
        return np.array([[dict(zip(state.name, state.position))[name] for name in names]
                         for state in self.states])

    def close(self) -> None:
        self.sim.close()


@pytest.fixture
def stage(make_bench, make_generator) -> Iterator[Stage]:
    bench = make_bench(
        body_topic=_BODY, description_topic='generator_node/robot_description',
        command__joints='whole_body', engage__approach_rad_s=1.5)
    made = Stage(bench, make_generator(bench.executor))
    yield made
    made.close()


def assert_within_limits(stage: Stage) -> None:
    """Nothing had to be held back before the robot, and it went nowhere that it may not."""
    commands, wall = stage.bench.node._commands, stage.bench.node._commands.wall
    assert not wall.rejected, wall.last_anomaly
    limits = wall._limits
    path = stage.bench.positions()
    assert len(path) > 50
    assert (path >= limits.lower - 1e-6).all() and (path <= limits.upper + 1e-6).all()
    # By no more than the fastest joint may go in the longest time that a command counts.
    assert (np.abs(np.diff(path, axis=0)) <= limits.velocity * 0.1 + 1e-6).all()
    robot = stage.bench.node._retargeter.limits
    shown = np.array([message.position for message in stage.bench.shown])
    assert (shown >= robot.lower - 1e-6).all() and (shown <= robot.upper + 1e-6).all()
    assert commands.gate.is_commanding


def test_a_typed_sentence_moves_the_simulated_robot_and_ten_stay_within_its_limits(stage):
    stage.generator.run(0.5)
    stage.engage()
    stage.generator.run(3.0)
    assert stage.gate.state.value == 'engaged', stage.gate.reason
    del stage.states[:]
    stage.generator.run(0.5)
    assert np.ptp(stage.measured(_KNEES), axis=0).max() < 0.05     # it stands
    del stage.states[:]
    stage.generator.say(CAPTIONS['walk'])
    stage.generator.run(3.5)
    assert np.ptp(stage.measured(_KNEES), axis=0).min() > 0.4      # both knees walk
    for name in ('squat', 'wave', 'turn', 'stop', 'walk', 'wave', 'squat', 'turn', ''):
        stage.generator.say(CAPTIONS.get(name, name))
        stage.generator.run(1.2)
    assert_within_limits(stage)
    assert stage.gate.state.value == 'engaged', stage.gate.reason
    assert stage.generator.told['failed_pieces'] == 0


def test_what_is_typed_on_the_page_reaches_the_generator(make_generator):
    bench = make_generator().start()
    viewer = ViewerNode(parameter_overrides=[
        Parameter('port', value=0), Parameter('mesh', value='coarse'),
        Parameter('body_topic', value=_BODY), Parameter('avatar_node', value='generator_node')])
    bench.executor.add_node(viewer)
    try:
        page: PromptControl = viewer._prompt
        assert bench.until(lambda: page._page._button.visible)     # somebody listens
        page._page._text.value = 'a person\nwalks'
        page._page._prompts.append(page._page._text.value)         # as the button does
        assert bench.until(lambda: bench.told['prompt'] == 'a person walks')
        assert bench.until(lambda: bench.told['is_moving'])
        page._page._prompts.append('stop')
        assert bench.until(lambda: bench.told['prompt'] == 'none: standing')
        # What is chosen and calibrated is a generator here.
        models = viewer._model._page
        assert bench.until(lambda: models._dropdown.visible)
        assert models._dropdown.value == 'mosa' and 'baseline' not in models._dropdown.options
        assert not viewer._calibration._page._button.visible
    finally:
        bench.executor.remove_node(viewer)
        viewer.close()


def test_a_body_of_another_publisher_is_held_and_aligned_with_even_without_a_gap(make_bench):
    bench = make_bench(engage__approach_rad_s=1.0).start()
    bench.stand()
    bench.call(bench.engage, SetBool.Request(data=True))
    bench.run(2.0)
    gate = bench.node._commands.gate
    assert gate.state.value == 'engaged'
    seen, say = [], bench.node._commands.say

    def watched() -> str:
        seen.append(gate.state.value)
        return say()

    bench.node._commands.say = watched
    other = rclpy.create_node('another_source')
    bench.executor.add_node(other)
    # One goes and the other comes within a frame; its arm is elsewhere.
    bench.other.destroy_publisher(bench.body)
    bench.body = other.create_publisher(JointState, 'avatar_node/joint_states', JOINT_STATES)
    bench.commands.clear()
    end_s = time.monotonic() + 4.0
    encoder = JointStateEncoder()
    while time.monotonic() < end_s:
        bench.measure()
        bench.body.publish(joint_state_message(
            person(1.9), other.get_clock().now().nanoseconds, 'odom', encoder))
        due_s = time.monotonic() + PERIOD_S
        bench.until(lambda: time.monotonic() >= due_s)
    try:
        assert seen.index('hold') < seen.index('aligning') < seen[seen.index('aligning'):].index(
            'engaged') + seen.index('aligning')
        assert not bench.node._commands.wall.rejected
        assert np.abs(np.diff(bench.positions(), axis=0)).max() < 4.0 * 0.1
    finally:
        bench.executor.remove_node(other)
        other.destroy_node()


def test_from_generated_motion_to_the_operators_legs_goes_through_hold_and_blend(stage):
    """The mode changes while engaged: the node is cleaned up and configured again."""
    generator, gate = stage.generator, stage.gate
    stage.bench.other.destroy_publisher(stage.bench.body)   # there is one operator
    generator.say(CAPTIONS['squat'])
    generator.run(0.5)
    stage.engage()
    generator.run(3.5)
    assert gate.state.value == 'engaged', gate.reason
    states = [gate.state.value]
    node, last = generator.node, poses_of(generator.bodies[-1:])
    count = len(generator.bodies)

    def watch(seconds):
        came = generator.operate(seconds, lambda _: person(1.2))
        states.append(gate.state.value)
        return came

    for transition in ('deactivate', 'cleanup'):
        getattr(node, f'trigger_{transition}')()
    node.set_parameters([Parameter('mode', value='legs')])
    for _ in range(3):
        watch(0.2)
    assert states[-1] == 'hold', states
    assert node.trigger_configure().name == node.trigger_activate().name == 'SUCCESS'
    for _ in range(25):
        watch(0.15)
        if states[-1] == 'engaged':
            break
    assert states[-1] == 'engaged', (states, gate.reason)
    # It was taken up from where it was held, and blended from there.
    bodies = poses_of(generator.bodies[count:])
    step = geodesic_angle(bodies.local_rotations[0], last.local_rotations[0])
    assert np.rad2deg(step.max()) < 12.0
    assert largest_turn_deg(bodies) < 30.0
    # And without its operator everything holds again.
    generator.run(0.8)
    assert gate.state.value == 'hold'
    assert_within_limits(stage)
