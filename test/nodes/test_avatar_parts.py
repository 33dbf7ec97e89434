# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What avatar_node is made of, and what it cannot be made of."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from motion_avatar_ros.estimation.random_mage import write_random_mage  # noqa: E402
from motion_avatar_ros.estimation.random_model import write_random_baseline  # noqa: E402
from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS  # noqa: E402
from motion_avatar_ros.nodes.avatar_parts import make_parts  # noqa: E402
from motion_avatar_ros.nodes.tracker_sources import tracker_sources  # noqa: E402
from motion_avatar_ros.ros.parameters import ParameterError  # noqa: E402
from motion_avatar_ros.trackers.observation import (  # noqa: E402
    OPTIONAL_TRACKER_NAMES, TRACKER_NAMES,
)

DEFAULTS = {parameter.name: parameter.default for parameter in AVATAR_PARAMETERS}


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    return {'baseline': str(write_random_baseline(folder / 'baseline')),
            'mage': str(write_random_mage(folder / 'mage'))}


def parts(**changes):
    values = {**DEFAULTS, 'device': 'cpu', **changes}
    return make_parts(values, tracker_sources(values), lambda *_: None, lambda: 0)


@pytest.mark.parametrize(('model', 'optional', 'seen'), [
    ('baseline', ['pelvis'], TRACKER_NAMES), ('mage', [], TRACKER_NAMES),
    ('mage', ['pelvis'], (*TRACKER_NAMES, 'pelvis')),
    ('mage', list(OPTIONAL_TRACKER_NAMES), (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)),
])
def test_model_gets_the_trackers_that_are_worn_and_that_it_knows(models, model, optional, seen):
    made = parts(model=models[model], optional_trackers=optional)
    assert made.estimator.tracker_names == seen
    assert made.trackers[:len(seen)] == seen
    assert set(made.trackers) == {*TRACKER_NAMES, *optional}


@pytest.mark.parametrize(('latency_s', 'gate'), [(-0.15, 'max_future_s'), (1.0, 'max_age_s')])
def test_latency_that_the_gates_would_refuse_is_refused_in_words(
        models, tmp_path, latency_s, gate):
    profile = tmp_path / 'late.yaml'
    profile.write_text(f'base: generic\ndescription: late\nlatency_s: {latency_s}\n')
    with pytest.raises(ParameterError, match=f'latency_s {latency_s:g}, .*{gate}'):
        parts(model=models['baseline'], profile=str(profile))
