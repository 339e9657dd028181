"""Small sound and video files, written with PyAV."""
from fractions import Fraction
from pathlib import Path
from typing import Iterable, Optional

import av
import numpy as np


def _encode(container: av.container.OutputContainer, stream: av.stream.Stream,
            frame: Optional[av.frame.Frame]) -> None:
    for packet in stream.encode(frame):
        container.mux(packet)


def write_media(path: Path,
                sound: Optional[np.ndarray] = None,
                rate: int = 16000,
                codec: str = 'pcm_s16le',
                frames: Optional[np.ndarray] = None,
                fps: int = 10,
                rotation: int = 0,
                first_sample: int = 0,
                **kwargs: object) -> Path:
    """Write one track of mono sound and, if given, one of pictures.

    Args:
        path (Path): Its suffix chooses the container.
        sound (np.ndarray, optional): (S,) int16.
        rate (int): Hz.
        codec (str): Encoder of the sound.
        frames (np.ndarray, optional): (N, H, W, 3) uint8 RGB, even H and W.
        fps (int): Pictures per second.
        rotation (int): Degrees by which a player turns them.
        first_sample (int): Time stamp of the first sample.
        **kwargs: Passed to :func:`av.open`.
    """
    with av.open(str(path), 'w', **kwargs) as container:
        audio = video = None
        if sound is not None:
            audio = container.add_stream(codec, rate=rate)
            audio.layout = 'mono'
            convert = av.AudioResampler(
                format=audio.codec_context.format or 's16',
                layout='mono',
                rate=rate)
        if frames is not None:
            video = container.add_stream('mpeg4', rate=fps)
            video.height, video.width = frames.shape[1:3]
            video.pix_fmt, video.bit_rate = 'yuv420p', 4_000_000
            video.set_display_rotation(rotation)
        container.start_encoding()
        for picture in () if frames is None else (*frames, None):
            _encode(
                container, video,
                picture if picture is None else av.VideoFrame.from_ndarray(
                    picture, format='rgb24'))
        if sound is not None:
            for begin in range(0, len(sound), 1024):
                frame = av.AudioFrame.from_ndarray(
                    sound[None, begin:begin + 1024], 's16', 'mono')
                frame.sample_rate = rate
                frame.pts, frame.time_base = (first_sample + begin,
                                              Fraction(1, rate))
                for part in convert.resample(frame):
                    _encode(container, audio, part)
            _encode(container, audio, None)
    return path


def touch_all(paths: Iterable[Path]) -> None:
    """Create empty files and their folders."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
