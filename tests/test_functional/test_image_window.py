"""Windows of resized pictures: Pillow's pixels."""
import io
from typing import Tuple

import numpy as np
import pytest
from PIL import Image

from fnac_mm.functional import resize_window

# Landscape, portrait, enlarged, nearly square, tall enough for rows first.
SIZES = [(256, 455), (455, 256), (131, 257), (247, 246), (360, 640),
         (640, 361), (480, 640), (708, 285), (246, 246), (90, 60)]


def size_of(height: int, width: int, short: int = 246) -> Tuple[int, int]:
    side = min(height, width)
    return int(short * height / side), int(short * width / side)


def pictures(height: int, width: int) -> list:
    """Like a photograph, and noise."""
    rng = np.random.default_rng(height * width)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    small = Image.fromarray(noise[:height // 6, :width // 6])
    smooth = np.asarray(
        small.resize((width, height), Image.Resampling.BICUBIC))
    return [smooth, noise]


def check(picture: np.ndarray, window: tuple) -> None:
    size = size_of(*picture.shape[:2])
    top, left, rows, columns = window
    whole = Image.fromarray(picture).resize(size[::-1],
                                            Image.Resampling.BICUBIC)
    expected = np.asarray(whole)[top:top + rows, left:left + columns]
    found = resize_window(picture, size, window)
    assert found.dtype == np.uint8 and found.shape == expected.shape
    difference = np.abs(found.astype(int) - expected)
    assert difference.max() <= 2
    assert (difference > 1).mean() <= 1e-4
    assert (difference > 0).sum() <= 0.012 * difference.size + 2


@pytest.mark.parametrize('height, width', SIZES)
def test_pillows_pixels_but_for_rounding(height: int, width: int):
    rows, columns = size_of(height, width)
    for picture in pictures(height, width):
        for top, left in ((0, 0), (rows - 224, columns - 224),
                          ((rows - 224) // 3, (columns - 224) // 2)):
            check(picture, (top, left, 224, 224))
        check(picture, (0, 0, rows, columns))
        check(picture, (rows - 3, columns - 5, 2, 3))


@pytest.mark.parametrize('height, width', SIZES)
def test_black_and_white(height: int, width: int):
    """Where order and rounding count most: half the sums are ties."""
    noise = pictures(height, width)[1]
    check(np.where(noise > 127, 255, 0).astype(np.uint8), (0, 0, 224, 224))


@pytest.mark.parametrize('subsampling', [0, 1, 2])
def test_decoded_photographs(subsampling: int):
    for height, width in SIZES[:3]:
        stream = io.BytesIO()
        Image.fromarray(pictures(height, width)[0]).save(
            stream, 'JPEG', quality=90, subsampling=subsampling)
        check(np.asarray(Image.open(stream)), (5, 7, 224, 224))


def test_reversed_channels_are_read_as_they_are():
    picture = pictures(60, 90)[1]
    args = ((120, 180), (3, 5, 40, 50))
    np.testing.assert_array_equal(
        resize_window(picture[..., ::-1], *args),
        resize_window(picture, *args)[..., ::-1])


@pytest.mark.parametrize('window', [(-1, 0, 2, 2), (0, 0, 5, 2), (0, 3, 2, 2),
                                    (0, 0, 0, 2)])
def test_window_outside(window: tuple):
    with pytest.raises(ValueError, match='not inside'):
        resize_window(np.zeros((4, 4, 3), np.uint8), (4, 4), window)


@pytest.mark.parametrize('picture', [
    np.zeros((4, 4, 3), np.float32),
    np.zeros((4, 4), np.uint8),
    np.zeros((4, 4, 4), np.uint8)
])
def test_wrong_picture(picture: np.ndarray):
    with pytest.raises(TypeError, match='uint8'):
        resize_window(picture, (4, 4), (0, 0, 2, 2))
