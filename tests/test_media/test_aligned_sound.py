"""Sound on the clock of the pictures, of tracks whose samples tell an index.

Shape legend: S samples.
"""
from pathlib import Path
from typing import Optional

import av
import numpy as np
import pytest
import soundfile
import torch

from fnac_mm.functional import load_waveform, mix_int16
from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.container import MediaError
from fnac_mm.media.window import sample_index
from ..media import index_frames, sample_ramp, write_media

RATE = 22050
SECONDS = 4


def read(path: Path,
         index: int = 0,
         begin: float = 0.0,
         end: Optional[float] = None) -> np.ndarray:
    """All samples (S,) int16."""
    with SoundTrack(str(path), index) as track:
        stop = None if end is None else sample_index(end, track.rate)
        blocks = track.blocks(sample_index(begin, track.rate), stop)
        return np.concatenate([mix_int16(block) for block in blocks])


def film(path: Path, sound: np.ndarray, **kwargs: object) -> Path:
    """Pictures at 10 a second, and a sound."""
    return write_media(
        path,
        sound,
        kwargs.pop('rate', RATE),
        frames=index_frames(10 * SECONDS),
        **kwargs)


@pytest.mark.parametrize('name', ['a.mov', 'a.avi', 'a.mkv', 'a.wav'])
def test_16_bit_mono_stays_as_it_is(tmp_path: Path, name: str) -> None:
    ramp = sample_ramp(SECONDS * RATE)
    if name == 'a.wav':
        soundfile.write(tmp_path / name, ramp, RATE)
    else:
        film(tmp_path / name, ramp)
    assert np.array_equal(read(tmp_path / name), ramp)


def test_sample_k_is_at_k_over_rate(tmp_path: Path) -> None:
    """Sound that begins 0.3 s after the pictures."""
    ramp = sample_ramp(2 * RATE) + 1
    path = film(tmp_path / 'a.mov', ramp, first_sample=6615)
    found = read(path)
    assert not found[:6615].any() and np.array_equal(found[6615:], ramp)


@pytest.mark.parametrize('fps, late', [(10, 3), (25, 2)])
def test_sound_before_the_first_picture(tmp_path: Path, fps: int,
                                        late: int) -> None:
    """It is heard; but for an encoder's lead-in of less than 0.1 s."""
    ramp = sample_ramp(SECONDS * RATE)
    path = write_media(
        tmp_path / 'a.mov',
        ramp,
        RATE,
        frames=index_frames(10),
        fps=fps,
        first_frame=late)
    left_out = late * RATE // fps if late / fps < 0.1 else 0
    assert np.array_equal(read(path), ramp[left_out:])


@pytest.mark.parametrize('late', [0.0, 0.2, -0.4])
@pytest.mark.parametrize('name, codec, rate', [('a.mp4', 'aac', 44100),
                                               ('a.mkv', 'aac', 44100),
                                               ('a.webm', 'libopus', 48000),
                                               ('a.mp4', 'libmp3lame', 44100),
                                               ('a.ts', 'aac', 44100)])
