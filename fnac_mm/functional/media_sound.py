"""Sound of a media file on the clock of its pictures.

Second 0 is when the first picture is shown; in a file without pictures, when
the sound begins. Shape legend: S samples.
"""
from fractions import Fraction
from typing import Iterator, Optional, Tuple

import av
import numpy as np

from .media_file import (MediaError, announced_duration, announces_length,
                         audio_track, check_complete, frame_samples,
                         read_packets, track_start, video_track)
from .sound_file import sample_index

# FFmpeg's aresample=async=1 bridges gaps of time stamps from here on.
_MAX_DRIFT = 0.1
_PRE_ROLL = 0.25


def _clock_start(
        container: av.container.InputContainer,
        audio: av.AudioStream) -> Tuple[float, Optional[av.VideoStream]]:
    """Start of second 0, and the video track if there is one."""
    try:
        video = video_track(container)
    except MediaError:
        return track_start(audio), None
    return track_start(video), video


def _to_mono16(frame: av.AudioFrame,
               resampler: av.AudioResampler) -> np.ndarray:
    """Mean of the channels (S,) int16; 16-bit mono stays as it is."""
    try:
        parts = [frame_samples(part) for part in resampler.resample(frame)]
    except ValueError as error:
        raise MediaError('undecodable', str(error)) from error
    mono = np.concatenate(parts, axis=1).mean(axis=0, dtype=np.float64)
    if not np.isfinite(mono).all():
        raise MediaError('undecodable', 'the sound holds NaN or infinity')
    return np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)


class AlignedSound:
    """Mono sound whose sample k is heard k / rate after second 0.

    Sound that begins late is preceded by silence, what is heard before
    second 0 is left out, and gaps of time stamps above 0.1 s are silent.
    Channels are averaged, as :func:`~fnac_mm.functional.load_waveform` does.
    Iterate once: blocks (S,) int16.

    Args:
        container (av.container.InputContainer): An open file, not read yet.
        track (int): Number among the audio tracks. Defaults to 0.
        begin (float): Seconds. Defaults to 0.0.
        end (float, optional): Seconds. None (default) is the end of the
            track; then the file is also checked to be complete.

    Attributes:
        stream (av.AudioStream): The track.
        rate (int): Hz.
        lead (float): Seconds from second 0 to the start of the track.
        num_samples (int): Samples yielded so far.
        video_end (float): Seconds at which the pictures end, as far as read.

    Raises:
        MediaError: ``no_audio``; while iterating also ``truncated`` and
            ``undecodable``.
    """

    def __init__(self,
                 container: av.container.InputContainer,
                 track: int = 0,
                 begin: float = 0.0,
                 end: Optional[float] = None) -> None:
        self.stream = audio_track(container, track)
        self.rate = self.stream.rate
        if not self.rate:
            raise MediaError('undecodable', 'the sound has no sample rate')
        self._container = container
        self._origin, self._video = _clock_start(container, self.stream)
        self.lead = track_start(self.stream) - self._origin
        self._begin, self._end = begin, end
        self._first = sample_index(begin, self.rate)
        self.num_samples = 0
        self.video_end = 0.0
        self._is_damaged = False

    def _seek(self) -> None:
        """Go to a little before the begin."""
        if self._begin > _PRE_ROLL:
            unit = self.stream.time_base or Fraction(1, av.time_base)
            time = self._begin - _PRE_ROLL + self._origin
            self._container.seek(int(time / unit), stream=self.stream)

    def _decode(self) -> Iterator[av.AudioFrame]:
        """Decode the sound; of pictures see where they end."""
        streams = [s for s in (self.stream, self._video) if s is not None]
        for packet in read_packets(self._container, *streams):
            if packet.is_corrupt:
                self._is_damaged |= packet.stream is self.stream
            elif packet.stream is self.stream:
                yield from self.stream.codec_context.decode(packet)
            elif packet.pts is not None:
                until = (packet.pts + (packet.duration or 0)) * \
                    packet.time_base
                self.video_end = max(self.video_end,
                                     float(until) - self._origin)
            if self._is_damaged:  # as is the last packet of a cut file
                break

    def _placed(self) -> Iterator[Tuple[int, np.ndarray]]:
        """Yield (index of the first sample, block) as decoded."""
        resampler = av.AudioResampler(format='fltp')
        position: Optional[int] = None
        for frame in self._decode():
            if frame.sample_rate != self.rate:
                raise MediaError(
                    'undecodable', f'the sample rate changes from {self.rate} '
                    f'to {frame.sample_rate} Hz')
            block = _to_mono16(frame, resampler)
            if frame.time is not None:
                stamp = round((frame.time - self._origin) * self.rate)
                if position is None or \
                        abs(stamp - position) > _MAX_DRIFT * self.rate:
                    position = stamp
            position = position or 0
            yield position, block
            position += len(block)

    def _limit(self) -> int:
        """Index of the sample that is not wanted any more."""
        if self._end is not None:
            return sample_index(self._end, self.rate)
        length = self.lead + max(
            announced_duration(self.stream), self._container.duration /
            av.time_base if self._container.duration else 0.0)
        # Damaged time stamps must not ask for a day of silence.
        return sample_index(max(length, 0) + 60, self.rate)

    def _check_end(self, end: float) -> None:
        """Complain if the track should have gone on."""
        is_whole = self._end is None
        if is_whole or self._is_damaged:
            check_complete(self.stream, end - self.lead)
        if is_whole and self._video is not None:
            check_complete(self._video, self.video_end)
        if self._is_damaged and not announces_length(self._container):
            raise MediaError('undecodable',
                             f'the sound is damaged at {end:.3f} s')

    def __iter__(self) -> Iterator[np.ndarray]:
        self._seek()
        limit, written = self._limit(), self._first
        heard = 0
        for position, block in self._placed():
            heard = position + len(block)
            if position >= limit:
                break
            for part in (np.zeros(max(position - written, 0), np.int16),
                         block[max(written - position, 0):]):
                part = part[:limit - written]
                if len(part):
                    written += len(part)
                    self.num_samples = written - self._first
                    yield part
        self._check_end(heard / self.rate)
        if not self.num_samples:
            raise MediaError(
                'undecodable', 'the audio track holds no sound '
                f'after {self._begin:.3f} s')
