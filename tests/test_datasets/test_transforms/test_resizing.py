"""What the transform refuses; test_published_pipeline.py has its pixels."""
import numpy as np
import pytest

from fnac_mm.datasets import ResizeRandomCrop


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
