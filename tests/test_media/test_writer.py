"""What is written is what was drawn."""
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fnac_mm.media import writer as writing
from fnac_mm.media.writer import VideoWriter

COLOURS = [(220, 30, 30), (30, 200, 40), (20, 40, 210), (240, 240, 240)]


def write(path: Path, size: tuple = (32, 48), count: int = 8) -> None:
    tick = Fraction(1, 30000)
    with VideoWriter(path, size, tick, Fraction(30000, 1001)) as writer:
        for index in range(count):
            image = np.zeros((*size, 3), np.uint8)
            image[:] = COLOURS[index % 4]
            writer.write(image, index * 1001 * tick, 1001 * tick)


@pytest.mark.parametrize('encoder', ['libx264', 'mpeg4'])
@pytest.mark.parametrize('size', [(32, 48), (33, 47)])
def test_pictures_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                            encoder: str, size: tuple) -> None:
    monkeypatch.setattr(writing, '_ENCODERS',
                        tuple(e for e in writing._ENCODERS if e[0] == encoder))
    write(tmp_path / 'a.mp4', size)
    with av.open(str(tmp_path / 'a.mp4')) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        length = float(stream.duration * stream.time_base)
    assert [f.time for f in frames
            ] == pytest.approx([i * 1001 / 30000 for i in range(8)], abs=1e-4)
    assert length == pytest.approx(8 * 1001 / 30000, abs=1e-3)
    for index, frame in enumerate(frames):
        image = frame.to_ndarray(format='rgb24')
        assert image.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
        assert np.abs(image.astype(int) - COLOURS[index % 4]).max() < 14


def test_only_complete_files(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match='of the caller'):
        with VideoWriter(tmp_path / 'a.mp4', (32, 32), Fraction(1, 25),
                         Fraction(25)) as writer:
            writer.write(
                np.zeros((32, 32, 3), np.uint8), Fraction(0), Fraction(1, 25))
            assert not (tmp_path / 'a.mp4').exists()
            raise RuntimeError('of the caller')
    assert not list(tmp_path.iterdir())
