"""Loudness against BS.1770's closed form, and against FFmpeg's filter."""
import math
import re
from contextlib import suppress

import av
import numpy as np
import pytest

from fnac_mm.functional.loudness import TARGET, gain_to_target, loudness


def ebur128(sound: np.ndarray, rate: int) -> float:
    """LUFS, rounded to 0.1, that FFmpeg prints."""
    av.logging.set_level(av.logging.INFO)
    with av.logging.Capture() as logs:
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_abuffer(format='fltp', sample_rate=rate, layout='mono'),
            graph.add('ebur128'), graph.add('abuffersink')).configure()
        for begin in range(0, len(sound), rate // 10):
            frame = av.AudioFrame.from_ndarray(
                sound[None, begin:begin + rate // 10].astype(np.float32),
                'fltp', 'mono')
            frame.sample_rate, frame.pts = rate, begin
            graph.push(frame)
            with suppress(av.FFmpegError):
                while graph.pull():
                    pass
        del graph
    av.logging.set_level(None)
    return float(
        re.findall(r'I: +(\S+) LUFS', ''.join(t for *_, t in logs))[-1])


@pytest.mark.parametrize('rate', [16000, 44100, 48000, 96000])
def test_full_scale_sine(rate: int) -> None:
    """997 Hz at 0 dBFS in one channel is -3.01 LUFS, by the standard."""
    sine = np.sin(2 * np.pi * 997 * np.arange(3 * rate) / rate)
    # The filters are defined at 48 kHz.
    tolerance = 0.005 if rate == 48000 else 0.05
    assert loudness([sine], rate) == pytest.approx(-3.01, abs=tolerance)
    quiet = loudness([sine / 100], rate)
    assert quiet + gain_to_target(quiet) == pytest.approx(TARGET)


@pytest.mark.parametrize('rate', [8000, 44100, 48000])
def test_gates_as_ffmpeg(rate: int) -> None:
    """Seconds of noise from loud to silent, in blocks of any size."""
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.uniform(0, 1, 10)**4, rate)
    noise = 0.1 * levels * rng.standard_normal(10 * rate)
    found = loudness(np.array_split(noise, 77), rate)
    assert found == pytest.approx(loudness([noise], rate))
    assert found == pytest.approx(ebur128(noise, rate), abs=0.06)


def test_silence_has_no_level() -> None:
    assert loudness([np.zeros(9000)], 8000) == -math.inf
    assert loudness([], 8000) == -math.inf and gain_to_target(-math.inf) == 0
