"""Windows of a track that is read on and on."""
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fnac_mm.apis.sound_windows import WindowedSound
from fnac_mm.functional import log_spectrogram, mix_channels
from fnac_mm.media.audio import SoundTrack
from ..media import write_media

RATE = 8000
SOUND = np.random.default_rng(0).integers(-9000, 9000, 5 * RATE, np.int16)
WINDOW = RATE // 2


def windows(path: Path, start: float = 0.0, **kwargs: object) -> WindowedSound:
    return WindowedSound(
        SoundTrack(str(path)),
        0.5,
        log_spectrogram,
        512,
        238,
        begin=start,
        **kwargs)


def expected(first: int, sound: np.ndarray = SOUND) -> Tensor:
    """Spectrogram of the window that begins at a sample."""
    part = sound[first:first + WINDOW, None].astype(np.float32) / 32768
    return log_spectrogram(mix_channels(part), RATE)


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)


@pytest.fixture()
def track(tmp_path: Path) -> Path:
    return write_media(tmp_path / 'a.mkv', SOUND, RATE)


def test_windows_are_those_of_the_samples(track: Path) -> None:
    """At the column next to where it would begin, never further."""
    sound = windows(track)
    for time in (0.7, 0.71, 1.0, 2.345, 4.1):
        begin = time * RATE - WINDOW / 2
        column = round(begin / 238)
        assert abs(column * 238 - begin) <= 119
        close(sound.window(time), expected(column * 238))
    assert sound.columns <= (len(SOUND) - 512) // 238 + 1


def test_moved_inside_at_the_ends(track: Path) -> None:
    sound = windows(track)
    close(sound.window(0.0), expected(0))
    close(sound.window(0.1), expected(0))
    last = (len(SOUND) - WINDOW) // 238
    close(sound.window(5.0), expected(last * 238))
    assert sound.columns == (len(SOUND) - 512) // 238 + 1


def test_outside_is_silence(track: Path) -> None:
    sound = windows(track)
    assert sound.window(5.2).std() > 0.1
    close(sound.window(5.3), log_spectrogram(torch.zeros(WINDOW), RATE))


def test_late_sound(tmp_path: Path) -> None:
    """A track that begins 2 s after the pictures."""
    path = write_media(
        tmp_path / 'a.mkv',
        SOUND,
        RATE,
        first_sample=2 * RATE,
        frames=np.zeros((9, 32, 32, 3), np.uint8))
    sound = windows(path)
    assert sound.window(1.5).std() < 1e-4
    close(sound.window(1.9), expected(0))
    close(
        sound.window(3.25), expected(round((1.25 - 0.25) * RATE / 238) * 238))


def test_short_recordings_are_repeated(tmp_path: Path) -> None:
    path = write_media(tmp_path / 'a.mkv', SOUND[:1500], RATE)
    sound = windows(path)
    for time in (0.0, 0.1):
        close(sound.window(time), expected(0, np.tile(SOUND[:1500], 3)))


def test_from_the_middle(track: Path) -> None:
    """Reading may begin late; the windows are the samples', to a column."""
    sound = windows(track, 2.0)
    found = sound.window(3.0)
    begins = range(22000 - 130, 22000 + 130)
    assert min((expected(first) - found).abs().max().item()
               for first in begins) < 1e-3
    assert sound.columns < 3 * RATE / 238


def test_damage_is_named(tmp_path: Path, track: Path) -> None:
    sound = windows(track)
    sound.track = type('Broken', (),
                       dict(path='a.mkv', blocks=lambda self, first: iter(
                           ())))()
    with pytest.raises(ValueError, match='a.mkv: the audio track is empty'):
        sound.window(1.0)
