"""Pillow's pixels; test_published_pipeline.py has mmpretrain's."""
import io

import numpy as np
import pytest
from PIL import Image

from fnac_mm.datasets import ResizeRandomCrop
from fnac_mm.datasets.transforms.resizing import resize_short_edge

# Landscape, portrait, enlarged, nearly square, tall enough for rows first.
SIZES = [(256, 455), (455, 256), (131, 257), (247, 246), (640, 361),
         (708, 285), (246, 246), (90, 60)]


def check(picture: np.ndarray) -> None:
    side = min(picture.shape[:2])
    rows, columns = (int(246 * n / side) for n in picture.shape[:2])
    expected = np.asarray(
        Image.fromarray(picture).resize((columns, rows),
                                        Image.Resampling.BICUBIC))
    found = resize_short_edge(picture, 246)
    assert found.dtype == np.uint8 and found.shape == expected.shape
    difference = np.abs(found.astype(int) - expected)
    assert difference.max() <= 2
    assert (difference > 1).mean() <= 1e-4
    assert (difference > 0).sum() <= 0.012 * difference.size + 2
    np.testing.assert_array_equal(
        resize_short_edge(picture[..., ::-1], 246), found[..., ::-1])


@pytest.mark.parametrize('height, width', SIZES)
def test_pillows_pixels_but_for_rounding(height: int, width: int):
    """Of noise, of its black and white (ties!) and of smooth pictures."""
    rng = np.random.default_rng(height * width)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    small = Image.fromarray(noise[:height // 6, :width // 6])
    smooth = small.resize((width, height), Image.Resampling.BICUBIC)
    check(noise)
    check(np.where(noise > 127, 255, 0).astype(np.uint8))
    check(np.asarray(smooth))
    stream = io.BytesIO()
    smooth.save(stream, 'JPEG', quality=90, subsampling=height % 3)
    check(np.asarray(Image.open(stream)))


def test_repr():
    assert repr(ResizeRandomCrop(246, 224)) == (
        "ResizeRandomCrop(scale=246, crop_size=(224, 224), backend='window')")


def test_a_crop_of_the_size_of_the_picture_draws_nothing():
    picture = np.arange(30 * 30 * 3, dtype=np.uint8).reshape(30, 30, 3)
    for backend in ('window', 'pillow'):
        transform = ResizeRandomCrop(30, (30, 30), backend)
        np.random.seed(0)
        np.testing.assert_array_equal(
            transform(dict(img=picture))['img'], picture)
        after = np.random.rand()
        np.random.seed(0)
        assert after == np.random.rand()


@pytest.mark.parametrize('args, message', [
    ((100, 101), 'larger than the short edge of 100'),
    ((100, (90, 120)), 'larger than'),
    ((100, 90, 'cv2'), "'window' or 'pillow', got 'cv2'"),
])
def test_arguments(args: tuple, message: str):
    with pytest.raises(ValueError, match=message):
        ResizeRandomCrop(*args)
