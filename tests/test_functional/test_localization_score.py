"""From boxes and maps to numbers: published values, toys, brute force."""
from itertools import combinations

import numpy as np
import pytest
import torch

from fnac_mm.functional import (adaptive_ciou, adaptive_threshold,
                                baseline_cious, boxes_to_target, centre_map,
                                consensus_iou, oracle_ciou, region_ciou,
                                select_region)

# A worked example of the specification.
TOY_MAP = ((15 - torch.arange(16.)) / 15).view(1, 4, 4)
TOY_TARGET = torch.zeros(1, 4, 4)
TOY_TARGET[0, :2, :2] = torch.tensor([[0.5, 1], [1, 1]])


def published_ciou(prediction: np.ndarray, target: np.ndarray) -> float:
    """cIoU as the formula reads, pixel by pixel."""
    hit = total = 0.0
    for region, value in zip(prediction.ravel(), target.ravel()):
        hit += region * value
        total += value + (region and value == 0)
    return hit / total if total else 0.0


class TestTarget:
    """Boxes to pixels."""

    def test_pixels_are_truncated(self) -> None:
        target = boxes_to_target([[0.1, 0.26, 0.99, 0.51]], size=10)
        rows, columns = target.nonzero(as_tuple=True)
        assert target.dtype == torch.float32
        assert (rows.min(), rows.max()) == (2, 4)
        assert (columns.min(), columns.max()) == (1, 8)

    def test_union_and_consensus(self) -> None:
        boxes = [[0, 0, .5, 1], [.25, 0, .75, 1], [.25, 0, .5, 1]]
        assert boxes_to_target(boxes, 4)[0].tolist() == [1, 1, 1, 0]
        assert boxes_to_target(boxes, 4,
                               'consensus')[0].tolist() == [.5, 1, .5, 0]
        thirds = boxes_to_target(boxes, 4, 'consensus', consensus=3)[0]
        torch.testing.assert_close(thirds, torch.tensor([1 / 3, 1, 1 / 3, 0]))

    def test_outside_is_clipped(self) -> None:
        boxes = [[-2.9e16, -1, 0.5, 7]]
        assert torch.equal(
            boxes_to_target(boxes, 8), boxes_to_target([[0, 0, .5, 1]], 8))

    @pytest.mark.parametrize(
        'boxes', [[],
                  np.zeros((0, 4)),
                  torch.zeros(0, 4), [[.3, .3, .3, .9]], [[.9, .1, .2, .8]]])
    def test_nothing(self, boxes: object) -> None:
        assert not boxes_to_target(boxes, 16).any()

    @pytest.mark.parametrize('boxes, kwargs, message', [
        ([[0, 0, 1, float('nan')]], {}, 'NaN'),
        ([0, 0, 1, 1], {}, r'\(N,4\).*\(4,\)'),
        (np.zeros((4, 2)), {}, r'\(N,4\).*\(4, 2\)'),
        ([], dict(combine='mean'), "'mean'"),
        ([], dict(size=0), 'at least 1'),
        ([], dict(consensus=0), 'at least 1'),
    ])
    def test_refusals(self, boxes: object, kwargs: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            boxes_to_target(boxes, **kwargs)


class TestRegion:
    """Which pixels are predicted."""

    def test_half_of_the_picture(self) -> None:
        maps = torch.randn(3, 224, 224)
        assert select_region(maps).sum(dim=(1, 2)).tolist() == [25088] * 3
        strict = select_region(maps, compare='>')
        assert strict.sum(dim=(1, 2)).tolist() == [25087] * 3

    @pytest.mark.parametrize('area', [0, 0.1, 0.5, 0.77, 0.99])
    def test_threshold_is_the_value_at_the_index(self, area: float) -> None:
        maps = torch.randn(2, 9, 13)
        limit = maps.flatten(1).sort(dim=1).values[:, int(9 * 13 * area)]
        expected = maps >= limit[:, None, None]
        assert torch.equal(select_region(maps, area), expected)

    def test_a_constant_map(self) -> None:
        flat = torch.ones(1, 6, 6)
        assert select_region(flat).all()
        assert not select_region(flat, compare='>').any()

    def test_absolute_threshold(self) -> None:
        maps = torch.tensor([[[0.2, 0.5, 0.7]]])
        assert select_region(
            maps, threshold=0.5).tolist() == [[[False, True, True]]]
        assert select_region(
            maps, compare='>', threshold=0.5).tolist() == [[[0, 0, 1]]]

    @pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
    def test_half_precision(self, dtype: torch.dtype) -> None:
        maps = torch.arange(16.).view(1, 4, 4).to(dtype)
        assert torch.equal(select_region(maps), maps >= 8)

    @pytest.mark.parametrize('kwargs, message', [(dict(compare='=='), "'=='"),
                                                 (dict(area=1.0), 'area'),
                                                 (dict(area=-0.1), 'area')])
    def test_refusals(self, kwargs: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            select_region(torch.rand(1, 4, 4), **kwargs)

    @pytest.mark.parametrize('value', [float('nan'), float('inf')])
    def test_a_map_that_is_not_finite_has_no_score(self, value: float) -> None:
        maps = torch.rand(2, 4, 4)
        maps[1, 2, 3] = value
        with pytest.raises(ValueError, match='NaN or infinity'):
            consensus_iou(maps, torch.ones(2, 4, 4))


class TestCIoU:
    """Score of one sample."""

    @pytest.mark.parametrize('compare, pixels, expected', [('>=', 8, 0.466667),
                                                           ('>', 7, 0.538462)])
    def test_toy(self, compare: str, pixels: int, expected: float) -> None:
        assert select_region(TOY_MAP, compare=compare).sum() == pixels
        ours = consensus_iou(TOY_MAP, TOY_TARGET, compare=compare)
        assert ours.item() == pytest.approx(expected, abs=1e-6)

    def test_equals_the_formula(self) -> None:
        rng = np.random.default_rng(0)
        maps = rng.integers(0, 9, (20, 6, 7)).astype('float32')  # with ties
        targets = rng.choice([0, 0, 0.5, 1], (20, 6, 7)).astype('float32')
        ours = consensus_iou(torch.from_numpy(maps), torch.from_numpy(targets))
        assert ours.dtype == torch.float64
        for score, map_, target in zip(ours, maps, targets):
            limit = np.sort(map_.ravel())[21]
            assert score.item() == pytest.approx(
                published_ciou(map_ >= limit, target), abs=1e-12)

    def test_only_the_order_of_the_pixels_counts(self) -> None:
        maps, target = torch.randn(4, 8, 8), (torch.rand(4, 8, 8) > 0.6) * 1.
        before = consensus_iou(maps, target)
        assert torch.equal(consensus_iou(3 * maps + 8, target), before)
        assert torch.equal(consensus_iou(maps.flip(2), target.flip(2)), before)

    def test_nothing_over_nothing_is_zero(self) -> None:
        empty = torch.zeros(1, 4, 4)
        assert region_ciou(empty.bool(), empty).item() == 0
        assert consensus_iou(TOY_MAP, empty).item() == 0

    @pytest.mark.parametrize('shape', [(3, 4, 4), (2, 4, 5), (4, 4)])
    def test_refuses_shapes(self, shape: tuple) -> None:
        with pytest.raises(ValueError, match='same shape'):
            region_ciou(
                torch.zeros(2, 4, 4, dtype=torch.bool), torch.zeros(shape))


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.float64])
def test_type_of_the_target_changes_nothing(dtype: torch.dtype) -> None:
    maps, target = torch.randn(3, 8, 8), torch.rand(3, 8, 8) > 0.5
    expected = consensus_iou(maps, target.float())
    assert torch.equal(consensus_iou(maps, target.to(dtype)), expected)


