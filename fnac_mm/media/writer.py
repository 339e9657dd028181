"""An mp4 of drawn frames and the sound of their source."""
import math
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Iterator, Optional, Tuple, Type

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from fnac_mm.utils.files import atomic_path
from .audio import SoundTrack

# The first that FFmpeg has here. mpeg4 is always there, and larger.
_ENCODERS: Tuple[Tuple[str, Dict[str, str]], ...] = (
    ('libx264', dict(crf='20', preset='veryfast')),
    ('mpeg4', dict(qscale='4')),
)
# mpeg4 knows no finer time stamps.
_FINEST = 60000
# Played by browsers and phones in an mp4.
_COPIED = ('aac', 'mp3')
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000,
              64000, 88200, 96000)
_LAYOUTS = {1: 'mono', 2: 'stereo'}


class SoundCopy:
    """Sound of a file for an mp4.

    AAC and MP3 of a whole file are copied as they are, bit for bit. Of a
    part, from ``origin`` for ``duration``, and of other codecs the samples
    are encoded again, as AAC; more than two channels are mixed down to two.

    Args:
        path (str): File.
        index (int): Which audio track. Defaults to 0.
        origin (float): Second of the file that becomes 0. Defaults to 0.
        duration (float, optional): Seconds to keep.
        cut (bool): Whether ``origin`` is the start of a part.

    Attributes:
        copied (bool): Whether nothing is encoded.

    Raises:
        MediaError: If it has no such track.
    """

    def __init__(self,
                 path: str,
                 index: int = 0,
                 origin: float = 0.0,
                 duration: Optional[float] = None,
                 cut: bool = False) -> None:
        self.origin, self.duration = origin, duration
        self._track = SoundTrack(path, index, allow_cut=True)
        context = self._track.stream.codec_context
        # Without extra data AAC is as broadcast, with headers of its own.
        self.copied = (not cut and duration is None
                       and context.codec.canonical_name in _COPIED
                       and (context.codec.canonical_name != 'aac'
                            or bool(context.extradata)))

    def attach(self, output: av.container.OutputContainer) -> None:
        """Add the track to a file that is about to be written.

        Args:
            output (OutputContainer): File.
        """
        self._output = output
        if self.copied:
            self._stream = output.add_stream_from_template(self._track.stream)
            self._packets = self._copy()
        else:
            rate = self._track.rate
            self._stream = output.add_stream(
                'aac', rate=rate if rate in _AAC_RATES else 48000)
            self._stream.layout = _LAYOUTS[self._track.channels]
            self._packets = self._encode()
        self._next: Any = None

    def copy_until(self, time: float) -> None:
        """Write the sound up to a time.

        Args:
            time (float): Seconds of the new file; infinity for the rest.
        """
        while True:
            packet: Any = self._next or next(self._packets, None)
            self._next = packet
            if packet is None or float(packet.dts * packet.time_base) > time:
                return
            self._output.mux(packet)
            self._next = None

    def close(self) -> None:
        """Close the file that is read."""
        self._track.close()

    def _copy(self) -> Iterator[av.Packet]:
        """Packets as they are, with shifted time stamps."""
        for packet in self._track.packets(self.origin):
            packet.stream = self._stream
            yield packet

    def _encode(self) -> Iterator[av.Packet]:
        """Packets of AAC."""
        layout = self._stream.layout.name
        convert = av.AudioResampler('fltp', layout, self._stream.rate)
        for frame in self._frames():
            for part in convert.resample(frame):
                yield from self._stream.encode(part)
        for part in convert.resample(None):
            yield from self._stream.encode(part)
        yield from self._stream.encode(None)

    def _frames(self) -> Iterator[av.AudioFrame]:
        """Samples from the origin on, with time stamps."""
        rate = self._track.rate
        origin = round(self.origin * rate)
        first = max(origin, round(self._track.lead * rate))
        stop = None if self.duration is None else \
            origin + round(self.duration * rate)
        for samples in self._track.blocks(first, stop):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples.T), 'fltp',
                _LAYOUTS[self._track.channels])
            frame.sample_rate, frame.pts = rate, first - origin
            frame.time_base = Fraction(1, rate)
            first += len(samples)
            yield frame


