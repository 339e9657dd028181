"""Maps over time against SciPy and closed forms."""
import math
from typing import List

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

from fnac_mm.functional import MapSmoother

MAPS = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 3, 4)))


def smooth(smoother: MapSmoother, times: List[float]) -> np.ndarray:
    released = []
    for time, map in zip(times, MAPS):
        released += smoother.push(time, map)
    released += smoother.flush()
    return torch.stack(released).numpy()


def test_gaussian_is_scipys() -> None:
    found = smooth(MapSmoother('gaussian', 0.2), [0.1 * i for i in range(40)])
    expected = gaussian_filter1d(MAPS.numpy(), 2, axis=0, truncate=3)
    assert found.shape == expected.shape
    # At the ends, SciPy has to make something up.
    np.testing.assert_allclose(found[6:-6], expected[6:-6], atol=1e-7)


def test_gaussian_waits_no_longer_than_its_reach() -> None:
    smoother = MapSmoother('gaussian', 0.1)
    waiting = 0
    for index, map in enumerate(MAPS):
        waiting += 1 - len(smoother.push(0.05 * index, map))
        assert waiting <= 7 and len(smoother._near) <= 14


def test_exponential_is_causal_and_keeps_time() -> None:
    """The answer to a step, at uneven times, is 1 - exp(-t / seconds)."""
    smoother = MapSmoother('exponential', 0.5)
    assert smoother.push(0.0, torch.zeros(2, 2))[0].max() == 0
    for time in (0.1, 0.15, 0.7, 2.0):
        now, = smoother.push(time, torch.ones(2, 2))
        assert now.mean().item() == pytest.approx(1 - math.exp(-time / 0.5))


def test_arguments() -> None:
    with pytest.raises(ValueError, match="'none', 'exponential'.*'median'"):
        MapSmoother('median')
    with pytest.raises(ValueError, match='seconds must be positive.*0'):
        MapSmoother('gaussian', 0)
