"""Targets as levels: the same numbers as targets of numbers."""
import numpy as np
import pytest
import torch

from fnac_mm.functional import (TargetLevels, baseline_cious, boxes_to_levels,
                                boxes_to_target, level_baseline_cious,
                                region_ciou)
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
            hits = [int((region & level).sum()) for level in levels.levels]
            expected = region_ciou(
                torch.from_numpy(region)[None], levels.target[None])
            assert levels.ciou(hits, int(region.sum())) == expected.item()
    nothing = TargetLevels.of(np.zeros((1, 4, 4), bool))
    assert nothing.ciou([0], 0) == 0


@pytest.mark.parametrize('boxes, kwargs, message', [
    ([[0, 0, 1, float('nan')]], {}, 'NaN'),
    (np.zeros((4, 2)), {}, r'\(N,4\).*\(4, 2\)'),
    ([], dict(combine='mean'), "'mean'"),
    ([], dict(consensus=0), 'at least 1'),
])
def test_refusals(boxes: object, kwargs: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        boxes_to_levels(boxes, **kwargs)
