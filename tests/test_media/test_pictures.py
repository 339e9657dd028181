"""Pictures of all kinds: Pillow's pixels, Pillow's errors."""
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fnac_mm.datasets import LoadImage
from fnac_mm.media import pictures, suffixes
from fnac_mm.media.container import MediaError
from fnac_mm.media.pictures import _decode_plain_jpeg, read_picture
from fnac_mm.preparation.pictures import make_still
from fnac_mm.preparation.plan import Clip, MediaOptions, Output

pytest.importorskip('simplejpeg')


def picture(height: int = 61, width: int = 83) -> Image.Image:
    rng = np.random.default_rng(height + width)
    noise = rng.integers(0, 256, (-(-height // 5), -(-width // 5), 3))
    return Image.fromarray(noise.astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC)


def encode(image: Image.Image, **kwargs) -> bytes:
    stream = io.BytesIO()
    image.save(stream, 'JPEG', **kwargs)
    return stream.getvalue()


def encode_rgb(image: Image.Image) -> bytes:
    """Without YCbCr, as Adobe's marker tells; Pillow writes such since 10.2.
    """
    content = encode(image, subsampling=0)
    assert content[2:4] == b'\xff\xe0'  # JFIF's marker, which means YCbCr
    return content[:2] + b'\xff\xee\0\x0eAdobe\0d\0\0\0\0\0' + content[20:]


def load(path: Path, backend: str) -> np.ndarray:
    return LoadImage(backend)(dict(img_path=str(path)))['img']


def outcome(path: Path, backend: str) -> object:
    """Pixels, or the message of the error."""
    try:
        return load(path, backend).tolist()
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize('size', [(256, 455), (131, 257), (33, 17), (1, 1)])
@pytest.mark.parametrize('kwargs', [
    dict(subsampling=0),
    dict(subsampling=1, quality=30),
    dict(subsampling=2, quality=90),
    dict(subsampling=2, quality=100, progressive=True),
    dict(subsampling=2, restart_marker_rows=1, optimize=True),
])
def test_pixels_are_those_of_pillow(size: tuple, kwargs: dict):
    content = encode(picture(*size), **kwargs)
    found = _decode_plain_jpeg(content, 'BGR')
    np.testing.assert_array_equal(
        found[..., ::-1],
        np.asarray(Image.open(io.BytesIO(content)).convert('RGB')))


@pytest.mark.parametrize('sampling', [
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440
])
def test_rarer_samplings(sampling: int):
    """Decoders differ in how they smooth the colours of 4:4:0."""
    ok, content = cv2.imencode('.jpg', np.asarray(picture()),
                               [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling])
    assert ok
    np.testing.assert_array_equal(
        _decode_plain_jpeg(content.tobytes(), 'RGB'),
        Image.open(io.BytesIO(content.tobytes())))


def test_pictures_of_the_samples(shared: Path):
    paths = sorted((shared / 'samples' / 'pairs').glob('*.jpg'))
    assert len(paths) == 3
    for path in paths:
        assert _decode_plain_jpeg(path.read_bytes(), 'RGB') is not None
        np.testing.assert_array_equal(
            load(path, 'simplejpeg'), load(path, 'pillow'))


@pytest.mark.parametrize('name', ['exif', 'cmyk', 'png', 'gray', 'adobe'])
def test_odd_files_are_read_as_by_pillow(tmp_path: Path, name: str):
    path = tmp_path / f'{name}.jpg'
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    content = dict(
        exif=encode(picture(), exif=exif),
        cmyk=encode(picture().convert('CMYK')),
        gray=encode(picture().convert('L')),
        adobe=encode_rgb(picture()))
    if name == 'png':
        picture().save(path, 'PNG')
    else:
        path.write_bytes(content[name])
    if name != 'gray':
        assert _decode_plain_jpeg(path.read_bytes(), 'RGB') is None
    np.testing.assert_array_equal(
        load(path, 'simplejpeg'), load(path, 'pillow'))


def test_cut_files_are_errors(tmp_path: Path):
    content = encode(picture())
    path = tmp_path / 'cut.jpg'
    for length in (0, 1, 3, 20, *range(100, len(content), 37),
                   len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match='not a readable picture'):
            load(path, 'simplejpeg')
        assert outcome(path, 'simplejpeg') == outcome(path, 'pillow')


def test_flipped_bits_end_as_with_pillow(tmp_path: Path):
    content, rng = encode(picture(24, 40)), np.random.default_rng(0)
    path = tmp_path / 'flipped.jpg'
    for _ in range(300):
        broken = bytearray(content)
        broken[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        assert outcome(path, 'simplejpeg') == outcome(path, 'pillow')


def test_huge_announcements_are_refused(tmp_path: Path):
    content = bytearray(encode(picture()))
    frame = content.index(b'\xff\xc0')
    content[frame + 5:frame + 9] = (60000).to_bytes(2, 'big') * 2
    path = tmp_path / 'bomb.jpg'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='exceeds limit'):
        load(path, 'simplejpeg')


def test_without_simplejpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / 'a.jpg'
    path.write_bytes(encode(picture()))
    expected = load(path, 'simplejpeg')
    monkeypatch.setattr(pictures, 'simplejpeg', None)
    np.testing.assert_array_equal(load(path, 'simplejpeg'), expected)


ORIENTATIONS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize('suffix', ['JPG', 'png', 'webp', 'tiff'])
@pytest.mark.parametrize('orientation', ORIENTATIONS)
def test_every_reader_gives_the_upright_picture(tmp_path: Path,
                                                orientation: int, suffix: str):
    """By TIFF 6.0: which corner is stored first, and which way it goes on."""
    stored, exif = np.zeros((32, 48, 3), np.uint8), Image.Exif()
    stored[:16, :24], stored[:16, 24:] = (220, 0, 0), (0, 220, 0)
    stored[16:, :24], stored[16:, 24:] = (0, 0, 220), 240
    exif[0x0112] = orientation
    path = tmp_path / f'a.{suffix}'
    Image.fromarray(stored).save(path, exif=exif)
    expected = ORIENTATIONS[orientation](stored).astype(int)
    draft = tmp_path / 'draft.jpg'
    output = Output('a.jpg', path.name, 'still')
    record = make_still(output, draft, Clip('a', (output, )),
                        MediaOptions(tmp_path, tmp_path))
    assert (record['height'], record['width']) == expected.shape[:2]
    for found in (read_picture(path), load(path, 'pillow')[..., ::-1],
                  load(path, 'simplejpeg')[..., ::-1], read_picture(draft)):
        assert found.shape == expected.shape
        assert np.abs(found - expected).mean() < 8


@pytest.mark.parametrize('mode, kwargs', [('LA', {}), ('RGBA', {}),
                                          ('P', dict(transparency=3))])
def test_transparency_is_ignored(tmp_path: Path, mode: str, kwargs: dict):
    colour = picture().convert('L' if mode == 'LA' else 'RGB')
    whole = colour.convert(mode)
    expected = np.asarray(whole.convert('RGB'))
    if mode.endswith('A'):
        whole.putalpha(Image.fromarray(np.asarray(picture())[..., 0]))
    whole.save(tmp_path / 'a.png', **kwargs)
    np.testing.assert_array_equal(read_picture(tmp_path / 'a.png'), expected)


@pytest.mark.parametrize('name', ['a.gif', 'a.webp', 'a.png', 'a.tif'])
def test_of_an_animation_the_first_frame(tmp_path: Path, name: str):
    frames = [Image.new('RGB', (16, 8), c) for c in ('red', 'blue', 'white')]
    kwargs = dict(lossless=True) if name == 'a.webp' else {}
    frames[0].save(
        tmp_path / name, save_all=True, append_images=frames[1:], **kwargs)
    assert (read_picture(tmp_path / name) == (255, 0, 0)).all()


@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.pgm', 'f.tif'])
def test_grey_of_more_than_8_bits_is_refused(tmp_path: Path, name: str):
    """By all readers: it would be white. See also colour, which is scaled."""
    deep = np.linspace(52, 200, 60 * 40).reshape(40, 60) * 257
    kind = np.float32 if name == 'f.tif' else np.uint16
    Image.fromarray(deep.astype(kind)).save(tmp_path / name)
    output = Output('a.jpg', name, 'still')
    for read in (
            lambda: read_picture(tmp_path / name),
            lambda: load(tmp_path / name, 'simplejpeg'),
            lambda: make_still(output, tmp_path / 'draft', Clip(
                'a', (output, )), MediaOptions(tmp_path, tmp_path))):
        with pytest.raises(ValueError, match=f'{name}.*more than 8 bits'):
            read()


def test_colour_of_16_bits_is_scaled(tmp_path: Path):
    deep = np.asarray(picture()).astype(np.uint16) * 257
    assert cv2.imwrite(str(tmp_path / 'a.png'), deep[..., ::-1])
    np.testing.assert_array_equal(read_picture(tmp_path / 'a.png'), picture())


def test_pictures_that_need_a_plugin(tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / 'a.HEIC'
    path.write_bytes(b'\0\0\0\x18ftypheic' + bytes(12))
    monkeypatch.setattr(suffixes, 'find_spec', lambda name: None)
    assert suffixes.media_kind(path) == 'unread picture'
    with pytest.raises(MediaError, match='a.HEIC.*install pillow-heif'):
        read_picture(path)
    monkeypatch.setattr(suffixes, 'find_spec', lambda name: 1)
    assert suffixes.media_kind(path) == 'picture'


@pytest.mark.parametrize('name', ['a.avif', 'a.heic'])
def test_pictures_of_plugins(tmp_path: Path, name: str):
    if suffixes.missing_plugin(name):
        pytest.skip(suffixes.missing_plugin(name))
    if name == 'a.heic':
        pytest.importorskip('pillow_heif.HeifImagePlugin')
    large = picture().resize((160, 96))
    large.save(tmp_path / name, quality=95)
    found = read_picture(tmp_path / name)
    assert np.abs(found.astype(int) - np.asarray(large)).mean() < 8
