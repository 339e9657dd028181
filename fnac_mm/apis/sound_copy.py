"""The sound of a video, carried over into another one."""
from fractions import Fraction
from typing import Any, Iterator, Optional

import av
import numpy as np

from fnac_mm.apis.sound_track import SoundTrack, open_track

# Played by browsers and phones in an mp4.
_COPIED = ('aac', 'mp3')
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000,
              64000, 88200, 96000)
_MAX_CHANNELS = 2


class SoundCopy:
    """Sound of a file for an mp4.

    AAC and MP3 of a whole file are copied as they are, bit for bit. Of a
    part, from ``start`` for ``duration``, and of other codecs the samples
    are encoded again, as AAC; more than two channels are mixed down to two.

    Args:
        path (str): File.
        index (int): Which audio track. Defaults to 0.
        origin (float): Time of the file that becomes 0. Defaults to 0.
        duration (float, optional): Seconds to keep; with it, or if ``cut``,
            the first sample is the one at ``origin``.
        cut (bool): Whether ``origin`` is the start of a part.

    Attributes:
        copied (bool): Whether nothing is encoded.

    Raises:
        ValueError: If it has no such track.
    """

    def __init__(self,
                 path: str,
                 index: int = 0,
                 origin: float = 0.0,
                 duration: Optional[float] = None,
                 cut: bool = False) -> None:
        self.path, self.index = path, index
        self.origin, self.duration = origin, duration
        self._container = open_track(path, index)
        self._source = self._container.streams.audio[index]
        context = self._source.codec_context
        # Without extra data AAC is as broadcast, with headers of its own.
        self.copied = (not cut and duration is None
                       and context.codec.canonical_name in _COPIED
                       and (context.codec.canonical_name != 'aac'
                            or bool(context.extradata)))
        self._track: Optional[SoundTrack] = None
        if not self.copied:
            self._track = SoundTrack(path, index, origin if cut else 0.0)

    def attach(self, output: av.container.OutputContainer) -> None:
        """Add the track to a file that is about to be written.

        Args:
            output (OutputContainer): File.
        """
        self._output = output
        if self.copied:
            self._stream = output.add_stream_from_template(self._source)
            self._packets = self._copy()
        else:
            rate = self._source.rate
            self._stream = output.add_stream(
                'aac', rate=rate if rate in _AAC_RATES else 48000)
            channels = self._source.codec_context.channels
            self._stream.layout = 'mono' if channels == 1 else 'stereo'
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
        self._container.close()
        if self._track is not None:
            self._track.close()

    def _copy(self) -> Iterator[av.Packet]:
        """Packets as they are, with shifted time stamps."""
        unit = self._source.time_base or Fraction(1, av.time_base)
        shift = round(self.origin / unit)
        for packet in self._container.demux(self._source):
            if packet.dts is None:
                continue
            packet.dts -= shift
            if packet.pts is not None:
                packet.pts -= shift
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
        assert self._track is not None
        track, rate = self._track, self._track.rate
        layout = self._source.codec_context.layout.name
        stop = None if self.duration is None else round(self.duration * rate)
        position: Optional[int] = None
        for samples in track:
            if position is None:
                position = round(((track.begin or 0.0) - self.origin) * rate)
            skip = min(max(-position, 0), samples.shape[1])
            position, samples = position + skip, samples[:, skip:]
            if stop is not None:
                samples = samples[:, :max(stop - position, 0)]
                if not samples.size and position >= stop:
                    return
            if samples.size:
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples), 'fltp', layout)
                frame.sample_rate, frame.pts = rate, position
                frame.time_base = Fraction(1, rate)
                position += samples.shape[1]
                yield frame
