"""Maps: similarity, size, range, fusion."""
import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage

from fnac_mm.functional import (fuse_maps, largest_region_box,
                                localization_map, normalize_map, object_map,
                                resize_map)


def test_map_of_each_pair() -> None:
    visual, audio = torch.randn(3, 4, 2, 5), torch.randn(3, 4)
    ours = localization_map(visual, audio)
    assert ours.shape == (3, 2, 5)
    assert ours[2, 1, 4].item() == pytest.approx(
        float(visual[2, :, 1, 4] @ audio[2]), abs=1e-6)


@pytest.mark.parametrize('visual, audio', [((3, 4, 2), (3, 4)),
                                           ((3, 4, 2, 2), (2, 4)),
                                           ((3, 4, 2, 2), (3, 5))])
def test_map_refuses(visual: tuple, audio: tuple) -> None:
    with pytest.raises(ValueError, match='expected visual'):
        localization_map(torch.zeros(visual), torch.zeros(audio))


def test_object_map() -> None:
    features = torch.tensor([-3., 1.]).view(1, 2, 1, 1).expand(1, 2, 2, 3)
    assert torch.equal(object_map(features), torch.full((1, 2, 3), 2.))


@pytest.mark.parametrize('mode, align',
                         [('bilinear', True), ('bilinear', False),
                          ('bicubic', True), ('bicubic', False),
                          ('nearest', True)])
def test_resize_is_torchs(mode: str, align: bool) -> None:
    maps = torch.randn(3, 7, 7)
    options = {} if mode == 'nearest' else dict(align_corners=align)
    expected = F.interpolate(maps[:, None], (20, 31), mode=mode, **options)
    ours = resize_map(maps, (20, 31), mode, align)
    assert torch.equal(ours, expected[:, 0])
    assert torch.equal(resize_map(maps[1], (20, 31), mode, align), ours[1])


def test_resize_against_other_libraries() -> None:
    """Half-pixel centres are OpenCV's; a plane stays a plane if aligned."""
    small = np.random.default_rng(0).standard_normal((7, 7)).astype('float32')
    large = resize_map(torch.from_numpy(small), 28, align_corners=False)
    np.testing.assert_allclose(large, cv2.resize(small, (28, 28)), atol=1e-5)
    pillow = Image.fromarray(small).resize((28, 28), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(large, np.asarray(pillow), atol=1e-5)
    plane = torch.arange(7.)[:, None] + 10 * torch.arange(7.)
    axis = torch.linspace(0, 6, 50)
    torch.testing.assert_close(
        resize_map(plane, 50), axis[:, None] + 10 * axis)


@pytest.mark.parametrize('shape, mode, message',
                         [((1, 1, 7, 7), 'bilinear', r'\(B,h,w\)'),
                          ((7, ), 'bilinear', r'\(B,h,w\)'),
                          ((7, 7), 'area', "'area'")])
def test_resize_refuses(shape: tuple, mode: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resize_map(torch.zeros(shape), 14, mode)


def test_normalize_each_map_by_itself() -> None:
    maps = torch.randn(4, 2, 5, 5) * 3 + 7
    ours = normalize_map(maps)
    assert torch.equal(ours.amin(dim=(2, 3)), torch.zeros(4, 2))
    assert torch.equal(ours.amax(dim=(2, 3)), torch.ones(4, 2))
    torch.testing.assert_close(normalize_map(5 * maps - 3), ours)
    torch.testing.assert_close(normalize_map(ours), ours)


def test_normalize_leaves_a_constant_map() -> None:
    maps = torch.stack([torch.full((3, 3), 0.7), torch.randn(3, 3)])
    ours = normalize_map(maps)
    assert torch.equal(ours[0], maps[0])
    assert ours[1].max() == 1


def test_normalize_does_not_hide_nan() -> None:
    maps = torch.zeros(2, 3, 3)
    maps[0, 1, 1] = float('nan')
    ours = normalize_map(maps)
    assert ours[0].isnan().all() and not ours[1].isnan().any()


def test_gradient_of_a_constant_map_is_finite() -> None:
    maps = torch.zeros(1, 3, 3, requires_grad=True)
    normalize_map(maps).sum().backward()
    assert torch.isfinite(maps.grad).all()


def test_fusion_refuses() -> None:
    maps = torch.rand(2, 4, 4)
    for alpha in (-0.1, 1.1, float('nan')):
        with pytest.raises(ValueError, match='alpha'):
            fuse_maps(maps, maps, alpha)
    with pytest.raises(ValueError, match='resize them first'):
        fuse_maps(maps, maps[0])


@pytest.mark.parametrize('seed', range(20))
def test_box_of_the_largest_region(seed: int) -> None:
    rng = np.random.default_rng(seed)
    map = ndimage.gaussian_filter(rng.random((30, 40)), 1.5)
    _, _, stats, _ = cv2.connectedComponentsWithStats(
        (map >= 0.52).astype(np.uint8), connectivity=8)
    left, top, width, height, _ = max(stats[1:].tolist(), key=lambda s: s[4])
    expected = left, top, left + width, top + height
    assert largest_region_box(map, 0.52) == expected
    assert largest_region_box(torch.from_numpy(map), 0.52) == expected


def test_corners_touch_and_the_threshold_counts() -> None:
    map = np.zeros((4, 5))
    map[0, 0] = map[1, 1] = 0.5
    map[3, 3:] = 0.6
    assert largest_region_box(map, 0.5) == (0, 0, 2, 2)
    assert largest_region_box(map, 0.55) == (3, 3, 5, 4)
    assert largest_region_box(map, 0.7) is None


def test_box_shape_is_checked() -> None:
    with pytest.raises(ValueError, match=r'expected a map \(H,W\)'):
        largest_region_box(np.zeros((1, 2, 3)), 0.5)
