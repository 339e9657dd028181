"""Loading media: Pillow's and scipy's answers, and broken files."""
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from fnac_mm.datasets import LoadAudio, LoadImage

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 51, 3), np.uint8)


def save(path: Path, mode: str = 'RGB', **kwargs) -> Path:
    Image.fromarray(PICTURE).convert(mode).save(path, **kwargs)
    return path


def load(path: Path, **kwargs) -> dict:
    return LoadImage(**kwargs)(dict(img_path=str(path)))


@pytest.mark.parametrize('name, mode', [
    ('a.jpg', 'RGB'),
    ('a.jpg', 'L'),
    ('a.jpg', 'CMYK'),
    ('a.png', 'RGB'),
    ('a.png', 'RGBA'),
    ('a.png', 'P'),
    ('a.png', 'L'),
    ('a.png', '1'),
])
def test_three_channels_as_pillow(tmp_path: Path, name: str, mode: str):
    path = save(tmp_path / name, mode)
    results = load(path)
    expected = np.asarray(Image.open(path).convert('RGB'))
    np.testing.assert_array_equal(results['img'][..., ::-1], expected)
    assert results['img'].dtype == np.uint8
    assert results['img_shape'] == results['ori_shape'] == (40, 51)


def truncated(path: Path, share: float) -> Path:
    content = save(path).read_bytes()
    path.write_bytes(content[:int(share * len(content))])
    return path


def bomb(path: Path) -> Path:
    """A header that announces 60000 x 60000 pixels."""
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, 'BMP')
    content = bytearray(stream.getvalue())
    content[18:26] = (60000).to_bytes(4, 'little') * 2
    path.write_bytes(content)
    return path


def sixteen_bits(path: Path) -> Path:
    Image.fromarray(PICTURE[..., 0].astype(np.uint16) * 257).save(path)
    return path


BROKEN = dict(
    half=lambda folder: truncated(folder / 'half.jpg', 0.5),
    last_bytes=lambda folder: truncated(folder / 'last_bytes.jpg', 0.98),
    header=lambda folder: truncated(folder / 'header.jpg', 0.01),
    empty=lambda folder: truncated(folder / 'empty.jpg', 0.0),
    half_png=lambda folder: truncated(folder / 'half_png.png', 0.5),
    bomb=lambda folder: bomb(folder / 'bomb.bmp'),
    sixteen=lambda folder: sixteen_bits(folder / 'sixteen.png'),
)


@pytest.mark.parametrize('kind', BROKEN)
def test_broken_pictures(tmp_path: Path, kind: str):
    path = BROKEN[kind](tmp_path)
    with pytest.raises(ValueError, match='readable picture') as caught:
        load(path)
    assert str(path) in str(caught.value)
    results = dict(img_path=str(path))
    assert LoadImage(on_error='skip')(results) is None
    assert results['load_error'] == str(caught.value)


def test_audio_is_the_centre_window(tmp_path: Path):
    rng = np.random.default_rng(0)
    samples = rng.integers(-2**15, 2**15, 5 * 8000).astype(np.int16)
    path = tmp_path / 'a.wav'
    wavfile.write(path, 8000, samples)
    results = LoadAudio(sample_rate=None)(dict(audio_path=str(path)))
    assert results['sample_rate'] == 8000
    assert results['waveform'].dtype == np.float32
    expected = np.clip(samples[8000:32000] / 32767, -1, 1)
    np.testing.assert_allclose(results['waveform'], expected, atol=1e-7)
    results = LoadAudio(duration=1, start=2.5)(dict(audio_path=str(path)))
    assert results['sample_rate'] == len(results['waveform']) == 16000


@pytest.mark.parametrize('content, message', [
    (b'', 'not a readable recording'),
    (b'RIFF but no more', 'not a readable recording'),
    (None, 'empty'),
])
def test_broken_sound(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / 'broken.wav'
    if content is None:
        wavfile.write(path, 8000, np.zeros(0, np.int16))
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        LoadAudio()(dict(audio_path=str(path)))
    assert str(path) in str(caught.value)
    results = dict(audio_path=str(path))
    assert LoadAudio(on_error='skip')(results) is None
    assert results['load_error'] == str(caught.value)


@pytest.mark.parametrize('cls, key', [(LoadImage, 'img_path'),
                                      (LoadAudio, 'audio_path')])
def test_no_file(tmp_path: Path, cls: type, key: str):
    results = {key: str(tmp_path / 'nowhere.xyz')}
    with pytest.raises(FileNotFoundError, match='nowhere.xyz'):
        cls()(results)
    assert cls(on_error='skip')(results) is None
    assert 'nowhere.xyz' in results['load_error']


@pytest.mark.parametrize('cls, kwargs, message', [
    (LoadImage, dict(on_error='ignore'), "'ignore'"),
    (LoadAudio, dict(on_error='ignore'), "'ignore'"),
    (LoadAudio, dict(duration=0), 'duration'),
    (LoadAudio, dict(sample_rate=0), 'sample_rate'),
    (LoadAudio, dict(start=-1.0), 'start'),
])
def test_arguments(cls: type, kwargs: dict, message: str):
    with pytest.raises(ValueError, match=message):
        cls(**kwargs)


def test_repr():
    assert repr(LoadAudio(start=1.0)) == (
        "LoadAudio(duration=3.0, sample_rate=16000, start=1.0, "
        "on_error='raise', to_float32=True)")
    assert repr(LoadImage(on_error='skip')).endswith("on_error='skip')")


def test_every_sample_file_loads(shared: Path):
    paths = [
        *(shared / 'samples' / 'audio').iterdir(),
        *(shared / 'golden').glob('*.wav')
    ]
    assert len(paths) >= 10
    for path in paths:
        results = LoadAudio()(dict(audio_path=str(path)))
        assert results['waveform'].shape == (48000, ), path
        assert np.abs(results['waveform']).max() > 0, path


def test_replaced_sound_is_as_long(tmp_path: Path):
    """Also at the file's own rate; noise is a function of its seed."""
    path = tmp_path / 'a.wav'
    wavfile.write(path, 11025, np.full(9000, 0.5, np.float32))

    def replaced(**override) -> np.ndarray:
        results = dict(audio_path=str(path), audio_override=override)
        return LoadAudio(2.5, None)(results)['waveform']

    for kwargs in (dict(kind='silence'), dict(kind='noise', seed=1)):
        assert replaced(**kwargs).shape == (int(2.5 * 11025), )
        assert replaced(**kwargs).dtype == np.float32
    assert not replaced(kind='silence').any()
    first, again, other = (replaced(kind='noise', seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    with pytest.raises(ValueError, match="'hum'"):
        replaced(kind='hum')
