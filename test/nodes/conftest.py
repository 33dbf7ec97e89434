# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A running avatar_node, an operator in front of it, and ears on what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math
from pathlib import Path
import threading
import time
from typing import TYPE_CHECKING

from geometry_msgs.msg import TransformStamped
import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from safetensors.torch import load_file, save_file

from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.nodes.avatar_node import AvatarNode
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf
from motion_avatar_ros.ros.body_messages import time_message
from motion_avatar_ros.ros.qos import TF
from motion_avatar_ros.ros.stream_checker import StreamChecker, StreamReport

if TYPE_CHECKING:
    from generator_bench import GeneratorBench
    from retarget_bench import RetargetBench

RATE_HZ = 60.0
FRAMES = {
    'head': 'head_tracker', 'left_hand': 'left_hand_tracker', 'right_hand': 'right_hand_tracker'}

#: Tracker, stamp [ns], position [m], quaternion xyzw of one sample.
Sample = tuple[str, int, list[float], list[float]]
#: Returns what is sent instead of a sample: other samples, or none.
Mutation = Callable[[Sample], list[Sample]]


def operator_samples(stamp_ns: int) -> list[Sample]:
    """Return where an operator who sways and waves is at a time."""
    t = (stamp_ns % 1_000_000_000_000) / 1e9
    yaw = 0.3 * math.sin(1.1 * t)
    facing = [0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)]
    return [
        ('head', stamp_ns, [0.1 * math.sin(t), 0.05 * math.cos(t), 1.6], facing),
        ('left_hand', stamp_ns, [0.3, 0.35 + 0.1 * math.sin(5 * t), 1.1], facing),
        ('right_hand', stamp_ns, [0.3, -0.35, 1.2 + 0.2 * math.sin(6 * t)], facing),
    ]


class AvatarRig:
    """Runs the node in a thread, sends trackers, and records poses and log."""

    def __init__(self, parameters: dict, capture: pytest.CaptureFixture) -> None:
        messages = pytest.importorskip(
            'tf2_msgs.msg', reason='tf2_msgs is not installed: no TF input on this host')
        self._tf_type = messages.TFMessage
        rclpy.init()
        self.node = AvatarNode(parameter_overrides=[
            Parameter(name, value=value) for name, value in parameters.items()])
        self.observer = Node('observer')
        self.max_joint_rad_s = parameters.get('limits.max_joint_rad_s', 30.0)
        self.checker = StreamChecker(self.observer, 'avatar_node/joint_states')
        # The terminal and not /rosout: with several nodes of one name, one after the other in
        # one process, rcl sends the log of the later ones to the publisher of the first.
        self._capture = capture
        self._log = ''
        self._tf = self.observer.create_publisher(self._tf_type, '/tf', TF)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._executor.add_node(self.observer)
        self.node.start()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        if self.node.state_label == 'active':
            self.wait_for(lambda: self.observer.count_publishers('avatar_node/joint_states') > 0)

    @property
    def log(self) -> list[str]:
        self._log += self._capture.readouterr().err
        return self._log.splitlines()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def send_samples(self, samples: list[Sample]) -> None:
        message = self._tf_type()
        for tracker, stamp_ns, position, quaternion in samples:
            transform = TransformStamped(child_frame_id=FRAMES[tracker])
            transform.header.frame_id = 'odom'
            transform.header.stamp = time_message(stamp_ns)
            t, q = transform.transform.translation, transform.transform.rotation
            t.x, t.y, t.z = position
            q.x, q.y, q.z, q.w = quaternion
            message.transforms.append(transform)
        self._tf.publish(message)

    def operate(self, duration_s: float, mutate: Mutation | None = None) -> None:
        """Let the operator move for a while; `mutate` spoils the samples."""
        # Stamps are those of the schedule: a busy machine's jitter is not the device's.
        next_s, start_ns = time.monotonic(), self.node.get_clock().now().nanoseconds
        for frame in range(round(duration_s * RATE_HZ)):
            samples = operator_samples(start_ns + round(frame * 1e9 / RATE_HZ))
            if mutate is not None:
                samples = [changed for sample in samples for changed in mutate(sample)]
            self.send_samples(samples)
            next_s += 1.0 / RATE_HZ
            time.sleep(max(0.0, next_s - time.monotonic()))

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        return condition()

    def track(self) -> None:
        """Operate until poses flow."""
        for _ in range(20):
            count = len(self.checker)
            self.operate(0.25)
            if len(self.checker) >= count + 12:
                return
        raise AssertionError(f'no poses; log: {self.log}')

    def logged(self, *words: str) -> bool:
        return any(all(word in line for word in words) for line in self.log)

    def wait_logged(self, *words: str, timeout_s: float = 5.0) -> None:
        assert self.wait_for(lambda: self.logged(*words), timeout_s), (words, self.log)

    def check_safe(self) -> StreamReport:
        """Assert what must hold whatever came in."""
        time.sleep(0.1)
        report = self.checker.report()
        assert self.is_alive
        assert report.invalid == 0
        assert report.out_of_order == 0
        assert report.max_step_deg <= math.degrees(self.max_joint_rad_s / RATE_HZ) + 1e-5
        return report

    def close(self) -> None:
        self._executor.shutdown(timeout_sec=5.0)
        self.node.close()
        self.observer.destroy_node()
        rclpy.try_shutdown()
        self._thread.join(5.0)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass


