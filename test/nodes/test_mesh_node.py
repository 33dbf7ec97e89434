# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""mesh_node over real DDS: what it publishes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import time

from motion_avatar_ros.body.avatar_urdf import avatar_urdf
from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.body.smpl_file import load_smpl
from motion_avatar_ros.nodes.mesh_node import MeshNode
from motion_avatar_ros.nodes.mesh_parameters import MESH_PARAMETERS
from motion_avatar_ros.ros.body_messages import joint_state_message, stamp_ns
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, MARKERS
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from synthetic_smpl import synthetic_smpl, write_smpl
from visualization_msgs.msg import Marker

START_NS = 1_700_000_000_000_000_000


class Bench:
    """A mesh node, and a node that plays the rest of the system."""

    def __init__(self, **overrides) -> None:
        self.node = MeshNode(parameter_overrides=[
            Parameter(name, value=value) for name, value in overrides.items()])
        self.warnings: list[str] = []
        logger = self.node.get_logger()
        self.node.get_logger = lambda: self
        self.info = logger.info
        self.error = self.warnings.append
        self.warning = self.warnings.append
        self.other = rclpy.create_node('other')
        self.body = self.other.create_publisher(
            JointState, 'avatar_node/joint_states', JOINT_STATES)
        self.description = self.other.create_publisher(
            String, 'avatar_node/robot_description', LATCHED)
        self.meshes: list[bytes] = []
        self.subscription = None
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.other)

    def look(self) -> None:
        self.subscription = self.other.create_subscription(
            Marker, 'mesh_node/mesh', self.meshes.append, MARKERS, raw=True)
        assert self.until(lambda: self.node._publisher.get_subscription_count() == 1)

    def start(self) -> Bench:
        assert self.node.start()
        assert self.until(lambda: self.body.get_subscription_count() == 1)
        return self

    def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def spin(self, seconds: float) -> None:
        self.until(lambda: False, seconds)

    def close(self) -> None:
        self.node.close()
        self.other.destroy_node()
        self.executor.shutdown()


@pytest.fixture
def bench(ros_domain) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []
    rclpy.init()

    def make(**overrides) -> Bench:
        benches.append(Bench(**overrides))
        return benches[-1]

    yield make
    for each in benches:
        each.close()
    rclpy.try_shutdown()


def pose(seed: int = 0) -> BodyPose:
    return BodyPose(
        Rotation.from_rotvec(np.random.default_rng(seed).normal(0.0, 0.3, (22, 3))).as_matrix(),
        np.array([3.0, -2.0, 0.9]))


def body_message(body: BodyPose, time_ns: int = START_NS, frame_id: str = 'odom') -> JointState:
    return joint_state_message(body, time_ns, frame_id, JointStateEncoder())


def corners(data: bytes) -> np.ndarray:
    return np.array([(p.x, p.y, p.z) for p in deserialize_message(data, Marker).points])


def expected_corners(body: BodyPose, scale: float = 1.0) -> np.ndarray:
    mesh = load_builtin_mesh()
    return Skinner(mesh, scale * REST_OFFSETS_M).skin(body)[mesh.faces].reshape(-1, 3)


def test_mesh_is_the_skinned_pose_with_frame_and_stamp_of_the_input(bench):
    rig = bench().start()
    rig.look()
    rig.body.publish(body_message(pose(), START_NS + 123, 'map'))
    assert rig.until(lambda: len(rig.meshes) == 1)
    marker = deserialize_message(rig.meshes[0], Marker)
    assert (stamp_ns(marker.header.stamp), marker.header.frame_id) == (START_NS + 123, 'map')
    np.testing.assert_allclose(corners(rig.meshes[0]), expected_corners(pose()), atol=1e-5)
    assert rig.warnings == []


