"""From boxes and maps to numbers: published values, toys, brute force."""
from pathlib import Path

import numpy as np
import pytest
import torch

from fnac_mm.functional import (boxes_to_target, consensus_iou, get_protocol,
                                region_ciou, select_region, success_auc,
                                success_rate, summarize_cious)

# A worked example of the specification.
TOY_MAP = ((15 - torch.arange(16.)) / 15).view(1, 4, 4)
TOY_TARGET = torch.zeros(1, 4, 4)
TOY_TARGET[0, :2, :2] = torch.tensor([[0.5, 1], [1, 1]])
TOY_CIOUS = [0, .15, .3, .5, .55, .99, 1]


def published_ciou(prediction: np.ndarray, target: np.ndarray) -> float:
    """cIoU as the formula reads, pixel by pixel."""
    hit = total = 0.0
    for region, value in zip(prediction.ravel(), target.ravel()):
        hit += region * value
        total += value + (region and value == 0)
    return hit / total if total else 0.0


class TestGolden:
    """The 96 published scores and their aggregates."""

    @pytest.mark.parametrize('key, protocol',
                             [('bilinear_align', 'fnac_test'),
                              ('bicubic', 'fnac_test_bicubic')])
    @pytest.mark.parametrize('boxes, combine', [('vggss', 'union'),
                                                ('flickr', 'consensus')])
    def test_scores(self, shared: Path, key: str, protocol: str, boxes: str,
                    combine: str) -> None:
        golden = np.load(shared / 'golden' / 'scores.npz')
        maps = torch.from_numpy(golden['maps'])
        last = np.cumsum(golden['n_boxes'])[:-1]
        targets = torch.stack([
            boxes_to_target(part, combine=combine)
            for part in np.split(golden['boxes_xyxy_fraction'], last)
        ])
        large = get_protocol(protocol).maps(maps)['audio_visual']
        cious = consensus_iou(large, targets)
        stem = f'{key}_{boxes}'
        np.testing.assert_allclose(
            cious, golden[f'{stem}_ciou'], rtol=0, atol=1e-6)
        np.testing.assert_allclose(
            (success_rate(cious), success_auc(cious), cious.mean()),
            golden[f'{stem}_ap50_auc_mean'],
            rtol=0,
            atol=1e-6)


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


class TestAggregates:
    """cIoU@0.5, mean cIoU, AUC."""

    @pytest.mark.parametrize('kind', [list, np.array, torch.tensor])
    def test_toy(self, kind: type) -> None:
        cious = kind(TOY_CIOUS) if kind is not torch.tensor else torch.tensor(
            TOY_CIOUS, dtype=torch.float64)
        assert success_rate(cious) == pytest.approx(0.571429, abs=1e-6)
        assert success_auc(cious) == pytest.approx(0.5, abs=1e-12)
        summary = summarize_cious(cious)
        assert summary == pytest.approx({
            'ciou@0.5': 57.142857,
            'mean_ciou': 49.857143,
            'auc': 50.0
        })

    @pytest.mark.parametrize('k', range(21))
    def test_thresholds_are_the_published_products(self, k: int) -> None:
        """``0.05 * 3`` is above 0.15."""
        passed = sum(k / 20 >= 0.05 * j for j in range(21))
        assert passed == k + 1 - (k in (3, 6, 7, 12, 14, 17, 19))
        rates = (np.arange(21) < passed).astype(float)
        expected = np.trapezoid(rates, dx=0.05)
        assert success_auc([k / 20]) == pytest.approx(expected, abs=1e-12)

    def test_half_is_a_success(self) -> None:
        assert success_rate([0.5, 0.4999]) == 0.5
        assert success_rate([0.5, 0.4999], threshold=0.3) == 1

    @pytest.mark.parametrize('function',
                             [success_rate, success_auc, summarize_cious])
    @pytest.mark.parametrize('cious, message',
                             [([], 'at least one sample'),
                              ([0.5, float('nan')], 'NaN'),
                              (torch.tensor([float('inf')]), 'infinity')])
    def test_refusals(self, function: object, cious: object,
                      message: str) -> None:
        with pytest.raises(ValueError, match=message):
            function(cious)


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.float64])
def test_type_of_the_target_changes_nothing(dtype: torch.dtype) -> None:
    maps, target = torch.randn(3, 8, 8), torch.rand(3, 8, 8) > 0.5
    expected = consensus_iou(maps, target.float())
    assert torch.equal(consensus_iou(maps, target.to(dtype)), expected)


@pytest.mark.parametrize('threads', [1, 2, 3])
def test_threads_change_nothing(threads: int) -> None:
    maps, target = torch.randn(7, 8, 8), (torch.rand(7, 8, 8) > 0.5) * 0.5
    expected = consensus_iou(maps, target)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(consensus_iou(maps, target), expected)
    finally:
        torch.set_num_threads(before)


def test_scores_of_a_batch_are_those_of_each() -> None:
    maps, target = torch.randn(5, 8, 8), (torch.rand(5, 8, 8) > 0.5) * 1.
    alone = [consensus_iou(maps[i:i + 1], target[i:i + 1]) for i in range(5)]
    assert torch.equal(consensus_iou(maps, target), torch.cat(alone))