@pytest.mark.parametrize('compare, expected', [('>', 0.333333),
                                               ('>=', 0.272727)])
def test_adaptive_toy(compare: str, expected: float) -> None:
    assert adaptive_threshold(TOY_MAP, TOY_TARGET).item() == pytest.approx(0.8)
    ours = adaptive_ciou(TOY_MAP, TOY_TARGET, compare)
    assert ours.dtype == torch.float64
    assert ours.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_adaptive_equals_the_formula(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 12, (30, 5, 6)).astype(float)  # with ties
    targets = rng.choice([0, 0, 0.5, 1], (30, 5, 6))
    targets[0], targets[1] = 0, 1
    ours = adaptive_ciou(
        torch.from_numpy(maps).to(dtype), torch.from_numpy(targets))
    for score, map_, target in zip(ours, maps, targets):
        count = int((target != 0).sum()) or 15
        region = map_ > np.sort(map_.ravel())[30 - count]
        total = target.sum() + (region & (target == 0)).sum()
        expected = (region * target).sum() / total if total else 0
        assert score.item() == pytest.approx(expected, abs=1e-12)


def test_how_many_pixels_are_kept() -> None:
    """None, some and all of 64; an empty target counts as half."""
    maps = torch.randperm(64).float().view(1, 8, 8).expand(3, 8, 8)
    targets = torch.zeros(3, 8, 8)
    targets[1, 0, :5], targets[2] = 0.5, 1
    limits = adaptive_threshold(maps, targets)[:, None, None]
    assert (maps > limits).sum(dim=(1, 2)).tolist() == [31, 4, 63]
    assert adaptive_ciou(maps, targets)[0] == 0