def find_encoder() -> Tuple[str, Dict[str, str]]:
    """Encoder for the pictures.

    Returns:
        tuple[str, dict]: Its name in FFmpeg, and options.
    """
    return next((name, options) for name, options in _ENCODERS
                if name in av.codecs_available)


class VideoWriter:
    """Write H.264 and a sound track; a context manager.

    The file appears under its name when it is complete. Sides of odd length
    get one more row or column, a copy of the last, as H.264 wants; the
    colours are those of BT.709.

    Args:
        path (Path): File to write, mp4.
        size (tuple[int, int]): (H, W) of the frames.
        time_base (Fraction): Seconds of a unit of their time stamps.
        rate (Fraction): Average number of frames per second.
        sound (SoundCopy, optional): What is heard.
        aspect (Fraction, optional): Width of a pixel over its height.
        threads (int): Of the encoder. Defaults to 1.

    Raises:
        OSError: If the file can't be written.
    """

    def __init__(self,
                 path: Path,
                 size: Tuple[int, int],
                 time_base: Fraction,
                 rate: Fraction,
                 sound: Optional[SoundCopy] = None,
                 aspect: Optional[Fraction] = None,
                 threads: int = 1) -> None:
        self.path, self.size = path, size
        self.sound = sound
        self._durations: Dict[int, int] = {}
        with ExitStack() as files:
            draft = files.enter_context(atomic_path(path))
            self._output: Any = av.open(str(draft), 'w', format='mp4')
            files.callback(self._output.close)
            self._add_pictures(time_base, rate, aspect, threads)
            if sound is not None:
                sound.attach(self._output)
            self._file = files.pop_all()

    def _add_pictures(self, time_base: Fraction, rate: Fraction,
                      aspect: Optional[Fraction], threads: int) -> None:
        """Add the track of the pictures."""
        name, options = find_encoder()
        # A part may begin between two ticks.
        time_base /= math.ceil(time_base * 90000)
        if name == 'mpeg4':
            time_base = Fraction(1, _FINEST)
        stream: Any = self._output.add_stream(
            name, rate=rate.limit_denominator(_FINEST), options=options)
        stream.height, stream.width = (side + side % 2 for side in self.size)
        stream.pix_fmt = 'yuv420p'
        self._stream, context = stream, stream.codec_context
        context.time_base = self.time_base = time_base
        context.thread_count = threads
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1
        if aspect:
            context.sample_aspect_ratio = aspect

    def write(self, image: np.ndarray, time: Fraction,
              duration: Fraction) -> None:
        """Add a frame and the sound before it.

        Args:
            image (np.ndarray): (H, W, 3) uint8 RGB.
            time (Fraction): Seconds, later than the frame before.
            duration (Fraction): Seconds; tells when the last frame ends.
        """
        odd = [(0, side % 2) for side in self.size]
        picture = av.VideoFrame.from_ndarray(
            np.pad(image, (*odd, (0, 0)), 'edge'), format='rgb24')
        # Of its own, with one thread: see frame_picture.
        picture = VideoReformatter().reformat(
            picture,
            format='yuv420p',
            dst_colorspace=Colorspace.ITU709,
            threads=1)
        picture.pts = round(time / self.time_base)
        picture.time_base = self.time_base
        self._durations[picture.pts] = round(duration / self.time_base)
        if self.sound is not None:
            self.sound.copy_until(float(time))
        self._encode(picture)

    def _encode(self, picture: Optional[av.VideoFrame]) -> None:
        """Encode a frame; None empties the encoder."""
        for packet in self._stream.encode(picture):
            # Packets come in another order than frames.
            packet.duration = self._durations.pop(packet.pts, 0)
            self._output.mux(packet)

    def __enter__(self) -> 'VideoWriter':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind is not None:
            self._file.__exit__(kind, error, trace)
            return
        with self._file:
            self._encode(None)
            if self.sound is not None:
                self.sound.copy_until(float('inf'))
