"""Targets as levels: the same numbers as targets of numbers."""
import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies

from fnac_mm.functional import (TargetLevels, baseline_cious, boxes_to_levels,
                                boxes_to_target, level_baseline_cious,
                                region_ciou)
from fnac_mm.functional.target_levels import count_ciou
from .test_map_score import make_boxes

RULES = [
    dict(combine='union'),
    *(dict(combine='consensus', consensus=n) for n in (1, 2, 3, 4))
]


@pytest.mark.parametrize('rule', RULES)
def test_drawn_as_numbers(rule: dict) -> None:
    for boxes in make_boxes():
        levels = boxes_to_levels(boxes, 60, **rule)
        assert torch.equal(levels.target, boxes_to_target(boxes, 60, **rule))
        assert levels.inside[0] == (levels.target > 0).sum()


@pytest.mark.parametrize('rule', RULES)
@pytest.mark.parametrize('area, compare', [(0.5, '>='), (0.5, '>'),
                                           (0.9, '>=')])
def test_baselines(rule: dict, area: float, compare: str) -> None:
    levels = [boxes_to_levels(boxes, 60, **rule) for boxes in make_boxes()]
    targets = torch.stack([level.target for level in levels])
    found = level_baseline_cious(levels, area, compare)
    for kind, cious in baseline_cious(targets, area, compare).items():
        assert found[kind].tolist() == cious.tolist()


def test_counts_give_the_ciou() -> None:
    rng = np.random.default_rng(0)
    region = rng.random((60, 60)) > 0.5
    for rule in RULES[:3]:
        for boxes in make_boxes():
            levels = boxes_to_levels(boxes, 60, **rule)
            hits = (levels.levels & region).sum(axis=(1, 2))
            found = count_ciou(np.array(levels.inside), hits, region.sum())
            expected = region_ciou(
                torch.from_numpy(region)[None], levels.target[None])
            assert found == expected.item()
    nothing = TargetLevels.of(np.zeros((1, 4, 4), bool))
    assert count_ciou(np.array(nothing.inside), np.zeros(1), np.zeros(1)) == 0


@pytest.mark.parametrize('share', [0, 0.02, 0.5, 0.98, 1])
def test_levels_are_kept(share: float) -> None:
    rng = np.random.default_rng(0)
    outer = rng.random((2, 9, 17)) < share
    levels = np.stack([outer[0], outer[0] & outer[1]])
    kept = TargetLevels.of(levels)
    assert (kept.levels == levels).all() and kept.pixels == 9 * 17
    assert kept.inside == tuple(levels.sum(axis=(1, 2)))


@hypothesis.given(
    strategies.lists(
        strategies.lists(
            strategies.floats(-0.25, 1.25, width=16), min_size=4, max_size=4),
        max_size=6))
def test_any_boxes(boxes: list) -> None:
    """Boxes that overlap, touch, are inverted or leave the picture."""
    for rule in RULES[:3]:
        levels = boxes_to_levels(boxes, 23, **rule)
        assert torch.equal(levels.target, boxes_to_target(boxes, 23, **rule))
        assert levels.inside == tuple(levels.levels.sum(axis=(1, 2)))


@pytest.mark.parametrize('boxes, kwargs, message', [
    ([[0, 0, 1, float('nan')]], {}, 'NaN'),
    (np.zeros((4, 2)), {}, r'\(N,4\).*\(4, 2\)'),
    ([], dict(combine='mean'), "'mean'"),
    ([], dict(consensus=0), 'at least 1'),
])
def test_refusals(boxes: object, kwargs: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        boxes_to_levels(boxes, **kwargs)
