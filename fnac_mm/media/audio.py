"""The one reader of sound: a window, a part or all of a track.

Seconds are those of :func:`~fnac_mm.media.clock.clock_zero`. Shape
legend: S samples, C channels, 1 or 2: of more FFmpeg mixes two.
"""
import sys
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import av
import numpy as np

from .clock import clock_zero, track_start
from .container import (MediaError, audio_track, check_channels,
                        decode_packets, frame_samples, open_container,
                        read_packets, video_track)
from .length import announced_end, check_complete, check_whole, track_end
from .pcm import MAX_RATE, open_pcm, read_pcm
from .window import sample_index, window_start

# Windows that begin by this second are decoded from the start of the file:
# no codec then has anything to make up for, and no container a seek to round.
_FROM_START = 30.0
# Seconds that are decoded before a later one: Opus needs about one.
_PRE_ROLL = 2.0
# Raw streams, in which FFmpeg can only guess where a second is.
_RAW = ('mp3', 'aac', 'ac3', 'amr')

# Time stamps are rounded and jitter. Beyond this many seconds, something is
# missing, and there is silence; or it comes twice, and is left out.
_TOLERANCE = 0.05
# Time stamps that go back by more than this begin anew: files were joined.
_JOINED = 1.0
# A longer hole than this is none, but a damaged time stamp.
_MAX_HOLE = 3600.0


class SoundTrack:
    """One audio track of any file: holes are silent, nothing comes twice.

    A context manager. Errors name the file.

    Args:
        path (str): File.
        index (int): Which audio track. Defaults to 0.
        allow_cut (bool): Whether a file that is cut off ends where it does,
            instead of being an error. Defaults to False.

    Attributes:
        rate (int): Hz.
        lead (float): Second at which the track begins.
        stream (av.AudioStream): The track.

    Raises:
        MediaError: If it has no such track, or nobody can decode it.
    """

    def __init__(self,
                 path: str,
                 index: int = 0,
                 allow_cut: bool = False) -> None:
        self.path, self.allow_cut = path, allow_cut
        try:
            self._container = open_container(path)
        except MediaError as error:
            reason = f'not a readable recording ({error})'
            raise MediaError(error.kind, reason, path) from error
        with self._naming():
            try:
                self.stream = audio_track(self._container, index)
                self.rate: int = self.stream.rate or 0
                if not 0 < self.rate <= MAX_RATE:
                    raise MediaError(
                        'undecodable', 'the header tells a sample rate of '
                        f'{self.rate} Hz')
                check_channels(self.stream.codec_context.channels)
            except BaseException:
                self._container.close()
                raise
        self._unit = self.stream.time_base or Fraction(1, av.time_base)
        self._zero = clock_zero(self._container)
        self.lead = max(track_start(self.stream) - self._zero, 0.0)
        self.channels = min(self.stream.codec_context.channels, 2)
        self._is_raw = self._container.format.name in _RAW
        self._resamplers: Dict[Any, av.AudioResampler] = {}

    @property
    def tracks(self) -> int:
        """int: Audio tracks of the file."""
        return len(self._container.streams.audio)

    def check_whole(self) -> None:
        """Compare the packets of sound and pictures with the index.

        Raises:
            MediaError: ``truncated``, if the file is cut off.
        """
        streams: List[Any] = [self.stream]
        with suppress(MediaError):
            streams.append(video_track(self._container))
        with self._naming():
            check_whole(*streams)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> 'SoundTrack':
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Put the file's name before what is wrong with it."""
        try:
            yield
        except MediaError as error:
            raise MediaError(error.kind, error.reason, self.path) from error

    @property
    def announced_end(self) -> Optional[float]:
        """float, optional: Second of the end, if an index tells it."""
        with self._naming():
            return announced_end(self.stream)

    @property
    def end(self) -> float:
        """float: Second of the end; counted where no index tells it."""
        with self._naming():
            return track_end(self.stream)

    def blocks(self,
               first: int = 0,
               stop: Optional[int] = None) -> Iterator[np.ndarray]:
        """Samples in order, without holes.

        Args:
            first (int): First sample, counted from second 0; before the
                track begins there is silence. Defaults to 0.
            stop (int, optional): The sample after the last. None (default)
                is the end of the track.

        Yields:
            np.ndarray: (S, C) float32 in [-1, 1].

        Raises:
            MediaError: ``truncated`` if the track should go on,
                ``undecodable`` if it is damaged between ``first`` and
                ``stop``.
        """
        position = first
        limit = sys.maxsize if stop is None else stop
        with self._naming():
            for at, samples in self._placed(first / self.rate):
                if at - position > _MAX_HOLE * self.rate:
                    raise MediaError(
                        'undecodable', 'the time stamps jump from '
                        f'{position / self.rate:.1f} s to '
                        f'{at / self.rate:.1f} s')
                while position < min(at, limit):
                    silent = min(min(at, limit) - position, self.rate)
                    position += silent
                    yield np.zeros((silent, samples.shape[1]), np.float32)
                samples = samples[max(position - at, 0):max(limit - at, 0)]
                if len(samples):
                    position += len(samples)
                    yield samples
                if position >= limit:
                    return
            if not self.allow_cut:
                check_complete(self.stream, position / self.rate,
                               None if stop is None else stop / self.rate)

    def packets(self, origin: float = 0.0) -> Iterator[av.Packet]:
        """Packets of the whole track as they are, with shifted time stamps.

        Args:
            origin (float): Second that becomes 0. Defaults to 0.

        Yields:
            av.Packet: In the order of the file.
        """
        shift = round((self._zero + origin) / self._unit)
        for packet in read_packets(self._container, self.stream):
            if packet.dts is None:
                continue
            packet.dts -= shift
            if packet.pts is not None:
                packet.pts -= shift
            yield packet

    def _placed(self, begin: float) -> Iterator[Tuple[int, np.ndarray]]:
        """Yield (index of the first sample, (S, C)), in rising order."""
        expected: Optional[int] = None
        joined = 0
        for stamp, samples in self._decoded(begin):
            at = expected or 0
            if stamp is not None:
                stamp += joined
                late = stamp - (stamp if expected is None else expected)
                if late < -_JOINED * self.rate:
                    joined -= late
                elif expected is None or abs(late) > _TOLERANCE * self.rate:
                    at = stamp
            yield at, samples
            expected = at + len(samples)

    def _wanted(self, begin: float) -> Callable[[av.Packet], bool]:
        """Go to a little before a second; say which packets lie behind."""
        if begin <= _FROM_START:
            return lambda packet: True
        first = int((begin - _PRE_ROLL + self._zero) / self._unit)
        if not self._is_raw:
            self._container.seek(first, stream=self.stream)
        return lambda packet: packet.pts is None or packet.pts >= first

    def _decoded(self,
                 begin: float) -> Iterator[Tuple[Optional[int], np.ndarray]]:
        """Yield (index of the first sample by its time stamp, (S, C)).

        What can't be decoded is an error if sound follows it, and it lies
        behind ``begin``: else it was not asked for, or ends the recording.
        In a raw stream, whose seconds are counted, it moves all that follows.
        """
        second: Optional[float] = None
        for frames, wrong in decode_packets(self._container, self.stream,
                                            self._wanted(begin)):
            if wrong and second is not None and (self._is_raw
                                                 or second >= begin):
                raise MediaError(
                    'undecodable',
                    f'the sound is damaged at {second:.2f} s ({wrong})')
            for frame in frames:
                samples, stamp = self._samples(frame), None
                second = second or 0.0
                if frame.pts is not None:
                    second = float(frame.pts * self._unit) - self._zero
                    stamp = round(second * self.rate)
                second += len(samples) / self.rate
                yield stamp, samples

    def _samples(self, frame: av.AudioFrame) -> np.ndarray:
        """Samples (S, C) of a frame."""
        if frame.sample_rate != self.rate:
            raise MediaError(
                'undecodable', f'the sample rate changes from {self.rate} to '
                f'{frame.sample_rate} Hz')
        same = frame.layout.nb_channels == self.channels
        key = (frame.format.name, frame.layout.name)
        if key not in self._resamplers:
            # FFmpeg's own mix, whose weights are normalised for integers.
            mixed = ('s32p', ('mono', 'stereo')[self.channels - 1])
            self._resamplers[key] = av.AudioResampler(
                *(('fltp', ) if same else mixed))
        try:
            parts = self._resamplers[key].resample(frame)
        except ValueError as error:
            raise MediaError('undecodable', str(error)) from error
        samples = np.concatenate([frame_samples(part) for part in parts], 1).T
        return samples if same else (samples / 2**31).astype(np.float32)