def test_doubtful_legs_are_coloured_and_a_broken_confidence_is_not_believed(bench):
    rig = bench(color_by='confidence').start()
    confidence = rig.other.create_publisher(JointState, 'avatar_node/confidence', JOINT_STATES)
    rig.look()
    assert rig.until(lambda: confidence.get_subscription_count() == 1)

    def shown(values: list[float]) -> np.ndarray:
        message = body_message(pose())
        confidence.publish(JointState(
            header=message.header, name=['upper_body', 'lower_body'], position=values))
        rig.spin(0.05)
        count = len(rig.meshes)
        rig.body.publish(message)
        assert rig.until(lambda: len(rig.meshes) == count + 1)
        return np.array([
            (each.r, each.g, each.b)
            for each in deserialize_message(rig.meshes[-1], Marker).colors])

    sure, unsure = shown([1.0, 1.0]), shown([1.0, 0.1])
    faces = load_builtin_mesh().vertex_parts[load_builtin_mesh().faces].ravel()
    assert np.ptp(sure, axis=0).max() < 1e-6
    changed = np.abs(unsure - sure).max(axis=1) > 0.1
    assert changed[faces == JOINT_INDEX['left_ankle']].all()
    assert not changed[faces == JOINT_INDEX['left_elbow']].any()
    np.testing.assert_array_equal(shown([1.0, float('nan')]), unsure)


def test_another_frame_of_the_body_is_followed(bench):
    rig = bench().start()
    rig.look()
    for count, frame_id in enumerate(('odom', 'somewhere_else', 'odom'), start=1):
        rig.body.publish(body_message(pose(count), START_NS, frame_id))
        assert rig.until(lambda wanted=count: len(rig.meshes) == wanted)
        marker = deserialize_message(rig.meshes[-1], Marker)
        assert marker.header.frame_id == frame_id
        np.testing.assert_allclose(
            corners(rig.meshes[-1]), expected_corners(pose(count)), atol=1e-5)


def nan(message: JointState) -> JointState:
    message.position[7] = float('nan')
    return message


def shortened(message: JointState) -> JointState:
    message.name, message.position = message.name[:-3], message.position[:-3]
    return message


def ragged(message: JointState) -> JointState:
    message.position = message.position[:-1]
    return message


def unplaced(message: JointState) -> JointState:
    message.header.frame_id = ''
    return message


@pytest.mark.parametrize(('spoil', 'said'), [
    (nan, 'not finite'), (shortened, 'missing'), (ragged, 'names but'),
    (unplaced, 'frame_id is empty'), (lambda _: JointState(header=_.header), 'missing'),
])
def test_bad_body_is_reported_once_publishes_nothing_and_is_survived(bench, spoil, said):
    rig = bench().start()
    rig.look()
    for _ in range(5):
        rig.body.publish(spoil(body_message(pose())))
        rig.spin(0.05)
    assert rig.meshes == []
    assert len(rig.warnings) == 1 and said in rig.warnings[0]
    level, line, values = rig.node._diagnose()
    assert level == 1 and said in line and values['refused_messages'] >= 1
    rig.body.publish(body_message(pose(1)))
    assert rig.until(lambda: len(rig.meshes) == 1)
    np.testing.assert_allclose(corners(rig.meshes[0]), expected_corners(pose(1)), atol=1e-5)


def test_nothing_is_skinned_while_nobody_looks(bench):
    rig = bench().start()
    rig.node._skinner.skin = lambda _: pytest.fail('skinned for nobody')
    for _ in range(5):
        rig.body.publish(body_message(pose()))
        rig.spin(0.03)
    assert rig.node._diagnose()[2]['input_rate_hz'] > 0.0


def test_rate_is_capped_and_the_newest_pose_wins(bench):
    rig = bench(rate_hz=10).start()
    rig.look()
    started_s = time.monotonic()
    for index in range(60):
        rig.body.publish(body_message(pose(), START_NS + index * 10_000_000))
        rig.spin(0.01)
    elapsed_s = time.monotonic() - started_s
    assert 3 <= len(rig.meshes) <= 10.0 * elapsed_s + 3
    stamps_ns = [stamp_ns(deserialize_message(m, Marker).header.stamp) for m in rig.meshes]
    assert stamps_ns == sorted(stamps_ns)


