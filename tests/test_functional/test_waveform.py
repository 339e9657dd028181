"""Windows of sound: scale, channels, repetition, rate."""
import warnings
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import pytest
import soundfile
import torch
from scipy.io import wavfile
from scipy.signal import resample_poly

from fnac_mm.functional import (decode_pcm16, encode_pcm16, load_waveform,
                                mix_channels, mix_int16, pcm16_to_float,
                                tile_waveform, window_waveform)


@pytest.mark.parametrize('subtype', [
    'PCM_U8', 'PCM_16', 'PCM_24', 'PCM_32', 'FLOAT', 'DOUBLE', 'ULAW', 'ALAW'
])
def test_sample_formats(tmp_path: Path, subtype: str) -> None:
    x = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    soundfile.write(tmp_path / 'a.wav', x, 8000, subtype=subtype)
    waveform, _ = load_waveform(tmp_path / 'a.wav', duration=1.0)
    coarse = dict(PCM_U8=1 / 128, ULAW=0.02, ALAW=0.02)
    assert np.abs(waveform.numpy() - x).max() <= coarse.get(subtype, 6e-5)


@pytest.mark.parametrize('channels', [2, 16])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    x = np.random.default_rng(0).uniform(-0.9, 0.9, (8000, channels))
    soundfile.write(tmp_path / 'a.wav', x, 8000, subtype='DOUBLE')
    waveform, _ = load_waveform(tmp_path / 'a.wav', duration=1.0)
    expected = x.mean(axis=1) * 32768 / 32767
    np.testing.assert_allclose(waveform, expected, atol=1e-6)


@pytest.mark.parametrize('count', [1, 100, 7999, 23999])
def test_short_recording_is_repeated(tmp_path: Path, count: int) -> None:
    x = np.random.default_rng(0).integers(-9999, 9999, count, np.int16)
    soundfile.write(tmp_path / 'a.wav', x, 8000)
    waveform, _ = load_waveform(tmp_path / 'a.wav')
    assert torch.equal((waveform * 32767).round(),
                       torch.from_numpy(np.resize(x, 24000)).float())


