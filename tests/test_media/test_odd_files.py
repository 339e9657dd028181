"""Files that people have, each against what was put into it.

Shape legend: S samples.
"""
import struct
from pathlib import Path
from typing import Optional, Tuple

import av
import numpy as np
import pytest
import soundfile

from fnac_mm.functional import load_waveform
from fnac_mm.media.audio import SoundTrack, read_window
from fnac_mm.media.container import MediaError
from fnac_mm.media.pcm import open_pcm
from fnac_mm.media.pixels import frame_picture
from fnac_mm.media.video import VideoReader, read_video_frame
from ..media import index_frames, read_index, sample_ramp, write_media
from .corpus import bursts, heard

RATE = 44100
X264 = dict(
    video_codec='libx264',
    video_options=dict(g='250', preset='ultrafast', x264opts='scenecut=0'))


def check_bursts(samples: np.ndarray, rate: int, first: float,
                 seconds: list) -> None:
    """The bursts of these seconds, in a window that begins at ``first``."""
    found = heard(samples, rate)
    assert [pitch for _, pitch in found] == [400 + 100 * k for k in seconds]
    for (start, _), second in zip(found, seconds):
        # Encoders smear an onset, and containers round it.
        assert start == pytest.approx(second - first, abs=0.015)


def whole(path: Path) -> Tuple[np.ndarray, int]:
    """All samples (S,), and the rate."""
    with SoundTrack(str(path)) as track:
        return np.concatenate(list(track.blocks())).mean(axis=1), track.rate


def encode_mp3(path: Path,
               sound: np.ndarray,
               kilobits: int = 64,
               **options: str) -> bytes:
    """Write an mp3; return its bytes."""
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream('libmp3lame', rate=RATE, layout='mono')
        stream.bit_rate = 1000 * kilobits
        frame = av.AudioFrame.from_ndarray(sound[None], 's16p', 'mono')
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize('name', ['a.ts', 'a.mpg', 'a.mp4', 'a.mkv'])
@pytest.mark.parametrize('start', [0.0, 1.0, 3.0, 4.5])
def test_a_part_begins_where_it_should(tmp_path: Path, name: str,
                                       start: float) -> None:
    """Also where the only key frame is the first."""
    kwargs = X264 if name != 'a.mpg' else dict(
        video_codec='mpeg2video', video_options=dict(g='250'))
    path = write_media(
        tmp_path / name,
        bursts(6),
        RATE,
        'mp2',
        frames=index_frames(150),
        fps=25,
        **kwargs)
    reader = VideoReader(str(path), start, 1.0)
    frames = list(reader)
    reader.close()
    found = [read_index(frame.image) for frame in frames]
    assert found[0] == pytest.approx(
        25 * start, abs=1) and found == list(
            range(found[0], found[0] + len(found)))
    assert len(found) in (25, 26)
    assert read_index(read_video_frame(path,
                                       start + 0.02)[0]) in (found[0] - 1,
                                                             found[0])


@pytest.mark.parametrize('name, codec', [('a.mkv', 'libx264'),
                                         ('a.webm', 'libvpx-vp9')])
def test_nobody_wrote_the_length(tmp_path: Path, name: str,
                                 codec: str) -> None:
    """As a browser records."""
    opus = name == 'a.webm'
    path = write_media(
        tmp_path / name,
        bursts(8, 48000),
        48000,
        'libopus' if opus else 'aac',
        frames=index_frames(200),
        fps=25,
        video_codec=codec,
        video_options=dict(deadline='realtime') if opus else {},
        options=dict(live='1'))
    with av.open(str(path)) as container:
        assert container.duration is None
    picture, time = read_video_frame(path)
    assert read_index(picture) == 100 and time == pytest.approx(4, abs=0.03)
    assert read_index(read_video_frame(path, 3)[0]) == 75
    with pytest.raises(ValueError, match='time=9 s is outside'):
        read_video_frame(path, 9)
    samples, rate = read_window(str(path), 1.0, None)
    check_bursts(samples, rate, 3.5, [4])


@pytest.mark.parametrize('name', ['a.mkv', 'a.mp4', 'a.mov'])
def test_time_stamps_that_begin_late(tmp_path: Path, name: str) -> None:
    """The centre is that of what is there."""
    path = write_media(
        tmp_path / name,
        bursts(5),
        RATE,
        'aac' if name != 'a.mov' else 'pcm_s16le',
        frames=index_frames(50),
        first_sample=3 * RATE,
        first_frame=30)
    samples, rate = read_window(str(path), 1.5, None)
    check_bursts(samples, rate, 1.75, [2, 3])
    reader = VideoReader(str(path))
    *_, last = reader
    assert reader.seconds == pytest.approx(5, abs=0.03)
    assert float(last.time + last.duration) == pytest.approx(5, abs=0.03)