def test_the_description_gives_the_size_even_when_it_was_published_before(bench):
    rig = bench()
    rig.description.publish(String(data=avatar_urdf('avatar', 1.2 * REST_OFFSETS_M)))
    rig.start()
    rig.look()
    assert rig.until(lambda: rig.node._diagnose()[2]['scale'] > 1.1)
    rig.body.publish(body_message(pose()))
    assert rig.until(lambda: len(rig.meshes) == 1)
    np.testing.assert_allclose(corners(rig.meshes[0]), expected_corners(pose(), 1.2), atol=1e-5)


def test_a_description_that_is_no_avatar_changes_nothing(bench):
    rig = bench().start()
    rig.look()
    rig.description.publish(String(data='<robot name="r"><link name="base"/></robot>'))
    assert rig.until(lambda: len(rig.warnings) == 1)
    assert 'no avatar' in rig.warnings[0]
    rig.body.publish(body_message(pose()))
    assert rig.until(lambda: len(rig.meshes) == 1)
    np.testing.assert_allclose(corners(rig.meshes[0]), expected_corners(pose()), atol=1e-5)


def test_two_publishers_of_the_body_hold_the_mesh_until_one_is_gone(bench):
    rig = bench().start()
    rig.look()
    second = rig.other.create_publisher(JointState, 'avatar_node/joint_states', JOINT_STATES)
    assert rig.until(lambda: len(rig.warnings) == 1)
    assert '2 publishers' in rig.warnings[0] and 'avatar_node/joint_states' in rig.warnings[0]
    rig.body.publish(body_message(pose()))
    rig.spin(0.1)
    assert rig.meshes == []
    rig.other.destroy_publisher(second)
    rig.spin(1.2)
    rig.body.publish(body_message(pose()))
    assert rig.until(lambda: len(rig.meshes) == 1)
    assert len(rig.warnings) == 1


def test_deactivated_node_is_silent_and_can_be_activated_again(bench):
    rig = bench().start()
    rig.look()
    rig.node.trigger_deactivate()
    rig.body.publish(body_message(pose()))
    rig.spin(0.1)
    assert rig.meshes == []
    rig.node.trigger_activate()
    assert rig.until(lambda: rig.body.get_subscription_count() == 1)
    rig.body.publish(body_message(pose()))
    assert rig.until(lambda: len(rig.meshes) == 1)


@pytest.mark.parametrize(('name', 'value', 'said'), [
    ('rate_hz', 0.0, '0.1 .. 1000'), ('rate_hz', 'fast', 'float'), ('color', 'red', '#rrggbb'),
    ('resolution', 'huge', "'coarse', 'fine'"), ('lifetime', 1.0, 'lifetime_s'),
    ('betas', 'tall', 'allowed: numbers'), ('betas', '1.0', 'needs a body_model'),
    ('body_model', 'none.pkl', 'no such file'),
])
def test_a_bad_parameter_is_refused_saying_what_is_allowed(bench, name, value, said):
    rig = bench(**{name: value})
    assert not rig.node.start()
    assert any(said in line for line in rig.warnings)
    assert rig.node.state_label == 'unconfigured'


def test_a_model_of_the_user_is_shown_in_their_shape(bench, tmp_path):
    path = write_smpl(tmp_path, synthetic_smpl(), '.pkl')
    rig = bench(body_model=str(path), betas='1.0, -2.0').start()
    rig.look()
    rig.body.publish(body_message(pose()))
    assert rig.until(lambda: len(rig.meshes) == 1)
    mesh = load_smpl(path, np.array([1.0, -2.0]))
    expected = Skinner(mesh).skin(pose())[mesh.faces].reshape(-1, 3)
    np.testing.assert_allclose(corners(rig.meshes[0]), expected, atol=1e-5)


def test_every_parameter_is_described():
    assert all(parameter.description for parameter in MESH_PARAMETERS)
