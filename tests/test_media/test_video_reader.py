"""Frames of a video and their times, against FFmpeg's own."""
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fnac_mm.media.video import VideoReader
from ..media import write_media

LEVELS = np.linspace(20, 235, 30).astype(np.uint8)
FRAMES = np.broadcast_to(LEVELS[:, None, None, None], (30, 32, 48, 3))


def read(path: Path, **kwargs: object) -> list:
    """(time, index of the level) of each frame."""
    reader = VideoReader(str(path), **kwargs)
    return [(round(float(frame.time), 3),
             int(np.abs(LEVELS.astype(float) - frame.image.mean()).argmin()))
            for frame in reader]


@pytest.fixture()
def film(tmp_path: Path) -> Path:
    return write_media(tmp_path / 'a.mp4', frames=FRAMES)


def test_all(film: Path) -> None:
    assert read(film) == [(i / 10, i) for i in range(30)]


def test_a_part(film: Path) -> None:
    found = read(film, start=1.15, duration=0.5)
    assert found == [(i / 10, i) for i in range(12, 17)]
    reader = VideoReader(str(film), start=1.15)
    assert reader.seconds == pytest.approx(3 - 1.15)


@pytest.mark.parametrize('fps, kept', [(5, range(0, 30, 2)),
                                       (2, range(0, 30, 5)), (100, range(30))])
def test_fewer_frames(film: Path, fps: float, kept: range) -> None:
    assert read(film, fps=fps) == [(i / 10, i) for i in kept]


def test_fps_of_a_part(film: Path) -> None:
    found = [i for _, i in read(film, start=1.1, fps=3)]
    # In each third of a second the first frame.
    assert found == [11, 14, 17, 20, 24, 27]


def test_turned(tmp_path: Path) -> None:
    stored = np.zeros((5, 32, 64, 3), np.uint8)
    stored[:, :16, :32] = 255
    path = write_media(tmp_path / 'a.mp4', frames=stored, rotation=90)
    frame = next(iter(VideoReader(str(path))))
    expected = np.rot90(stored[0])
    assert frame.image.shape == expected.shape
    assert np.abs(frame.image.astype(int) - expected).mean() < 12


def test_reordered_frames_of_an_avi(shared: Path) -> None:
    """Without presentation times: all 164 frames, 25 a second."""
    path = shared / 'samples' / 'videos' / 'avi_44k.avi'
    times = [frame.time for frame in VideoReader(str(path))]
    assert times == [Fraction(i, 25) for i in range(1, 165)]


def test_cut_off(tmp_path: Path) -> None:
    """A file without its end is told, or read as far as it goes."""
    path = write_media(tmp_path / 'a.mkv', frames=FRAMES)
    content = path.read_bytes()
    path.write_bytes(content[:len(content) // 2])
    found = read(path)
    assert 5 < len(found) < 30 and found[:5] == [(i / 10, i) for i in range(5)]
    path.write_bytes(content[:40])
    with pytest.raises(ValueError, match='a.mkv: not a readable video'):
        read(path)


def test_nothing_in_the_part(film: Path) -> None:
    with pytest.raises(ValueError, match='no frame between 2.95 s'):
        read(film, start=2.95)
