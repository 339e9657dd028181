"""Fingerprints survive what keeps a clip the same, and nothing else."""
import io
import sys

import numpy as np
import pytest
import soundfile
from PIL import Image
from scipy.signal import lfilter, resample_poly

from fnac_mm.verification import fingerprint
from fnac_mm.verification.fingerprint import (audio_fingerprint,
                                              bit_error_rate,
                                              find_near_duplicates,
                                              image_fingerprint)

RATE = 16000


def sound(seed: int, seconds: float = 4.0) -> np.ndarray:
    """Coloured noise whose level changes a few times a second."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    knots = rng.random(count // 2000 + 2)
    level = np.interp(np.arange(count), 2000 * np.arange(len(knots)), knots)
    noise = lfilter([1], [1, -0.9], rng.standard_normal(count))
    return (0.1 * level * noise).clip(-1, 1).astype(np.float32)


def picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    return np.asarray(small.resize((160, 120), Image.Resampling.BICUBIC))


def error(first: np.ndarray, second: np.ndarray, rate: int = RATE) -> float:
    return bit_error_rate(
        audio_fingerprint(first, RATE), audio_fingerprint(second, rate), 0.5)


def test_other_sounds_differ_in_half_of_the_bits():
    errors = [error(sound(i), sound(i + 100)) for i in range(20)]
    assert 0.38 < min(errors) and max(errors) < 0.55


def test_the_same_sound():
    wave = sound(1)
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, RATE, format='OGG', subtype='VORBIS')
    buffer.seek(0)
    assert error(wave, wave) == 0
    assert error(wave, 0.1 * wave) < 0.02
    assert error(wave, soundfile.read(buffer, dtype='float32')[0]) < 0.2
    upper = resample_poly(wave, 441, 160).astype(np.float32)
    assert error(wave, upper, 44100) < 0.1


@pytest.mark.parametrize('shift', [0.05, 0.2, 0.45])
def test_a_shifted_sound(shift: float):
    wave = sound(2)
    later = wave[int(shift * RATE):]
    assert error(wave, later) < 0.15
    assert error(later, wave) < 0.15


@pytest.mark.parametrize('odd, usual', [(7937, 7940), (44101, 44100),
                                        (767_999, 768_000)])
def test_an_odd_rate_is_taken_for_the_usual_one(odd: int, usual: int) -> None:
    """Filters between it and 8 kHz would take gigabytes."""
    waveform = sound(0, 60)
    first, second = (
        audio_fingerprint(waveform, rate) for rate in (odd, usual))
    np.testing.assert_array_equal(first, second)


def test_a_shift_beyond_the_limit_is_not_searched():
    prints = [audio_fingerprint(w, RATE) for w in (sound(3), sound(3)[19200:])]
    assert bit_error_rate(*prints, 0.5) > 0.38
    assert bit_error_rate(*prints, 1.3) < 0.25


def test_short_and_silent_sounds_have_none():
    assert audio_fingerprint(sound(1, 0.5), RATE) is None
    assert audio_fingerprint(np.zeros(RATE, np.float32), RATE) is None
    long = audio_fingerprint(sound(1), RATE)
    assert bit_error_rate(long, long[:5], 0.5) == 1.0


def test_both_must_agree():
    pytest.importorskip('imagehash')
    pictures = [image_fingerprint(picture(i)) for i in range(4)]
    sounds = [audio_fingerprint(sound(i), RATE) for i in range(4)]
    near = pictures[0] ^ np.array([1] * 32, np.uint8)
    queries = [(near, sounds[0]), (pictures[1], sounds[3]),
               (pictures[2], sounds[0]), (pictures[3], None)]
    found, = find_near_duplicates(queries, list(zip(pictures, sounds)))
    assert found == (0, 0, 0, 32)
    assert not find_near_duplicates(queries, [])


def test_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, 'imagehash', None)
    monkeypatch.setattr(fingerprint, 'find_spec', lambda name: None)
    with pytest.raises(ModuleNotFoundError, match='pip install ImageHash'):
        fingerprint.require_imagehash()
