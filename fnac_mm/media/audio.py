"""The sound of a recording or a video: a window, its length, all of it.

Second 0 of a video is when its first picture is shown. Shape legend: S
samples.
"""
from fractions import Fraction
from typing import Iterator, Optional, Tuple

import av
import numpy as np
import soundfile

from .container import (MediaError, audio_track, frame_samples, open_media,
                        read_frames, read_packets, video_track)
from .length import (MAX_SHORTAGE, announced_duration, announces_length,
                     check_complete, container_duration, track_start)
from .window import sample_index, window_start

# Seconds that are decoded before the window: codecs such as AAC, MP3 and Opus
# need the packets before a position to reproduce it.
_PRE_ROLL = 0.25

# Hz, twice the highest of any sound card. A damaged header would make arrays
# of gigabytes.
_MAX_RATE = 768_000

# FFmpeg's aresample=async=1 bridges gaps of time stamps from here on.
_MAX_DRIFT = 0.1


def _checked_rate(rate: Optional[int]) -> int:
    """ValueError for a sample rate that can't be one."""
    if not rate or not 0 < rate <= _MAX_RATE:
        raise ValueError(f'the header tells a sample rate of {rate} Hz')
    return rate


def _read_soundfile(path: str, duration: float,
                    start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Seek and read with libsndfile: (S, channels) as stored, rate."""
    with soundfile.SoundFile(path) as file:
        rate = _checked_rate(file.samplerate)
        if file.frames == 0:
            return np.zeros((0, max(file.channels, 1)), np.float32), rate
        begin = window_start(file.frames / rate, duration, start)
        file.seek(min(sample_index(begin, rate), file.frames - 1))
        # 16 bits are read as they are: a third of the time.
        samples = file.read(
            int(duration * rate),
            dtype='int16' if file.subtype == 'PCM_16' else 'float32',
            always_2d=True)
    return samples, rate


def _av_length(container: av.container.InputContainer) -> float:
    """Seconds of the first audio track."""
    stream = container.streams.audio[0]
    unit = stream.time_base or Fraction(1, av.time_base)
    if stream.duration is not None:
        return float(stream.duration * unit)
    if container.duration is not None:
        return container_duration(stream)
    # Nobody wrote the length of a live stream: read its packets.
    ends = [
        packet.pts + (packet.duration or 0)
        for packet in read_packets(container, stream) if packet.pts is not None
    ]
    container.seek(0)
    last = max(ends, default=0) - (stream.start_time or 0)
    return float(last * unit)


def _clock_start(
        container: av.container.InputContainer,
        audio: av.AudioStream) -> Tuple[float, Optional[av.VideoStream]]:
    """Start of second 0, and the video track if there is one."""
    try:
        video = video_track(container)
    except MediaError:
        return track_start(audio), None
    return track_start(video), video


def _decode_from(container: av.container.InputContainer,
                 start: float) -> Iterator[Tuple[float, np.ndarray]]:
    """Yield (time, (S, channels) float32) from a little before start."""
    stream = container.streams.audio[0]
    unit = stream.time_base or Fraction(1, av.time_base)
    origin = stream.start_time or 0
    if start > _PRE_ROLL:
        target = int((start - _PRE_ROLL) / unit)
        container.seek(target + origin, stream=stream)
    resampler = av.AudioResampler(format='fltp')
    for frame in read_frames(container, stream):
        time = (frame.time or 0.0) - float(origin * unit)
        for part in resampler.resample(frame):
            yield time, frame_samples(part).T


def _read_av(path: str, duration: float,
             start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Seek and read the first audio track with FFmpeg's libraries."""
    with open_media(path) as container:
        track = audio_track(container)
        rate = _checked_rate(track.rate)
        lead = track_start(track) - _clock_start(container, track)[0]
        total = _av_length(container) + lead
        begin = window_start(total, duration, start)
        first, wanted = sample_index(begin, rate), int(duration * rate)
        parts, have, skip = [], 0, None
        for time, samples in _decode_from(container, begin - lead):
            if skip is None:
                skip = first - round((time + lead) * rate)
                if skip < 0:  # the window begins before the sound
                    have = min(-skip, wanted)
                    parts = [np.zeros((have, samples.shape[1]), np.float32)]
                    skip = 0
            parts.append(samples)
            have += len(samples)
            if have >= skip + wanted:
                break
    missing = min(wanted / rate, total - begin) - (have - (skip or 0)) / rate
    if missing > MAX_SHORTAGE:
        raise ValueError(f'the sound ends {missing:.1f} s before its '
                         'announced end; the file is cut off, damaged or '
                         'announces no length (then convert it to wav)')
    if not parts:
        return np.zeros((0, 1), np.float32), rate
    return np.concatenate(parts)[skip:][:wanted], rate


def read_window(path: str, duration: float,
                start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Read a window with libsndfile, or with FFmpeg what it can't read.

    Args:
        path (str): Sound or video file; of a video the first audio track.
        duration (float): Seconds.
        start (float, optional): See :func:`window_start`.

    Returns:
        tuple[np.ndarray, int]: (S, channels) float32 in [-1, 1], or int16
        where the file holds that; S at most ``int(duration * rate)``. And
        the rate in Hz.

    Raises:
        ValueError: If the file can't be read as sound, ends before its
            announced end, or ``start`` is outside of it.
    """
    try:
        return _read_soundfile(path, duration, start)
    # soundfile raises TypeError for a headerless file (.raw).
    except (soundfile.LibsndfileError, TypeError) as libsndfile_error:
        try:
            return _read_av(path, duration, start)
        except MediaError as error:
            raise ValueError(f'not a readable recording ({error}; '
                             f'{libsndfile_error})') from error


def recording_length(path: str) -> Tuple[float, int]:
    """Length and rate that a file of sound or a video announces.

    Args:
        path (str): Sound or video file; of a video the first audio track.

    Returns:
        tuple[float, int]: Seconds and Hz.

    Raises:
        ValueError: If the file can't be read as sound; names it.
    """
    try:
        info = soundfile.info(path)
        return info.frames / info.samplerate, info.samplerate
    except (soundfile.LibsndfileError, TypeError) as libsndfile_error:
        try:
            with open_media(path) as container:
                rate = _checked_rate(audio_track(container).rate)
                return _av_length(container), rate
        except ValueError as error:
            raise ValueError(f'{path}: not a readable recording ({error}; '
                             f'{libsndfile_error})') from error


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
