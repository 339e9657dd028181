"""Enlargement by products: torch's bits, or none."""
from unittest import mock

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fnac_mm.functional import map_enlargement, resize_map
from fnac_mm.functional.map_enlargement import axis_windows, enlargement_of


@pytest.mark.parametrize('mode', ['bilinear', 'bicubic'])
@pytest.mark.parametrize('align', [True, False])
@pytest.mark.parametrize('old, new', [((7, 7), (224, 224)),
                                      ((14, 9), (256, 320)),
                                      ((2, 32), (225, 300)),
                                      ((1, 7), (224, 224))])
def test_products_round_as_torch_does(old: tuple, new: tuple, mode: str,
                                      align: bool) -> None:
    """What is scored is the published map to the last bit."""
    for number in (1, 5):
        maps = 0.1 * torch.randn(number, *old)
        expected = F.interpolate(
            maps[:, None], new, mode=mode, align_corners=align)[:, 0]
        assert torch.equal(resize_map(maps, new, mode, align), expected)


@pytest.mark.parametrize('mode', ['bilinear', 'bicubic'])
@pytest.mark.parametrize('align', [True, False])
@pytest.mark.parametrize('old, new', [(7, 224), (14, 225), (1, 5), (32, 64)])
def test_windows_share_out_every_new_position(old: int, new: int, mode: str,
                                              align: bool) -> None:
    windows = axis_windows(old, new, align, mode)
    places = np.concatenate([np.arange(new)[w.new] for w in windows])
    assert places.tolist() == list(range(new))
    for window in windows:
        assert len(np.arange(old)[window.old]) == window.weights.shape[1]
        np.testing.assert_allclose(window.weights.sum(axis=1), 1, atol=1e-6)


def test_a_processor_that_rounds_otherwise_is_left_to_torch() -> None:
    """What torch would say there: the next float32 of one pixel."""
    maps = torch.randn(2, 6, 6)
    expected = F.interpolate(maps[:, None], 225, mode='bicubic')[:, 0]

    usual = F.interpolate

    def other(*args: object, **kwargs: object) -> torch.Tensor:
        large = usual(*args, **kwargs)
        large[0, 0, 9, 9] = torch.nextafter(large[0, 0, 9, 9],
                                            torch.tensor(9.))
        return large

    enlargement_of.cache_clear()
    with mock.patch.object(map_enlargement.F, 'interpolate', other):
        found = enlargement_of((6, 6), (225, 225), 'bicubic', False)
    assert found is None
    # Kept until the cache is cleared.
    assert torch.equal(resize_map(maps, 225, 'bicubic', False), expected)
    enlargement_of.cache_clear()
