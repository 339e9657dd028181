"""What fuzzing found in sounds, pictures and films."""
import struct
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from fnac_mm.apis.web_demo.upload_limits import UploadLimits
from fnac_mm.datasets import LoadImage
from fnac_mm.functional import load_waveform
from fnac_mm.functional.spectrogram_stream import StreamResampler
from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.container import MediaError, read_packets
from fnac_mm.media.pictures import read_picture
from fnac_mm.media.video import VideoReader
from tests.media import index_frames, write_media
from . import seeds


@pytest.mark.parametrize('rate, message', [
    (2**31 - 1, 'a sample rate of 2147483647 Hz'),
    (44101, '44101 Hz can\'t be resampled to 16000 Hz'),
])
def test_sample_rates_that_fill_the_memory(tmp_path: Path, rate: int,
                                           message: str) -> None:
    path = tmp_path / 'found.wav'
    soundfile.write(path, np.zeros(8000), 8000)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack('<I', rate)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'found.wav: .*{message}'):
        load_waveform(path, 3.0, sample_rate=16000)


def test_stream_resampler_refuses_the_same_rates() -> None:
    with pytest.raises(ValueError, match='44101 Hz'):
        StreamResampler(44101, 16000)


def test_names_in_a_film_that_are_no_text(tmp_path: Path) -> None:
    path = write_media(tmp_path / 'found.mp4', frames=index_frames(5, 4))
    content = path.read_bytes().replace(b'isomiso2', b'is\xff\xffiso2')
    assert content != path.read_bytes()
    path.write_bytes(content)
    reader = VideoReader(str(path))
    assert next(iter(reader)).image.ndim == 3
    reader.close()


@pytest.mark.parametrize('read', [VideoReader, SoundTrack, load_waveform])
def test_codecs_that_nobody_knows(tmp_path: Path, read: Callable) -> None:
    path = write_media(
        tmp_path / 'found.mkv',
        np.zeros(9000, np.int16),
        codec='aac',
        frames=index_frames(5, 4))
    content = path.read_bytes()
    for name in (b'V_MPEG4', b'A_AAC'):
        assert name in content
        content = content.replace(name, name[:2] + b'Z' * len(name[2:]))
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found.mkv.*codec'):
        read(str(path))


def test_more_channels_than_pyav_can_read(tmp_path: Path) -> None:
    path = tmp_path / 'found.wav'
    soundfile.write(path, np.zeros((8000, 16)), 8000, 'PCM_16', format='WAVEX')
    content = bytearray(path.read_bytes())
    content[32:36] = b'\0\0\0\xff'  # only FFmpeg accepts these bits
    path.write_bytes(content)
    for read in (load_waveform, SoundTrack):
        with pytest.raises(ValueError, match='found.wav.*16 channels'):
            read(str(path))


@pytest.mark.parametrize('content', [
    b'',
    b'P6\n1 1048577\n255\n' + bytes(99),
])
def test_pictures_that_opencv_asserts_on(tmp_path: Path,
                                         content: bytes) -> None:
    path = tmp_path / 'found.png'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found.png: not a readable picture'):
        LoadImage(imdecode_backend='cv2')(dict(img_path=str(path)))


def test_a_picture_whose_chunk_is_of_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / 'found.png'
    Image.fromarray(seeds.PICTURE).save(path)
    content = bytearray(path.read_bytes())
    where = content.index(b'IDAT') - 4
    content[where:where + 4] = struct.pack('>I', 2**31 - 1)
    path.write_bytes(content)
    tracemalloc.start()
    try:
        assert read_picture(path).shape == (24, 32, 3)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_a_tiff_whose_offset_is_a_fraction(tmp_path: Path) -> None:
    path = tmp_path / 'found.tiff'
    Image.fromarray(seeds.PICTURE).save(path)
    content = path.read_bytes()
    whole = struct.pack('<HHI', 273, 4, 1)  # StripOffsets, a LONG
    assert content.count(whole) == 1
    path.write_bytes(content.replace(whole, struct.pack('<HHI', 273, 5,
                                                        1)))  # RATIONAL
    with pytest.raises(ValueError, match='found.tiff: not a readable'):
        LoadImage()(dict(img_path=str(path)))


def test_a_sound_that_changes_its_channels(tmp_path: Path) -> None:
    """As that of a damaged MPEG-TS may."""
    track = SoundTrack(
        str(write_media(tmp_path / 'a.wav', np.zeros(900, np.int16))))
    mono, stereo = (
        av.AudioFrame(layout=layout, samples=64, format='s16')
        for layout in ('mono', 'stereo'))
    for frame in (mono, stereo):
        frame.sample_rate = 16000
    for frame in (mono, stereo, mono):
        assert track._samples(frame).shape == (64, 1)


def test_a_track_that_begins_in_the_midst() -> None:
    """PyAV's list of tracks is as of the opening; it raises IndexError."""

    def demux(*tracks: Any) -> Any:
        yield 'packet'
        yield [][len(tracks)]

    container = SimpleNamespace(demux=demux)
    packets = read_packets(container, 'track')
    assert next(packets) == 'packet'
    with pytest.raises(MediaError, match='in the midst'):
        next(packets)


def test_the_last_packet_of_an_ogg_file(tmp_path: Path) -> None:
    """FFmpeg tells its length, which is negative, without the sign."""
    path = tmp_path / 'found.ogg'
    soundfile.write(path, seeds.SOUND, 8000, 'VORBIS', format='OGG')
    UploadLimits(max_seconds=1.01).check_sound(str(path))
    with pytest.raises(ValueError, match='found.ogg: 1.5 s long'):
        UploadLimits(max_seconds=0.9).check_sound(str(path))