def read_window(path: str, duration: float,
                start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Read a window with libsndfile, or with FFmpeg what is not plain.

    Args:
        path (str): Sound or video file; of a video the first audio track.
        duration (float): Seconds.
        start (float, optional): See :func:`window_start`.

    Returns:
        tuple[np.ndarray, int]: (S, C) float32 in [-1, 1], or int16 where
        the file holds that; S at most ``int(duration * rate)``, and none of
        an empty track. And the rate in Hz.

    Raises:
        MediaError: If the file can't be read as sound, or ends before its
            announced end.
        ValueError: If ``start`` is outside of it.
    """
    pcm = read_pcm(path, duration, start)
    if pcm is not None:
        return pcm
    with SoundTrack(path) as track:
        rate, begin = track.rate, start
        total = track.end if start is None else track.announced_end
        if total is not None:
            begin = window_start(total, duration, start)
        first = sample_index(begin or 0.0, rate)
        parts = list(track.blocks(first, first + int(duration * rate)))
    if not parts and start is not None:
        raise ValueError(f'start={start} s is outside the recording')
    return np.concatenate(parts or [np.zeros((0, 1), np.float32)]), rate


def recording_length(path: str) -> Tuple[float, int]:
    """Length and rate of a file of sound or a video.

    Args:
        path (str): Sound or video file; of a video the first audio track.

    Returns:
        tuple[float, int]: Seconds and Hz.

    Raises:
        MediaError: If the file can't be read as sound, or is cut off; names
            it.
    """
    file = open_pcm(path)
    if file is not None:
        with file:
            return file.frames / file.samplerate, file.samplerate
    with SoundTrack(path) as track:
        track.check_whole()
        return track.end, track.rate