def test_adaptive_constant_map() -> None:
    target = torch.zeros(1, 4, 4)
    target[0, 0] = 1
    flat = torch.full((1, 4, 4), 0.3)
    assert adaptive_ciou(flat, target).item() == 0
    assert adaptive_ciou(flat, target, '>=').item() == 0.25


def test_one_map_for_all_targets() -> None:
    targets = (torch.rand(6, 9, 9) > torch.rand(6, 1, 1)) * 1.
    centre = centre_map(9)[None]
    assert torch.equal(
        adaptive_ciou(centre, targets),
        adaptive_ciou(centre.expand(6, 9, 9), targets))


@pytest.mark.parametrize('maps, targets, compare, message', [
    (torch.rand(2, 4, 4), torch.rand(3, 4, 4), '>', r'\(2, 4, 4\)'),
    (torch.rand(2, 4, 4), torch.rand(2, 4, 5), '>', r'\(2, 4, 5\)'),
    (torch.rand(4, 4), torch.rand(2, 4, 4), '>', r'\(4, 4\)'),
    (torch.rand(1, 4, 4), torch.rand(1, 4, 4), '<', "'<'"),
    (torch.full((1, 4, 4), torch.nan), torch.rand(1, 4, 4), '>', 'NaN'),
])
def test_adaptive_refusals(maps: torch.Tensor, targets: torch.Tensor,
                           compare: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adaptive_ciou(maps, targets, compare)


class TestBaselines:
    """Image-blind guesses and the cap."""

    @pytest.mark.parametrize('compare', ['>=', '>'])
    def test_oracle_is_the_best_of_all_choices(self, compare: str) -> None:
        rng = np.random.default_rng(0)
        for _ in range(10):
            target = rng.choice([0, 0, 0, 0.5, 1], (1, 2, 4))
            best = 0.0
            for chosen in combinations(range(8), 4 - (compare == '>')):
                region = np.zeros(8, bool)
                region[list(chosen)] = True
                best = max(best, published_ciou(region, target))
            ours = oracle_ciou(torch.from_numpy(target), compare=compare)
            assert ours.item() == pytest.approx(best, abs=1e-12)

    def test_centre(self) -> None:
        centre = centre_map(224)
        assert select_region(centre[None]).sum() == 25100
        assert centre[0, 0] == -2 * 111.5**2
        assert torch.equal(centre, centre.T)

    def test_whole_image_is_the_area(self) -> None:
        target = boxes_to_target([[0.25, 0, 0.75, 0.5]], 8)[None]
        ours = baseline_cious(target)
        assert ours['whole_image'].item() == 0.25
        assert ours['oracle_cap'].item() == 0.5
        assert set(ours) == {'whole_image', 'centre', 'oracle_cap'}

    def test_no_map_beats_the_cap(self) -> None:
        target = (torch.rand(50, 10, 10) > 0.7) * 0.5
        score = consensus_iou(torch.randn(50, 10, 10), target)
        assert (score <= baseline_cious(target)['oracle_cap'] + 1e-12).all()