@pytest.fixture(scope='session')
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a tiny model with random weights, of wild poses that jump with each restart."""
    folder = write_random_baseline(tmp_path_factory.mktemp('models') / 'random')
    weights = load_file(folder / 'weights.safetensors')
    for name in ('to_body.2.weight', 'to_root.2.weight'):
        weights[name] *= 8.0
    save_file(weights, folder / 'weights.safetensors')
    return folder


@pytest.fixture
def operator() -> Callable[[int], list[Sample]]:
    """Return the operator: samples of all trackers at a stamp."""
    return operator_samples


@pytest.fixture
def avatar_rig(ros_domain, random_model, capfd) -> Iterator[Callable[..., AvatarRig]]:
    """Return a function that starts avatar_node with parameters (dots as in YAML)."""
    rigs: list[AvatarRig] = []

    def start(**parameters) -> AvatarRig:
        rigs.append(AvatarRig({
            'model': str(random_model),
            # Low, so that the limit is met and not only the gate.
            'limits.max_joint_rad_s': 3.0,
            # Long, so that a busy machine's pauses are not taken for a tracker's.
            **{f'stale.{what}_s': 0.5 for what in ('head', 'hands', 'others', 'pose')},
            **parameters}, capfd))
        return rigs[-1]

    yield start
    for rig in rigs:
        rig.close()


@pytest.fixture
def make_bench(ros_domain) -> Iterator[Callable[..., RetargetBench]]:
    pytest.importorskip('pinocchio', reason='pinocchio is not installed')
    from retarget_bench import RetargetBench

    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))
    rclpy.init()
    benches: list[RetargetBench] = []

    def build(**overrides) -> RetargetBench:
        benches.append(RetargetBench(**overrides))
        return benches[-1]

    yield build
    for bench in benches:
        bench.close()
    rclpy.try_shutdown()


@pytest.fixture
def make_generator(ros_domain, monkeypatch) -> Iterator[Callable[..., GeneratorBench]]:
    """Return a function that makes generator_node of built-in motions, with parameters."""
    from generator_bench import GeneratorBench
    from played_generator import played_generator

    monkeypatch.setattr(
        'motion_avatar_ros.nodes.generator_parts.load_generator',
        lambda name, device: played_generator())
    if not rclpy.ok():
        rclpy.init()
    benches: list[GeneratorBench] = []

    def build(executor: SingleThreadedExecutor | None = None, **overrides) -> GeneratorBench:
        benches.append(GeneratorBench(executor, **overrides))
        return benches[-1]

    yield build
    for bench in benches:
        bench.close()
    rclpy.try_shutdown()
