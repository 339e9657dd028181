"""Masks of every mode and size, and of none."""
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnac_mm.datasets import LoadMask, PackAVInputs

SHAPE = np.zeros((224, 224), bool)
SHAPE[40:150, 30:201] = True


def load(path: Path, threshold=None, **kwargs) -> np.ndarray:
    results = dict(sample_id='a', mask_path=str(path), **kwargs)
    return LoadMask(threshold)(results)['gt_mask']


def palette(values: np.ndarray, colours: list) -> Image.Image:
    picture = Image.fromarray(values.astype(np.uint8), 'P')
    picture.putpalette(colours)
    return picture


@pytest.mark.parametrize('picture', [
    Image.fromarray(SHAPE),
    Image.fromarray(SHAPE.astype(np.uint8)),
    Image.fromarray(SHAPE.astype(np.uint8) * 255),
    palette(SHAPE, [0, 0, 0, 255, 255, 255]),
    palette(SHAPE * 7, [255, 255, 255] + [0] * 21),
    Image.fromarray(SHAPE.astype(np.uint8) * 9).convert('RGB'),
    Image.fromarray(SHAPE.astype(np.uint8) * 9).convert('RGBA'),
    Image.fromarray(SHAPE.astype(np.uint8) * 9).convert('LA'),
])
def test_whatever_is_not_zero(tmp_path: Path, picture: Image.Image):
    """Bits, grey, colour; a palette's colours play no part."""
    picture.save(tmp_path / 'm.png')
    mask = load(tmp_path / 'm.png')
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 1}
    np.testing.assert_array_equal(mask, SHAPE)


@pytest.mark.parametrize('mode', ['1', 'P'])
def test_threshold_does_not_reach_indices(tmp_path: Path, mode: str):
    picture = Image.fromarray(SHAPE) if mode == '1' else palette(
        SHAPE, [0] * 6)
    picture.save(tmp_path / 'm.png')
    np.testing.assert_array_equal(load(tmp_path / 'm.png', 127), SHAPE)


def test_grey_threshold_is_exclusive(tmp_path: Path):
    values = np.tile(np.array([0, 1, 127, 128], np.uint8), (224, 56))
    Image.fromarray(values).save(tmp_path / 'm.png')
    for threshold, expected in ((0, [0, 1, 1, 1]), (127, [0, 0, 0, 1])):
        mask = load(tmp_path / 'm.png', threshold)
        assert mask[0, :4].tolist() == expected
        # The data set's threshold holds unless another one is given.
        mask = load(tmp_path / 'm.png', mask_threshold=threshold)
        assert mask[0, :4].tolist() == expected


def test_fringes_of_jpeg(tmp_path: Path):
    rows, columns = np.mgrid[:224, :224]
    disc = (rows - 100)**2 + (columns - 120)**2 < 70**2
    path = tmp_path / 'm.jpg'
    Image.fromarray(disc.astype(np.uint8) * 255).save(path, quality=60)
    raw = np.asarray(Image.open(path))
    assert ((raw > 0) != disc).sum() > 500  # The fringes are there.
    assert (load(path, mask_threshold=127) != disc).sum() < 40
    with pytest.raises(ValueError, match='m.jpg.*threshold=127'):
        load(path, 0)


@pytest.mark.parametrize('factor', [2, 3])
def test_larger_masks_keep_blocks(tmp_path: Path, factor: int):
    """Each pixel repeated: the nearest to any centre is the same one."""
    rng = np.random.default_rng(0)
    mask = rng.random((224, 224)) < 0.5
    large = mask.repeat(factor, 0).repeat(factor, 1)
    Image.fromarray(large).save(tmp_path / 'm.png')
    np.testing.assert_array_equal(load(tmp_path / 'm.png'), mask)


@pytest.mark.parametrize('shape', [(112, 448), (100, 333), (1, 1), (600, 17)])
def test_other_sizes_as_pillow_does(tmp_path: Path, shape: tuple):
    rng = np.random.default_rng(1)
    picture = Image.fromarray((rng.random(shape) < 0.5).astype(np.uint8) * 255)
    picture.save(tmp_path / 'm.png')
    expected = np.asarray(picture.resize((224, 224), Image.NEAREST)) > 0
    mask = load(tmp_path / 'm.png')
    assert mask.shape == (224, 224)
    # Where a centre lies between two pixels either one is the nearest.
    assert (mask != expected).mean() < 0.01


def test_nothing_sounds():
    results = LoadMask(size=8)(dict(mask_path=None))
    assert results['gt_mask'].shape == (8, 8)
    assert not results['gt_mask'].any()


def test_bad_files(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='nowhere.png: no such mask'):
        load(tmp_path / 'nowhere.png')
    (tmp_path / 'text.png').write_text('text')
    with pytest.raises(ValueError, match='text.png.*unknown format'):
        load(tmp_path / 'text.png')
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (99, 99), np.uint8)
    Image.fromarray(noise).save(content, 'PNG')
    (tmp_path / 'cut.png').write_bytes(content.getvalue()[:5000])
    with pytest.raises(ValueError, match='cut.png'):
        load(tmp_path / 'cut.png')
    Image.fromarray(noise.astype(np.uint16) * 256).save(tmp_path / 'deep.png')
    with pytest.raises(ValueError, match='deep.png.*mode I'):
        load(tmp_path / 'deep.png')
    with pytest.raises(KeyError, match="'a'.*data_prefix.*mask_path"):
        LoadMask()(dict(sample_id='a'))


def test_arguments():
    for kwargs in (dict(threshold=-1), dict(threshold=255), dict(size=0)):
        with pytest.raises(ValueError, match=next(iter(kwargs))):
            LoadMask(**kwargs)
    assert repr(LoadMask(127)) == 'LoadMask(threshold=127, size=224)'


def test_packed(tmp_path: Path):
    Image.fromarray(SHAPE).save(tmp_path / 'm.png')
    results = dict(
        img=np.zeros((4, 5, 3), np.uint8),
        waveform=np.zeros(3, np.float32),
        img_path='a.jpg',
        group='g',
        negative_kind='noise',
        mask_path=str(tmp_path / 'm.png'))
    sample = PackAVInputs()(LoadMask()(results))['data_samples']
    assert sample.gt_mask.data.shape == (1, 224, 224)
    np.testing.assert_array_equal(sample.gt_mask.data[0].numpy(), SHAPE)
    assert (sample.group, sample.negative_kind) == ('g', 'noise')
    with pytest.raises(ValueError, match='a.jpg.*gt_mask is not'):
        PackAVInputs()(dict(results, flip=True))