def test_end_of_a_recording_is_repeated(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(-9999, 9999, 8000, np.int16)
    soundfile.write(tmp_path / 'a.wav', x, 8000)
    waveform, _ = load_waveform(tmp_path / 'a.wav', duration=1.0, start=0.75)
    assert torch.equal((waveform * 32767).round(),
                       torch.from_numpy(np.resize(x[6000:], 8000)).float())


def test_tile() -> None:
    x = torch.arange(3.)
    assert tile_waveform(x, 7).tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert tile_waveform(x, 2).tolist() == [0, 1]


def test_resampling_agrees_with_scipy(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = np.convolve(rng.standard_normal(3 * 44100), np.hanning(64), 'same')
    x *= 0.5 / np.abs(x).max()
    soundfile.write(tmp_path / 'a.wav', x, 44100, subtype='DOUBLE')
    waveform, _ = load_waveform(tmp_path / 'a.wav', sample_rate=16000)
    expected = resample_poly(x, 160, 441)[:48000]
    assert np.abs(waveform.numpy() - expected)[500:-500].max() < 2e-3


def test_resampling_stays_in_range(tmp_path: Path) -> None:
    square = np.sign(np.random.default_rng(0).standard_normal(9000))
    soundfile.write(tmp_path / 'a.wav', square, 44100, subtype='FLOAT')
    waveform, _ = load_waveform(tmp_path / 'a.wav', sample_rate=16000)
    assert waveform.abs().max() == 1


def test_same_rate_is_not_resampled(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(-9999, 9999, 16000, np.int16)
    soundfile.write(tmp_path / 'a.wav', x, 16000)
    asked, _ = load_waveform(tmp_path / 'a.wav', 1.0, sample_rate=16000)
    assert torch.equal(asked, load_waveform(tmp_path / 'a.wav', 1.0)[0])


class TestInMemory:
    """A recording that is not a file, against the same in a file."""

    @pytest.mark.parametrize('count', [9000, 16000, 70001])
    @pytest.mark.parametrize('start', [None, 0.3])
    @pytest.mark.parametrize('target', [None, 8000])
    def test_equals_the_file(self, tmp_path: Path, count: int,
                             start: Optional[float],
                             target: Optional[int]) -> None:
        x = np.random.default_rng(0).integers(-9999, 9999, count, np.int16)
        soundfile.write(tmp_path / 'a.wav', x, 16000)
        expected = load_waveform(tmp_path / 'a.wav', 1.0, start, target)
        for kind in (x, x / 32768, torch.from_numpy(x / 32768).float()):
            ours = window_waveform(kind, 16000, 1.0, start, target)
            assert ours[1] == expected[1]
            torch.testing.assert_close(ours[0], expected[0])

    @pytest.mark.parametrize('waveform, kwargs, error, message', [
        (np.zeros((2, 9)), {}, ValueError, r'mono.*\(2, 9\)'),
        (np.zeros(9, np.int32), {}, TypeError, 'int32'),
        (np.zeros(0), {}, ValueError, 'empty'),
        (np.full(9, np.nan), {}, ValueError, 'NaN'),
        (np.zeros(9), dict(rate=0), ValueError, 'rate'),
        (np.zeros(9), dict(duration=0), ValueError, 'duration'),
        (np.zeros(9), dict(start=2.0), ValueError, 'outside'),
    ])
    def test_refusals(self, waveform: np.ndarray, kwargs: dict, error: type,
                      message: str) -> None:
        with pytest.raises(error, match=message):
            window_waveform(waveform, **{'rate': 9, **kwargs})


def test_every_16_bit_value_is_scaled_alike(tmp_path: Path):
    """On the device as in the worker: the published division by 32767."""
    values = np.arange(-2**15, 2**15).astype(np.int16)
    wavfile.write(tmp_path / 'a.wav', 16000, values)
    duration = len(values) / 16000
    stored, rate = load_waveform(tmp_path / 'a.wav', duration, keep_int16=True)
    assert stored.dtype == torch.int16 and rate == 16000
    np.testing.assert_array_equal(stored, values)
    floating, _ = load_waveform(tmp_path / 'a.wav', duration)
    assert torch.equal(pcm16_to_float(stored), floating)
    expected = np.clip(values / 32767, -1, 1).astype(np.float32)
    np.testing.assert_array_equal(floating, expected)


def test_16_bits_are_kept_only_where_nothing_is_computed(tmp_path: Path):
    values = np.arange(4000, dtype=np.int16)
    wavfile.write(tmp_path / 'a.wav', 8000, values)
    wavfile.write(tmp_path / 'stereo.wav', 8000, np.stack([values, values], 1))
    wavfile.write(tmp_path / 'float.wav', 8000, values / np.float32(2**15))

    def load(name: str, rate: int) -> torch.Tensor:
        return load_waveform(tmp_path / name, 1.0, None, rate, True)[0]

    assert load('a.wav', 8000).dtype == torch.int16
    # Shorter than the window: repeated.
    assert torch.equal(load('a.wav', 8000)[4000:], load('a.wav', 8000)[:4000])
    for name, rate in (('a.wav', 16000), ('stereo.wav', 8000), ('float.wav',
                                                                8000)):
        assert load(name, rate).dtype == torch.float32
    torch.testing.assert_close(
        load('stereo.wav', 8000), pcm16_to_float(load('a.wav', 8000)))


def test_every_16_bit_value_comes_back_as_the_same_bits(tmp_path: Path):
    values = np.arange(-32768, 32768).astype(np.int16)
    soundfile.write(tmp_path / 'all.wav', values, 16384, subtype='PCM_16')
    loaded = load_waveform(tmp_path / 'all.wav', duration=4)[0].numpy()
    packed = encode_pcm16(loaded)
    # The published scale has no place for -32768.
    np.testing.assert_array_equal(packed, np.maximum(values, -32767))
    back = decode_pcm16(packed)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back.view(np.int32), loaded.view(np.int32))


def test_other_values_are_at_most_half_a_step_away():
    waveform = np.random.default_rng(0).uniform(-1, 1, 20000)
    error = decode_pcm16(encode_pcm16(waveform.astype(np.float32))) - waveform
    assert 0.45 / 32767 < np.abs(error).max() <= 0.5 / 32767 + 1e-7


@pytest.mark.parametrize('value', [1.01, -2, np.nan, np.inf])
def test_what_is_no_waveform_is_refused(value: float):
    with pytest.raises(ValueError, match='in \\[-1, 1\\]'):
        encode_pcm16(np.array([0, value], np.float32))


@pytest.mark.parametrize('mix', [mix_channels, mix_int16])
def test_channels_that_cancel_are_told(mix: Callable) -> None:
    rng = np.random.default_rng(0)
    left = rng.uniform(-0.5, 0.5, 8000)
    with pytest.warns(UserWarning, match='opposite phase'):
        assert not np.asarray(mix(np.stack([left, -left], 1))).any()
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        mix(np.stack([left, left / 2], 1))
        mix(np.zeros((10, 2)))
