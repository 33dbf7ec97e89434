# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ladder of the skeleton: connected parts at every level, and maps that only ever refine."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.part_scales import (
    CHAIN_GROUPS, GROUPINGS, PAPER_LENGTHS, PARTS, SHORT_LENGTHS, PartScales,
)
from motion_avatar_ros.networks.skeleton_parts import (
    BODY_EDGES, BODY_PART_NAMES, BODY_PARTS, JOINT_EDGES, SKELETON_EDGES, SKELETON_PARTS,
    joints_of_body_parts, neighbour_means,
)


def is_connected(nodes, edges) -> bool:
    reached, todo = set(), [next(iter(nodes))]
    while todo:
        node = todo.pop()
        reached.add(node)
        todo += [b for a, b in (*edges, *((b, a) for a, b in edges))
                 if a == node and b in nodes and b not in reached]
    return reached == set(nodes)


@pytest.mark.parametrize('parts, edges, below', [
    (SKELETON_PARTS, JOINT_EDGES, JOINT_COUNT), (BODY_PARTS, SKELETON_EDGES, len(SKELETON_PARTS))])
def test_parts_are_connected_and_together_the_whole_body(parts, edges, below):
    assert all(is_connected(set(part), edges) for part in parts)
    assert {member for part in parts for member in part} == set(range(below))


@pytest.mark.parametrize('edges, parts', [
    (SKELETON_EDGES, SKELETON_PARTS), (BODY_EDGES, BODY_PARTS)])
def test_neighbouring_parts_share_something_and_make_up_a_tree(edges, parts):
    assert len(edges) == len(parts) - 1 and is_connected(set(range(len(parts))), edges)
    assert all(set(parts[a]) & set(parts[b]) for a, b in edges)


def test_a_part_of_the_body_is_made_of_what_its_name_says():
    joints = {
        name: {int(joint) for joint in row.nonzero()}
        for name, row in zip(BODY_PART_NAMES, joints_of_body_parts(), strict=True)}
    assert joints['left_arm'] >= {13, 16, 18, 20} and not joints['left_arm'] & {17, 19, 21, 4, 5}
    assert joints['right_leg'] >= {2, 5, 8, 11} and not joints['right_leg'] & {4, 7, 10, 15, 20}
    assert 15 in joints['head'] and {0, 3} <= joints['root']


def test_means_over_neighbours_are_means():
    means = neighbour_means(BODY_EDGES)
    torch.testing.assert_close(means.sum(dim=1), torch.ones(PARTS))
    assert means[1].nonzero()[:, 0].tolist() == [0, 1]


def test_every_map_refines_the_one_before_so_that_cells_are_made_of_whole_cells():
    groupings = [GROUPINGS[count] for count in CHAIN_GROUPS]
    for grouping in groupings:
        assert sorted(part for group in grouping for part in group) == list(range(PARTS))
    for coarse, fine in zip(groupings, groupings[1:], strict=False):
        assert all(any(set(group) <= set(whole) for whole in coarse) for group in fine)
    # What hangs on the torso is grouped with its own kind, the torso with nothing else.
    for grouping in groupings[2:]:
        for group in grouping:
            assert is_connected({*group, 0, 3}, BODY_EDGES)
            assert set(group) <= {0, 3} or not set(group) & {0, 3}


def test_the_papers_chain_has_864_tokens_and_the_short_one_537():
    assert sum(PartScales(PAPER_LENGTHS, CHAIN_GROUPS).cells) == 864
    assert sum(PartScales(SHORT_LENGTHS, CHAIN_GROUPS).cells) == 537


def test_a_cell_is_the_mean_of_its_parts_and_comes_back_to_them_alone():
    scales = PartScales((1, 2, 4), (1, 3, 7))
    latents, counts = torch.randn(2, 4, 7 * 3), torch.tensor([4, 2])
    parts = latents.unflatten(-1, (7, 3))
    whole = scales.down(latents, 0, counts)
    torch.testing.assert_close(whole[0, 0, 0], parts[0].mean(dim=(0, 1)))
    torch.testing.assert_close(whole[1, 0, 0], parts[1, :2].mean(dim=(0, 1)))
    legs = torch.zeros(2, 2, 3, 3)
    legs[:, :, 1] = 1.0
    raised = scales.up(legs, 1, counts, 4).unflatten(-1, (7, 3))
    assert set((raised[0] != 0.0).any(dim=-1).any(dim=0).nonzero()[:, 0].tolist()) == {1, 2}
    assert (raised[1, 2:] == 0.0).all()
    torch.testing.assert_close(
        scales.up(scales.down(latents, 2, counts), 2, counts, 4)[0], latents[0])


def test_a_cell_may_change_when_it_covers_what_changes_and_all_its_parts_may():
    scales = PartScales((1, 2, 4), (1, 3, 7))
    counts = torch.tensor([4])
    changed = torch.tensor([[False, False, False, True]])
    arms_and_head = torch.tensor([False] * 4 + [True] * 3)
    assert not scales.is_free(changed, arms_and_head, 0, counts).any()
    assert scales.is_free(changed, arms_and_head, 1, counts)[0].tolist() == [
        [False] * 3, [False, False, True]]
    assert scales.is_free(changed, arms_and_head, 2, counts)[0, 3].tolist() == [
        False] * 4 + [True] * 3
    everything = torch.ones(7, dtype=torch.bool)
    assert scales.is_free(changed, everything, 0, counts).all()


@pytest.mark.parametrize('lengths, groups, message', [
    ((1, 2), (1,), '2 lengths, but 1'), ((1, 2), (1, 4), 'no grouping of 4'),
    ((2, 1), (1, 7), 'do not grow'), ((1, 2), (1, 5), '5 groups, not 7'), ((), (), '0 lengths')])
def test_chains_that_do_not_refine_are_refused(lengths, groups, message):
    with pytest.raises(ValueError, match=message):
        PartScales(lengths, groups)