@pytest.mark.parametrize('curve, white', [(16, 0.58068888), (18, 0.75)])
def test_hdr_becomes_sdr(curve: int, white: float) -> None:
    """Reference white (ITU-R BT.2408) is white, half of it half as light."""
    half = {16: 0.50957354, 18: 0.60716545}[curve]
    levels = np.array([0, half, white, 1])
    luma = np.rint(64 + 876 * levels).astype('<u2')
    frame = av.VideoFrame(4 * 16, 16, 'yuv420p10le')
    frame.planes[0].update(
        np.tile(luma.repeat(16), (16, 1)).astype('<u2').tobytes())
    for plane in frame.planes[1:]:
        plane.update(np.full((8, plane.line_size // 2), 512, '<u2').tobytes())
    frame.color_trc, frame.color_primaries = curve, 9
    frame.colorspace, frame.color_range = 9, 1
    with pytest.warns(UserWarning, match='HDR'):
        picture = frame_picture(frame)
    expected = [0, 255 * (1.099 * 0.5**0.45 - 0.099), 255, 255]
    found = picture[8, 8::16]
    assert np.abs(found - np.array(expected)[:, None]).max() <= 3


def test_mp3_of_several_rates_without_an_index(tmp_path: Path) -> None:
    sound = bursts(8)
    parts = [
        encode_mp3(
            tmp_path / 'part.mp3', part, kilobits, write_xing='0', id3v2='0')
        for part, kilobits in ((sound[:3 * RATE], 160), (sound[3 * RATE:], 40))
    ]
    path = tmp_path / 'a.mp3'
    path.write_bytes(b''.join(parts))
    everything, _ = whole(path)
    with SoundTrack(str(path)) as track:
        end = track.end
    assert end == pytest.approx(len(everything) / RATE, abs=0.03)
    assert end == pytest.approx(8.1, abs=0.1)
    samples, rate = read_window(str(path), 3.0, None)
    first = int((end - 3) / 2 * RATE)
    assert np.array_equal(samples[:, 0], everything[first:first + 3 * RATE])


@pytest.mark.parametrize('subtype', ['PCM_U8', 'PCM_16', 'PCM_24', 'FLOAT'])
def test_wav_that_is_cut_off(tmp_path: Path, subtype: str) -> None:
    for channels in (1, 2, 6):
        path = tmp_path / f'{channels}.wav'
        sound = np.stack([bursts(8)] * channels, 1)
        soundfile.write(path, sound, RATE, subtype)
        content = path.read_bytes()
        for kept in (0.45, 0.999):
            path.write_bytes(content[:int(kept * len(content))])
            with pytest.raises(ValueError, match='wav: .*announced end'):
                load_waveform(path, 8.0)
    with pytest.raises(ValueError, match='6.wav: .*ends at 8.0 s'):
        load_waveform(path, 7.999)


@pytest.mark.parametrize('name', ['a.mp3', 'a.flac', 'a.m4a', 'a.mkv'])
def test_other_recordings_that_are_cut_off(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == 'a.flac':
        soundfile.write(path, bursts(8), RATE)
    elif name == 'a.mp3':
        encode_mp3(path, bursts(8))
    else:
        write_media(
            path, bursts(8), RATE, 'aac', options=dict(movflags='faststart'))
    content = path.read_bytes()
    path.write_bytes(content[:int(0.45 * len(content))])
    with pytest.raises(ValueError, match=f'{name}: .*(announced end|damaged)'):
        load_waveform(path)


@pytest.mark.parametrize('sizes', [(0, 0), (2**32 - 1, 2**32 - 1),
                                   (2**31 - 1, 2**31 - 37)])
def test_wav_whose_header_was_never_finished(tmp_path: Path,
                                             sizes: tuple) -> None:
    path = tmp_path / 'a.wav'
    soundfile.write(path, bursts(4), RATE)
    content = bytearray(path.read_bytes())
    content[4:8], content[40:44] = (struct.pack('<I', s) for s in sizes)
    path.write_bytes(content)
    waveform, _ = load_waveform(path, 1.0)
    (tmp_path / 'b.wav').write_bytes(b'')
    soundfile.write(tmp_path / 'b.wav', bursts(4), RATE)
    assert waveform.equal(load_waveform(tmp_path / 'b.wav', 1.0)[0])


@pytest.mark.parametrize('hole', [0.09, 1.5])
@pytest.mark.parametrize('name, codec', [('a.mkv', 'pcm_s16le'),
                                         ('a.mp4', 'aac'), ('a.mkv', 'aac')])
def test_a_hole_is_silence(tmp_path: Path, name: str, codec: str,
                           hole: float) -> None:
    """Read by window, and whole."""
    source = write_media(tmp_path / f'source{name[1:]}', bursts(6), RATE,
                         codec)
    path = tmp_path / name
    with av.open(str(source)) as film, av.open(str(path), 'w') as target:
        stream = target.add_stream_from_template(film.streams.audio[0])
        for packet in film.demux(audio=0):
            time = float((packet.pts or 0) * packet.time_base)
            if packet.dts is not None and not 2.3 <= time < 2.3 + hole:
                packet.stream = stream
                target.mux(packet)
    expected = [k for k in range(6) if not 2.3 <= k < 2.3 + hole]
    everything, _ = whole(path)
    check_bursts(everything, RATE, 0, expected)
    for start, duration in ((0.0, 5.9), (1.5, 4.0), (2.5, 2.0)):
        samples, _ = read_window(str(path), duration, start)
        first = round(start * RATE)
        assert np.array_equal(
            samples.mean(axis=1),
            everything[first:first + int(duration * RATE)])


def test_bytes_that_are_no_sound(tmp_path: Path) -> None:
    """They end a recording, or are damage with a second."""
    path = tmp_path / 'a.mp3'
    content = encode_mp3(path, bursts(8))
    path.write_bytes(content + bytes(5000))
    samples, _ = whole(path)
    assert len(samples) / RATE == pytest.approx(8, abs=0.03)
    check_bursts(samples, RATE, 0, list(range(8)))
    noise = np.random.default_rng(0).bytes(400)
    middle = len(content) // 2
    path.write_bytes(content[:middle] + noise + content[middle:])
    with pytest.raises(MediaError, match=r'a.mp3: .*damaged at (3.9|4.0)'):
        whole(path)
    path = write_media(tmp_path / 'a.aac', bursts(4), RATE, 'aac')
    path.write_bytes(path.read_bytes()[:-50])
    samples, _ = whole(path)
    assert len(samples) / RATE == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize('channels', [1, 2, 16])
@pytest.mark.parametrize('subtype', [
    'PCM_U8', 'PCM_16', 'PCM_24', 'PCM_32', 'FLOAT', 'DOUBLE', 'ULAW', 'ALAW',
    'flac'
])
def test_both_ways_give_the_same_bits(tmp_path: Path, subtype: str,
                                      channels: int) -> None:
    """libsndfile and FFmpeg."""
    if channels > 8 or subtype == 'DOUBLE' and channels > 2:
        pytest.skip('FFmpeg reads no more through PyAV')
    rng = np.random.default_rng(0)
    sound = rng.uniform(-1, 1, (RATE, channels))
    path = tmp_path / ('a.flac' if subtype == 'flac' else 'a.wav')
    soundfile.write(path, sound, RATE, None if subtype == 'flac' else subtype)
    file = open_pcm(str(path))
    assert file is not None
    with file:
        plain = file.read(dtype='float32', always_2d=True)
    with SoundTrack(str(path)) as track:
        other = np.concatenate(list(track.blocks()))
    assert np.array_equal(plain, other)


def centre_of(layout: str) -> Optional[int]:
    """Index of the channel in which speech is."""
    return [c.name for c in av.AudioLayout(layout).channels].index('FC')


@pytest.mark.parametrize('layout', ['5.1', '7.1'])
def test_surround_is_mixed_as_ffmpeg_does(tmp_path: Path, layout: str) -> None:
    """Speech in the centre is as loud as in FFmpeg's own mono of 16 bits."""
    channels = av.AudioLayout(layout).nb_channels
    sound = np.zeros((channels, RATE), np.int16)
    sound[centre_of(layout)] = bursts(1)
    path = tmp_path / 'a.mkv'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=RATE, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.T.reshape(1, -1)), 's16', layout)
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound.T.reshape(1, -1)), 's16', layout)
    frame.sample_rate = RATE
    mono, = av.AudioResampler('s16p', 'mono').resample(frame)
    expected = mono.to_ndarray()[0] / 32768
    samples, _ = read_window(str(path), 1.0, 0.0)
    assert samples.shape == (RATE, 2)
    assert np.abs(samples.mean(axis=1) - expected).max() < 1e-4


def test_a_ramp_in_every_container(tmp_path: Path) -> None:
    """Without loss, whatever holds it."""
    ramp = sample_ramp(3 * 8000)
    for name in ('a.wav', 'a.aiff', 'a.w64', 'a.caf', 'a.au', 'a.mov', 'a.avi',
                 'a.mkv', 'a.nut'):
        codec = 'pcm_s16be' if name in ('a.aiff', 'a.au') else 'pcm_s16le'
        path = write_media(tmp_path / name, ramp, 8000, codec)
        samples, _ = whole(path)
        assert np.array_equal(np.rint(samples * 32768), ramp), name
        samples, _ = read_window(str(path), 1.0, 1.3)
        scale = 1 if samples.dtype == np.int16 else 32768
        assert np.array_equal(
            np.rint(samples[:, 0] * scale), ramp[10400:18400]), name
