"""The picture that a player shows."""
from pathlib import Path
from typing import Optional

import numpy as np
import pytest

from fnac_mm.apis import read_video_frame
from ..media import write_media


def grey_steps(count: int = 30) -> np.ndarray:
    """Frames whose brightness tells their index."""
    levels = np.linspace(20, 235, count).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, 32, 48, 3))


@pytest.mark.parametrize('time, expected', [(None, 15), (0.0, 0), (0.25, 2),
                                            (1.2, 12), (1.29, 12), (2.99, 29)])
@pytest.mark.parametrize('name', ['a.mp4', 'a.mkv', 'a.avi'])
def test_frame_of_a_time(tmp_path: Path, name: str, time: Optional[float],
                         expected: int) -> None:
    frames = grey_steps()
    path = write_media(tmp_path / name, frames=frames)
    picture, found = read_video_frame(path, time)
    assert picture.shape == (32, 48, 3) and picture.dtype == np.uint8
    assert found == pytest.approx(1.5 if time is None else time)
    levels = frames[:, 0, 0, 0].astype(float)
    assert np.abs(levels - picture.mean()).argmin() == expected


def test_colours_are_rgb(tmp_path: Path) -> None:
    red = np.zeros((5, 32, 32, 3), np.uint8)
    red[..., 0] = 220
    picture, _ = read_video_frame(write_media(tmp_path / 'a.mp4', frames=red))
    assert picture[..., 0].mean() > 180 and picture[..., 1:].mean() < 60


@pytest.mark.parametrize('degrees', [0, 90, 180, -90])
def test_a_phones_film_is_upright(tmp_path: Path, degrees: int) -> None:
    """The stored picture is turned as the container tells."""
    stored = np.zeros((5, 32, 64, 3), np.uint8)
    stored[:, :16, :32] = 255
    path = write_media(tmp_path / 'a.mp4', frames=stored, rotation=degrees)
    picture, _ = read_video_frame(path)
    expected = np.rot90(stored[0], degrees // 90)
    assert picture.shape == expected.shape
    assert np.abs(picture.astype(int) - expected).mean() < 12


@pytest.mark.parametrize('name, shape', [('avi_44k.avi', (240, 320)),
                                         ('h264_aac_44k.mp4', (240, 320)),
                                         ('nasa_13013.mp4', (240, 320))])
def test_real_films(shared: Path, name: str, shape: tuple) -> None:
    picture, time = read_video_frame(shared / 'samples' / 'videos' / name)
    assert picture.ndim == 3 and picture.std() > 5 and time > 1


class TestRefusals:
    """Every message names the file."""

    def refuse(self,
               path: Path,
               message: str,
               time: Optional[float] = None,
               error: type = ValueError) -> None:
        with pytest.raises(error, match=message) as caught:
            read_video_frame(path, time)
        assert str(path) in str(caught.value)

    def test_missing(self, tmp_path: Path) -> None:
        self.refuse(tmp_path / 'a.mp4', 'no such video', None,
                    FileNotFoundError)

    def test_no_video(self, tmp_path: Path) -> None:
        path = write_media(tmp_path / 'a.mkv', np.zeros(8000, np.int16))
        self.refuse(path, 'no video track')

    def test_not_a_video(self, tmp_path: Path) -> None:
        (tmp_path / 'a.mp4').write_bytes(bytes(range(256)) * 4)
        self.refuse(tmp_path / 'a.mp4', 'not a readable video')

    @pytest.mark.parametrize('time', [-0.1, 3.0, float('nan')])
    def test_time_outside(self, tmp_path: Path, time: float) -> None:
        path = write_media(tmp_path / 'a.mp4', frames=grey_steps())
        self.refuse(path, 'outside the video of 3.000 s', time)
