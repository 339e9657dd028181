"""Windows of files: their position, and which files are refused."""
import os
from pathlib import Path
from typing import Optional

import av
import numpy as np
import pytest
import soundfile
import torch

from fnac_mm.functional import load_waveform
from fnac_mm.media.audio import recording_length
from fnac_mm.media.window import window_start
from ..media import write_media

SECONDS = 4.37


def ramp(count: int) -> np.ndarray:
    """(count,) int16 in which pairs of samples tell their index."""
    index = np.arange(count)
    return np.where(index % 2, index // 2 // 20000,
                    index // 2 % 20000).astype(np.int16)


def position(waveform: torch.Tensor) -> int:
    """Index of the first sample of a window of a ramp."""
    values = (waveform.double() * 32767).round().long()
    for skip in (0, 1):
        pairs = values[skip:len(values) - (len(values) - skip) % 2]
        index = 2 * (pairs[::2] + 20000 * pairs[1::2])
        if (index.diff() == 2).all():
            return int(index[0]) - skip
    raise AssertionError('not a window of a ramp')


STARTS = [None, 0.0, 0.1, 1.1, 2.3, 3.0]
RATES = [8000, 11025, 16000, 22050, 44100, 48000]


@pytest.mark.parametrize('start', STARTS)
@pytest.mark.parametrize('rate', RATES)
@pytest.mark.parametrize('name', ['a.wav', 'a.flac', 'a.mkv', 'a.mov'])
def test_window_position_is_exact(tmp_path: Path, name: str, rate: int,
                                  start: Optional[float]) -> None:
    count = round(SECONDS * rate) // 2 * 2
    path = tmp_path / name
    if path.suffix in ('.wav', '.flac'):
        soundfile.write(path, ramp(count), rate)
    else:
        write_media(path, ramp(count), rate)
    waveform, found = load_waveform(path, duration=1.0, start=start)
    assert found == rate and waveform.shape == (rate, )
    # By integers; 2.3 s of 22050 Hz is 50714.99999 in floating point.
    expected = ((count - rate) // 2 if start is None else round(start * 10) *
                rate // 10)
    # Matroska writes times in milliseconds.
    slack = 1 + rate // 2000 if path.suffix == '.mkv' else 0
    assert abs(position(waveform) - expected) <= slack


def test_avi_has_exact_starts(tmp_path: Path) -> None:
    path = write_media(tmp_path / 'a.avi', ramp(4 * 22050), 22050)
    waveform, _ = load_waveform(path, duration=1.0, start=2.3)
    assert position(waveform) == 50715


@pytest.mark.parametrize('count', [48001, 64001, 70003, 79998])
def test_centre_window_starts_where_the_published_one_does(
        tmp_path: Path, count: int) -> None:
    """Half a sample, for an odd surplus, is rounded down."""
    soundfile.write(tmp_path / 'a.wav', ramp(count), 16000)
    waveform, _ = load_waveform(tmp_path / 'a.wav')
    assert position(waveform) == (count - 48000) // 2


@pytest.mark.parametrize('suffix, codec, rate', [('.m4a', 'aac', 44100),
                                                 ('.mkv', 'aac', 44100),
                                                 ('.ts', 'aac', 44100),
                                                 ('.mp4', 'libmp3lame', 44100),
                                                 ('.webm', 'libopus', 48000)])
def test_seeking_equals_decoding_everything(tmp_path: Path, suffix: str,
                                            codec: str, rate: int) -> None:
    """A lossy codec needs the packets before the window."""
    time = np.arange(5 * rate) / rate
    chirp = 9000 * np.sin(2 * np.pi * (300 + 400 * time) * time)
    path = write_media(tmp_path / f'a{suffix}', chirp.astype(np.int16), rate,
                       codec)
    whole, _ = load_waveform(path, duration=4.5, start=0.0)
    part, _ = load_waveform(path, duration=1.0, start=2.3)
    # Up to a millisecond apart, where the container rounds times.
    begin = round(2.3 * rate)
    best = min((whole[begin + shift:begin + shift + rate] - part).abs().max()
               for shift in range(-rate // 1000, rate // 1000 + 1))
    assert best < 2e-3


def test_time_stamps_that_do_not_begin_at_zero(tmp_path: Path) -> None:
    path = write_media(
        tmp_path / 'a.mkv', ramp(4 * 8000), 8000, first_sample=2 * 8000)
    waveform, _ = load_waveform(path, duration=0.5, start=1.0)
    assert position(waveform) == 8000


def test_live_stream_has_no_length(tmp_path: Path) -> None:
    """What a browser records: the centre is found from the packets."""
    path = write_media(
        tmp_path / 'a.mkv',
        ramp(4 * 8000),
        8000,
        'flac',
        format='matroska',
        options=dict(live='1'))
    with av.open(str(path)) as container:
        assert container.duration is None
    # Nor of its last packet.
    waveform, _ = load_waveform(path, duration=1.0)
    assert abs(position(waveform) - 12000) <= 0.3 * 8000
    for start in (0.0, 2.0):
        waveform, _ = load_waveform(path, duration=1.0, start=start)
        assert abs(position(waveform) - start * 8000) <= 8


def test_window_start() -> None:
    assert window_start(10, 3, None) == 3.5
    assert window_start(2, 3, None) == 0
    assert window_start(10, 3, 9.5) == 9.5


@pytest.mark.parametrize('name, rate', [
    ('audio/nasa_13013.mp4.audio.mp3', 8000),
    ('audio/sine_16ch_s16.wav', 16000),
    ('audio/sine_mono_f32.wav', 16000),
    ('audio/sine_mono_f64.wav', 16000),
    ('audio/sine_mono_s24.wav', 16000),
    ('audio/sine_mono_s32_8000.wav', 8000),
    ('audio/sine_mono_u8.wav', 16000),
    ('pairs/bird_audio.wav', 44100),
    ('pairs/car_audio.wav', 44100),
    ('pairs/dog_audio.wav', 44100),
    ('videos/avi_44k.avi', 44100),
    ('videos/h264_aac_44k.mp4', 44100),
    ('videos/nasa_13013.mp4', 8000),
])
def test_real_files(shared: Path, name: str, rate: int) -> None:
    waveform, found = load_waveform(shared / 'samples' / name)
    assert found == rate and waveform.shape == (3 * rate, )
    assert 0.01 < waveform.abs().max() <= 1
    assert len(load_waveform(shared / 'samples' / name, 3, None,
                             16000)[0]) == 48000


def test_sound_of_a_film_equals_its_extract(shared: Path) -> None:
    """The mp3 was made from the mp4: same sound, apart from the delay."""
    film, _ = load_waveform(shared / 'samples/videos/nasa_13013.mp4', 6.0)
    extract, _ = load_waveform(
        shared / 'samples/audio/nasa_13013.mp4.audio.mp3', 6.0)
    spectrum = (torch.fft.rfft(film) * torch.fft.rfft(extract).conj())
    correlation = torch.fft.irfft(spectrum).abs().max()
    assert correlation / (film.norm() * extract.norm()) > 0.9


class TestRefusals:
    """Every message names the file."""

    def refuse(self,
               path: Path,
               message: str,
               error: type = ValueError,
               **kwargs: object) -> None:
        with pytest.raises(error, match=message) as caught:
            load_waveform(path, **kwargs)
        assert str(path) in str(caught.value)

    def test_missing_and_folder(self, tmp_path: Path) -> None:
        for path in (tmp_path / 'a.wav', tmp_path):
            self.refuse(path, 'no such recording', FileNotFoundError)

    @pytest.mark.parametrize('name, content', [
        ('a.wav', b''),
        ('a.wav', b'RIFF1234WAVEjunk'),
        ('a.mp3', bytes(range(256)) * 9),
        ('a.mp4', bytes(range(256)) * 9),
        ('a.raw', bytes(range(256)) * 9),
        ('a', b'no suffix'),
        ('a.txt', b'a line of text\n' * 50),
        ('a.png', b'\x89PNG'),
    ])
    def test_not_sound(self, tmp_path: Path, name: str,
                       content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        self.refuse(tmp_path / name, 'not a readable|no audio track')

    def test_silent_film(self, tmp_path: Path) -> None:
        frames = np.zeros((5, 32, 32, 3), np.uint8)
        path = write_media(tmp_path / 'a.mp4', frames=frames)
        self.refuse(path, 'no audio track')

    def test_no_samples(self, tmp_path: Path) -> None:
        nothing = np.zeros(0, np.int16)
        self.refuse(write_media(tmp_path / 'a.wav', nothing), 'empty')
        frames = np.zeros((4, 32, 32, 3), np.uint8)
        film = write_media(tmp_path / 'a.mkv', nothing, frames=frames)
        self.refuse(film, 'empty')

    def test_cut_off(self, tmp_path: Path) -> None:
        path = write_media(tmp_path / 'a.mkv', ramp(10 * 8000), 8000)
        os.truncate(path, path.stat().st_size // 2)
        self.refuse(path, 'before its announced end')

    def test_damaged_in_the_middle(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(-9, 9, 80000, np.int16)
        path = write_media(tmp_path / 'a.m4a', noise, 16000, 'alac')
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle - 9000:middle + 9000] = b'\xff' * 18000
        path.write_bytes(content)
        self.refuse(path, 'the sound is damaged at 2')

    @pytest.mark.parametrize('value', [np.nan, np.inf])
    def test_not_finite(self, tmp_path: Path, value: float) -> None:
        x = np.zeros(48000)
        x[24000] = value
        soundfile.write(tmp_path / 'a.wav', x, 16000, subtype='FLOAT')
        self.refuse(tmp_path / 'a.wav', 'NaN or infinity')

    @pytest.mark.parametrize('start', [-0.1, 1.0, 7, float('nan')])
    @pytest.mark.parametrize('name', ['a.wav', 'a.mov'])
    def test_start_outside(self, tmp_path: Path, name: str,
                           start: float) -> None:
        path = write_media(tmp_path / name, ramp(16000), 16000)
        self.refuse(path, 'outside the recording of 1.000 s', start=start)

    @pytest.mark.parametrize('kwargs', [
        dict(duration=0),
        dict(duration=-1),
        dict(duration=float('nan')),
        dict(duration=float('inf')),
        dict(sample_rate=0)
    ])
    def test_arguments(self, kwargs: dict) -> None:
        with pytest.raises(ValueError, match=next(iter(kwargs))):
            load_waveform('a.wav', **kwargs)


def test_announced_length(tmp_path):
    """By the samples that were written."""
    path = tmp_path / 'a.wav'
    soundfile.write(path, np.zeros(4410), 44100)
    assert recording_length(str(path)) == (0.1, 44100)
    video = write_media(tmp_path / 'a.mp4', ramp(48000), 16000, 'aac')
    seconds, rate = recording_length(str(video))
    assert rate == 16000 and seconds == pytest.approx(3, abs=0.15)
    path.write_text('no sound')
    with pytest.raises(ValueError, match='not a readable recording'):
        recording_length(str(path))
    frames = np.zeros((5, 32, 32, 3), np.uint8)
    mute = write_media(tmp_path / 'b.mp4', frames=frames)
    with pytest.raises(ValueError, match='no audio track'):
        recording_length(str(mute))
