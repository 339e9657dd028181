"""Small sound and video files, written with PyAV."""
from fractions import Fraction
from pathlib import Path
from typing import Dict, Iterable, Optional, Sequence, Tuple, Union

import av
import numpy as np
import pytest


def _encode(
    container: av.container.OutputContainer,
    stream: av.stream.Stream,
    frame: Optional[av.frame.Frame],
    hole: Tuple[float, float] = (0, 0)) -> None:
    for packet in stream.encode(frame):
        if not hole[0] <= float(packet.pts * packet.time_base) < hole[1]:
            container.mux(packet)


def write_media(path: Path,
                sound: Optional[np.ndarray] = None,
                rate: int = 16000,
                codec: str = 'pcm_s16le',
                frames: Optional[np.ndarray] = None,
                fps: Union[int, Fraction] = 10,
                rotation: int = 0,
                first_sample: int = 0,
                video_codec: str = 'mpeg4',
                video_options: Optional[Dict[str, str]] = None,
                first_frame: int = 0,
                pts: Optional[Sequence[int]] = None,
                aspect: Optional[Fraction] = None,
                hole: Tuple[float, float] = (0, 0),
                **kwargs: object) -> Path:
    """Write one track of mono sound and, if given, one of pictures.

    Args:
        path (Path): Its suffix chooses the container.
        sound (np.ndarray, optional): (S,) int16.
        rate (int): Hz.
        codec (str): Encoder of the sound.
        frames (np.ndarray, optional): (N, H, W, 3) uint8 RGB, even H and W.
        fps (int | Fraction): Pictures per second.
        rotation (int): Degrees by which a player turns them.
        first_sample (int): Time stamp of the first sample.
        video_codec (str): Encoder of the pictures.
        video_options (dict, optional): Its options.
        first_frame (int): Time stamp of the first picture, in pictures.
        pts (Sequence[int], optional): Time stamp of each picture, in units
            of 1 / fps; the default is first_frame and so on.
        aspect (Fraction, optional): Width of a pixel over its height.
        hole (tuple[float, float]): Seconds of sound that are left out.
        **kwargs: Passed to :func:`av.open`.
    """
    with av.open(str(path), 'w', **kwargs) as container:
        audio = video = None
        if sound is not None:
            audio = container.add_stream(
                codec, rate=rate, options=dict(strict='-2'))
            # FFmpeg's own encoder of Vorbis knows nothing else.
            audio.layout = layout = 'stereo' if codec == 'vorbis' else 'mono'
            if codec == 'wmav2':
                audio.bit_rate = 64000
            convert = av.AudioResampler(
                format=audio.codec_context.format or 's16',
                layout=layout,
                rate=rate)
        if frames is not None:
            video = container.add_stream(
                video_codec, rate=fps, options=video_options or {})
            video.height, video.width = frames.shape[1:3]
            formats = [f.name for f in video.codec.video_formats or ()]
            video.pix_fmt = 'yuv420p' if 'yuv420p' in formats or not formats \
                else formats[0]
            video.bit_rate = 4_000_000
            if aspect:
                video.codec_context.sample_aspect_ratio = aspect
            if rotation:
                # PyAV 18, and Python 3.11 with it.
                if not hasattr(video.codec_context, 'set_display_rotation'):
                    pytest.skip('this PyAV can\'t write a rotation')
                video.set_display_rotation(rotation)
        container.start_encoding()
        for number, picture in enumerate(
            () if frames is None else frames, start=first_frame):
            coded = av.VideoFrame.from_ndarray(picture, format='rgb24')
            coded.pts = number if pts is None else pts[number - first_frame]
            coded.time_base = 1 / Fraction(fps)
            _encode(container, video, coded)
        if frames is not None:
            _encode(container, video, None)
        if sound is not None:
            for begin in range(0, len(sound), 1024):
                frame = av.AudioFrame.from_ndarray(
                    sound[None, begin:begin + 1024], 's16', 'mono')
                frame.sample_rate = rate
                frame.pts, frame.time_base = (first_sample + begin,
                                              Fraction(1, rate))
                for part in convert.resample(frame):
                    _encode(container, audio, part, hole)
            _encode(container, audio, None, hole)
    return path


def index_frames(count: int, size: int = 16) -> np.ndarray:
    """Frames (count, 2 * size, 10 * size, 3) uint8 that tell their index.

    Ten black or white columns, the lowest bit at the left; the lower half is
    inverted, so that a wrong picture is not read as a number.
    """
    bits = np.arange(count)[:, None] >> np.arange(10) & 1
    rows = np.stack([bits, 1 - bits], axis=1) * 255
    grey = rows.repeat(size, axis=1).repeat(size, axis=2).astype(np.uint8)
    return np.broadcast_to(grey[..., None], (*grey.shape, 3))


def read_index(picture: np.ndarray) -> int:
    """Index that a picture of :func:`index_frames` tells."""
    grey = picture.astype(float).mean(axis=2)
    size = grey.shape[1] // 10
    blocks = grey.reshape(2, size, 10, size).mean(axis=(1, 3))
    bits = blocks > 127
    assert (bits[0] != bits[1]).all() and (abs(blocks - 127) > 60).all()
    return int((bits[0] << np.arange(10)).sum())


def sample_ramp(count: int) -> np.ndarray:
    """(count,) int16 in which pairs of samples tell their index."""
    index = np.arange(count)
    return np.where(index % 2, index // 2 // 20000,
                    index // 2 % 20000).astype(np.int16)


def touch_all(paths: Iterable[Path]) -> None:
    """Create empty files and their folders."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def break_film(path: Path, kind: str, seconds: float) -> Path:
    """Write a film that is broken in a named way.

    Args:
        path (Path): An ``.mp4``.
        kind (str): One of ``fnac_mm.media.container.MEDIA_FAULTS``.
        seconds (float): Time of the frame that is wanted. The film is twice
            as long, or half, if it is to be too short.
    """
    length = seconds / 2 if kind == 'too_short' else 2 * seconds
    sound = np.random.default_rng(0).integers(-9000, 9000, int(16000 * length))
    write_media(
        path,
        None if kind == 'no_audio' else sound.astype(np.int16),
        codec='aac',
        frames=None if kind == 'no_video' else index_frames(int(10 * length)),
        options=dict(movflags='faststart'))
    content = path.read_bytes()
    if kind == 'empty':
        path.write_bytes(b'')
    elif kind == 'not_media':
        path.write_text('<html>This video is not available</html>\n' * 50)
    elif kind == 'truncated':
        path.write_bytes(content[:int(0.55 * len(content))])
    elif kind == 'undecodable':
        start = content.index(b'mdat') + 4
        noise = np.random.default_rng(1).bytes(len(content) - start)
        path.write_bytes(content[:start] + noise)
    elif kind == 'unreadable':
        path.chmod(0)
    return path