def test_lossy_sound_is_in_its_place(tmp_path: Path, name: str, codec: str,
                                     rate: int, late: float) -> None:
    """A chirp correlates with itself at one lag only."""
    time = np.arange(2 * rate) / rate
    chirp = np.sin(2 * np.pi * (200 * time + 1500 * time**2))
    video = 'libvpx-vp9' if name == 'a.webm' else 'mpeg4'
    path = film(
        tmp_path / name, (chirp * 20000).astype(np.int16),
        rate=rate,
        codec=codec,
        video_codec=video,
        first_sample=int(max(late, 0) * rate),
        first_frame=int(max(-late, 0) * 10))
    found = read(path).astype(float)
    # What begins first is at second 0.
    shift = round(max(late, 0) * rate)
    clock = np.zeros(max(len(found), shift + len(chirp)))
    clock[max(shift, 0):shift + len(chirp)] = chirp[max(-shift, 0):]
    spectrum = np.fft.rfft(found, 2 * len(clock)) * np.conj(
        np.fft.rfft(clock, 2 * len(clock)))
    lag = int(np.fft.irfft(spectrum).argmax())
    lag -= 2 * len(clock) * (lag > len(clock))
    # Matroska rounds times to milliseconds, mp4 those of a late start;
    # MPEG-TS tells nothing of the samples by which an encoder is late.
    slack = {'.mp4': rate // 1000 if late > 0 else 0, '.ts': 1200}
    assert abs(lag) <= slack.get(path.suffix, rate // 1000)


def test_gap_is_silent(tmp_path: Path) -> None:
    """As FFmpeg's aresample=async=1 fills it."""
    path, rate = tmp_path / 'a.mkv', 16000
    ramp = sample_ramp(SECONDS * rate) + 1
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=rate, layout='mono')
        for begin in range(0, len(ramp), rate // 10):
            if rate <= begin < 2 * rate:
                continue
            block = av.AudioFrame.from_ndarray(
                ramp[None, begin:begin + rate // 10], 's16', 'mono')
            block.sample_rate, block.pts = rate, begin
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    ramp[rate:2 * rate] = 0
    assert np.array_equal(read(path), ramp)


@pytest.mark.parametrize('begin, end', [(0.0, 1.0), (1.3, 2.3), (3.5, 5.0),
                                        (2.0, None)])
def test_window(tmp_path: Path, begin: float, end: Optional[float]) -> None:
    ramp = sample_ramp(SECONDS * RATE)
    path = film(tmp_path / 'a.mov', ramp)
    stop = None if end is None else round(end * RATE)
    expected = ramp[round(begin * RATE):stop]
    assert np.array_equal(read(path, 0, begin, end), expected)


def test_window_of_a_lossy_track_is_a_part_of_the_whole(
        tmp_path: Path) -> None:
    time = np.arange(SECONDS * 44100) / 44100
    sweep = 9000 * np.sin(2 * np.pi * (200 * time + 500 * time**2))
    path = film(
        tmp_path / 'a.mp4', sweep.astype(np.int16), rate=44100, codec='aac')
    part = read(path, 0, 2.0, 3.0).astype(int)
    assert np.abs(part - read(path)[88200:132300]).max() <= 1


def test_stereo_is_averaged_as_ffmpeg_does(tmp_path: Path) -> None:
    """Its downmix to one channel of 16 bit, to half a step."""
    rng = np.random.default_rng(1)
    stereo = rng.integers(-30000, 30000, (RATE, 2)).astype(np.int16)
    soundfile.write(tmp_path / 'a.wav', stereo, RATE)
    resampler = av.AudioResampler(format='s16p', layout='mono')
    with av.open(str(tmp_path / 'a.wav')) as container:
        parts = [
            part.to_ndarray()[0] for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    difference = read(tmp_path / 'a.wav') - np.concatenate(parts).astype(int)
    assert np.abs(difference).max() <= 1
    exact = stereo.astype(float).mean(axis=1)
    assert np.abs(read(tmp_path / 'a.wav') - exact).max() <= 0.5


@pytest.mark.parametrize('start', [None, 0.0, 1.7])
@pytest.mark.parametrize('name',
                         ['avi_44k.avi', 'h264_aac_44k.mp4', 'nasa_13013.mp4'])
def test_a_wav_of_it_loads_as_the_film_does(shared: Path, tmp_path: Path,
                                            name: str,
                                            start: Optional[float]) -> None:
    """To half a 16-bit step."""
    path = shared / 'samples' / 'videos' / name
    with SoundTrack(str(path)) as track:
        soundfile.write(tmp_path / 'a.wav', read(path), track.rate)
    ours, rate = load_waveform(tmp_path / 'a.wav', 3.0, start)
    theirs, expected = load_waveform(path, 3.0, start)
    assert rate == expected
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0.51 / 32767)


def test_second_track(shared: Path) -> None:
    """Against the tracks as PyAV decodes them."""
    path = shared / 'samples' / 'videos' / 'nasa_13013.mp4'
    with av.open(str(path)) as container:
        parts = [f.to_ndarray() for f in container.decode(audio=1)]
    expected = np.concatenate(parts, axis=1).mean(axis=0) * 32768
    with SoundTrack(str(path), 1) as track:
        assert track.rate == 16000
    assert np.abs(read(path, 1) - expected).max() <= 0.501
    with pytest.raises(MediaError, match='nasa.*=2, but it has 2 audio'):
        SoundTrack(str(path), 2)


@pytest.mark.parametrize('start', [None, 0.0, 0.2, 1.7])
@pytest.mark.parametrize(
    'shift',
    [dict(first_sample=6615), dict(first_frame=3)], ids=str)
def test_a_wav_of_shifted_sound_loads_as_the_film(
        tmp_path: Path, shift: dict, start: Optional[float]) -> None:
    """Inference on the film hears what a prepared data set hears."""
    path = film(tmp_path / 'a.mov', sample_ramp(3 * RATE) + 1, **shift)
    soundfile.write(tmp_path / 'a.wav', read(path), RATE)
    ours, _ = load_waveform(tmp_path / 'a.wav', 1.0, start)
    theirs, _ = load_waveform(path, 1.0, start)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize('name, codec', [('a.mkv', 'pcm_s16le'),
                                         ('a.mov', 'pcm_s16le'),
                                         ('a.mp4', 'aac')])
@pytest.mark.parametrize('late', [-2.0, 1.5])
def test_far_shifted_tracks_are_whole(tmp_path: Path, name: str, codec: str,
                                      late: float) -> None:
    """No track is taken for cut off because another begins earlier."""
    path = film(
        tmp_path / name,
        sample_ramp(SECONDS * RATE),
        codec=codec,
        first_sample=int(max(late, 0) * RATE),
        first_frame=int(max(-late, 0) * 10))
    assert len(read(path)) == pytest.approx(
        (SECONDS + max(late, 0)) * RATE, abs=2048)
    waveform, _ = load_waveform(path, 0.5, 0.7)
    assert waveform.any() == (late < 0)
