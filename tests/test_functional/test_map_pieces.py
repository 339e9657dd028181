"""Pieces of enlarged maps: what torch finds by enlarging them."""
from typing import Tuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fnac_mm.functional.map_pieces import map_pieces

HAS_FMA = torch.backends.cpu.get_cpu_capability() in ('AVX2', 'AVX512')
CASES = [((7, 7), (224, 224), True), ((7, 7), (224, 224), False),
         ((5, 9), (64, 48), True), ((5, 9), (224, 112), True),
         ((14, 14), (224, 224), False), ((2, 3), (16, 32), True),
         ((20, 31), (32, 32), False), ((31, 20), (16, 16), True)]


def make_maps(shape: Tuple[int, int], number: int = 40) -> np.ndarray:
    """(number, h, w) float32, rough and smooth ones."""
    rng = np.random.default_rng(0)
    maps = rng.uniform(-1, 1, (number, *shape))
    maps[::2] = maps[::2].cumsum(axis=1)
    return maps.astype(np.float32)


def enlarge(maps: np.ndarray, size: Tuple[int, int],
            align_corners: bool) -> np.ndarray:
    """As torch does it."""
    return F.interpolate(
        torch.from_numpy(maps)[:, None],
        size,
        mode='bilinear',
        align_corners=align_corners)[:, 0].numpy()


@pytest.mark.parametrize('shape, size, align_corners', CASES)
def test_pixels_to_the_bit(shape, size, align_corners) -> None:
    maps = make_maps(shape)
    pieces = map_pieces(shape, size, align_corners)
    if not pieces.is_exact:
        # Torch interpolates some sizes by other code.
        assert (shape, size) != ((7, 7), (224, 224)) or not HAS_FMA
        pytest.skip('torch rounds otherwise for this size and processor')
    large = enlarge(maps, size, align_corners)
    map, row, column = np.indices(large.shape).reshape(3, -1)
    found, doubt = pieces.pixels(pieces.widen(maps), map, row, column)
    assert doubt.mean() < 1e-4
    assert (found == large.ravel())[~doubt].all()


@pytest.mark.parametrize('shape, size, align_corners', CASES)
def test_extremes_are_at_corners(shape, size, align_corners) -> None:
    maps = make_maps(shape)
    pieces = map_pieces(shape, size, align_corners)
    low, high, other_low, other_high = pieces.extremes(
        pieces.corner_pixels(pieces.widen(maps)))
    flat = enlarge(maps, size, align_corners).reshape(len(maps), -1)
    rounding = 0 if pieces.is_exact else 1e-6
    sure = (other_low > low + 1e-5) & (other_high < high - 1e-5)
    assert (np.abs(low - flat.min(axis=1)) <= rounding)[sure].all()
    assert (np.abs(high - flat.max(axis=1)) <= rounding)[sure].all()
    # What is no corner is not beyond those beside corners.
    ends = np.minimum(low, other_low), np.maximum(high, other_high)
    assert (ends[0] <= flat.min(axis=1) + 1e-5).all()
    assert (ends[1] >= flat.max(axis=1) - 1e-5).all()
    assert sure.mean() > 0.8 or not align_corners


@pytest.mark.parametrize('shape, size, align_corners', CASES)
def test_lines(shape, size, align_corners) -> None:
    """Every pixel is on its line, counted from the lower end."""
    maps = make_maps(shape)
    pieces = map_pieces(shape, size, align_corners)
    lines = pieces.lines(pieces.widen(maps))
    large = enlarge(maps, size, align_corners)
    for piece, (first, last) in enumerate(zip(pieces.first, pieces.last)):
        first, last = int(first[0]), int(last[0])
        assert pieces.number[piece] == last - first
        values = large[:, first:last]
        place = np.arange(last - first)[:, None]
        falls = lines.falls[:, None, piece]
        place = np.where(falls, last - first - 1 - place, place)
        flat = lines.pace[:, None, piece] > 1e30
        expected = lines.low[:, None, piece] + np.where(
            flat, 0, place / lines.pace[:, None, piece])
        assert np.abs(values - expected).max() < 1e-5
    assert int(pieces.last[-1, 0]) == size[0]
