"""Adaptive cIoU: the worked example, the formula pixel by pixel."""
import numpy as np
import pytest
import torch

from fnac_mm.functional import (adaptive_ciou, adaptive_region,
                                adaptive_threshold, centre_map)

# The worked example of the specification.
TOY_MAP = ((15 - torch.arange(16.)) / 15).view(1, 4, 4)
TOY_TARGET = torch.zeros(1, 4, 4)
TOY_TARGET[0, :2, :2] = torch.tensor([[0.5, 1], [1, 1]])


@pytest.mark.parametrize('compare, expected', [('>', 0.333333),
                                               ('>=', 0.272727)])
def test_toy(compare: str, expected: float) -> None:
    assert adaptive_threshold(TOY_MAP, TOY_TARGET).item() == pytest.approx(0.8)
    ours = adaptive_ciou(TOY_MAP, TOY_TARGET, compare)
    assert ours.dtype == torch.float64
    assert ours.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_equals_the_formula(dtype: torch.dtype) -> None:
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
    strict = adaptive_region(maps, targets).sum(dim=(1, 2))
    assert strict.tolist() == [31, 4, 63]
    assert adaptive_region(maps, targets,
                           '>=').sum(dim=(1, 2)).tolist() == [32, 5, 64]
    assert adaptive_ciou(maps, targets)[0] == 0


def test_a_constant_map() -> None:
    target = torch.zeros(1, 4, 4)
    target[0, 0] = 1
    flat = torch.full((1, 4, 4), 0.3)
    assert adaptive_ciou(flat, target).item() == 0
    assert adaptive_ciou(flat, target, '>=').item() == 0.25


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype) -> None:
    ours = adaptive_ciou((TOY_MAP * 15).to(dtype), TOY_TARGET)
    assert ours.item() == pytest.approx(1 / 3)


def test_one_map_for_all_targets() -> None:
    targets = (torch.rand(6, 9, 9) > torch.rand(6, 1, 1)) * 1.
    centre = centre_map(9)[None]
    assert torch.equal(
        adaptive_ciou(centre, targets),
        adaptive_ciou(centre.expand(6, 9, 9), targets))


def test_only_the_order_of_the_pixels_counts() -> None:
    maps, targets = torch.rand(5, 7, 7), (torch.rand(5, 7, 7) > .6) * 1.
    assert torch.equal(
        adaptive_ciou(maps, targets), adaptive_ciou(maps.exp(), targets))


@pytest.mark.parametrize('maps, targets, compare, message', [
    (torch.rand(2, 4, 4), torch.rand(3, 4, 4), '>', r'\(2, 4, 4\)'),
    (torch.rand(2, 4, 4), torch.rand(2, 4, 5), '>', r'\(2, 4, 5\)'),
    (torch.rand(4, 4), torch.rand(2, 4, 4), '>', r'\(4, 4\)'),
    (torch.rand(1, 4, 4), torch.rand(1, 4, 4), '<', "'<'"),
    (torch.full((1, 4, 4), torch.nan), torch.rand(1, 4, 4), '>', 'NaN'),
])
def test_refusals(maps: torch.Tensor, targets: torch.Tensor, compare: str,
                  message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adaptive_ciou(maps, targets, compare)
