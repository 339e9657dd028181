"""Silence, darkness and stillness, against closed forms."""
import numpy as np
import pytest

from fnac_mm.verification.media_checks import (BLACK_LEVEL, CONSTANT_RANGE,
                                               SILENCE_LEVEL, frame_change,
                                               frame_fault, sound_level,
                                               thumbnail)

RATE = 16000
TIME = np.arange(3 * RATE) / RATE


@pytest.mark.parametrize('amplitude', [1.0, 0.1, 1e-3])
def test_level_of_a_sine(amplitude: float):
    """A sine has the power a^2 / 2."""
    wave = amplitude * np.sin(2 * np.pi * 440 * TIME)
    assert sound_level(wave, RATE) == pytest.approx(
        20 * np.log10(amplitude) - 10 * np.log10(2), abs=0.01)


def test_what_is_silent():
    rng = np.random.default_rng(0)
    dither = rng.integers(-1, 2, 3 * RATE) / 32768
    assert sound_level(np.zeros(100), RATE) == -np.inf
    assert sound_level(dither, RATE) < SILENCE_LEVEL
    assert sound_level(0.3 + dither,
                       RATE) < SILENCE_LEVEL  # an offset is not heard
    click = dither.copy()
    click[20000:20400] += 0.02 * np.sin(2 * np.pi * 440 * TIME[:400])
    # A short sound is one.
    assert sound_level(click, RATE) > SILENCE_LEVEL
    assert sound_level(1e-2 * rng.standard_normal(50), RATE) > SILENCE_LEVEL


def test_black_and_constant_frames():
    rng = np.random.default_rng(0)
    noise = rng.integers(-1, 2, (120, 160, 3))
    assert frame_fault((noise + 15).astype(np.uint8)) == 'black'
    assert frame_fault((noise + 128).astype(np.uint8)) == 'constant'
    logo = (noise + 10).astype(np.uint8)
    logo[:8, :8] = 250  # 0.3 % of the pixels
    assert frame_fault(logo) == 'black'
    night = logo.copy()
    night[:20, :20] = 90  # 2 %: something can be seen
    assert frame_fault(night) is None
    assert frame_fault(rng.integers(0, 256, (9, 9, 3), np.uint8)) is None


def test_the_thresholds_are_inclusive():
    black = np.full((10, 10, 3), BLACK_LEVEL, np.uint8)
    assert frame_fault(black) == 'black'
    assert frame_fault(black + 1) == 'constant'
    ramp = np.linspace(0, 1, 100)[:, None, None] * np.ones((1, 100, 3))
    assert frame_fault(
        (100 + CONSTANT_RANGE * ramp).astype(np.uint8)) == 'constant'
    assert frame_fault((100 + 60 * ramp).astype(np.uint8)) is None


def test_one_bright_channel_is_not_black():
    blue = np.zeros((50, 50, 3), np.uint8)
    blue[25:, :, 0] = 200
    assert frame_fault(blue) is None


def test_change_between_frames():
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 200, (96, 128, 3), np.uint8)
    small = [thumbnail(frame), thumbnail(frame), thumbnail(frame + 7)]
    assert small[0].shape == (32, 32)
    assert frame_change(small[:2]) == 0
    assert frame_change(small) == pytest.approx(7, abs=0.2)
    assert frame_change([small[2], small[0]]) == pytest.approx(7, abs=0.2)
