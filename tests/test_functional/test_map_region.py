"""Boxes of maps against SciPy; confidence against the metric."""
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage

from fnac_mm.functional import (active_share, get_protocol, largest_region_box,
                                placement_confidence)


@pytest.mark.parametrize('seed', range(20))
def test_box_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    map = ndimage.gaussian_filter(rng.random((30, 40)), 1.5)
    labels, count = ndimage.label(map >= 0.52, np.ones((3, 3)))
    sizes = ndimage.sum_labels(labels > 0, labels, range(1, count + 1))
    rows, columns = ndimage.find_objects(labels)[int(sizes.argmax())]
    expected = columns.start, rows.start, columns.stop, rows.stop
    assert largest_region_box(map, 0.52) == expected
    assert largest_region_box(torch.from_numpy(map), 0.52) == expected


def test_corners_touch_and_the_threshold_counts() -> None:
    map = np.zeros((4, 5))
    map[0, 0] = map[1, 1] = 0.5
    map[3, 3:] = 0.6
    assert largest_region_box(map, 0.5) == (0, 0, 2, 2)
    assert largest_region_box(map, 0.55) == (3, 3, 5, 4)
    assert largest_region_box(map, 0.7) is None


def test_shape_is_checked() -> None:
    with pytest.raises(ValueError, match=r'expected a map \(H,W\)'):
        largest_region_box(np.zeros((1, 2, 3)), 0.5)


def test_confidence_decides_as_the_metric() -> None:
    """Above it no pixel of vssl_eval's map sounds, below it one does."""
    maps = torch.rand(6, 7, 7, generator=torch.manual_seed(0)) * 2 - 1
    confidence = placement_confidence(maps)
    large = F.interpolate(
        maps[:, None], (224, 224), mode='bilinear', align_corners=True)
    torch.testing.assert_close(confidence, large.amax((1, 2, 3)))
    scored = get_protocol('vssl_eval').maps(maps)['audio_visual']
    universal = (confidence + 1) / 2
    assert (active_share(scored, universal + 1e-5) == 0).all()
    assert (active_share(scored, universal - 1e-5) > 0).all()
