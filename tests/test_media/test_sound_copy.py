"""Sound that is encoded again: channels, rates and holes."""
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from fnac_mm.media.writer import SoundCopy


@pytest.mark.parametrize('channels, rate, expected', [
    (1, 16000, (1, 16000)),
    (2, 44100, (2, 44100)),
    (6, 48000, (2, 48000)),
    (1, 5000, (1, 48000)),
])
def test_encoded(tmp_path: Path, channels: int, rate: int,
                 expected: tuple) -> None:
    time = np.arange(2 * rate) / rate
    tone = 0.4 * np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / 'a.wav', np.stack([tone] * channels, 1), rate)
    copy = SoundCopy(str(tmp_path / 'a.wav'))
    assert not copy.copied
    with av.open(str(tmp_path / 'a.mp4'), 'w') as output:
        copy.attach(output)
        copy.copy_until(1.0)
        copy.copy_until(float('inf'))
    copy.close()
    with av.open(str(tmp_path / 'a.mp4')) as container:
        stream = container.streams.audio[0]
        found = (stream.codec_context.channels, stream.rate)
        samples = np.concatenate(
            [f.to_ndarray() for f in container.decode(stream)], 1)[0]
    assert found == expected
    assert len(samples) / expected[1] == pytest.approx(2, abs=0.05)
    again = np.sin(2 * np.pi * 440 * np.arange(len(samples)) / expected[1])
    middle = slice(expected[1] // 2, expected[1])
    assert np.corrcoef(samples[middle], again[middle])[0, 1] > 0.99


def test_a_late_start_is_kept(tmp_path: Path) -> None:
    """Sound that begins after the part does stays in its place."""
    soundfile.write(tmp_path / 'a.wav', np.full(16000, 0.5), 16000)
    copy = SoundCopy(str(tmp_path / 'a.wav'), origin=-0.5, cut=True)
    frames = list(copy._frames())

    copy.close()
    assert frames[0].pts * Fraction(1, 16000) == Fraction(1, 2)
