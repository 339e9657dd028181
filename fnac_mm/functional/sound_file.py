"""Reading a window of a sound or video file, without the rest of it.

Second 0 of a video is when its first picture is shown. Shape legend: S
samples.
"""
from fractions import Fraction
from typing import Iterator, Optional, Tuple

import av
import numpy as np
import soundfile

from .media_file import (MediaError, audio_track, container_duration,
                         frame_samples, open_media, read_frames, read_packets,
                         track_start)

# Seconds that are decoded before the window: codecs such as AAC, MP3 and Opus
# need the packets before a position to reproduce it.
_PRE_ROLL = 0.25

# The most seconds that a file may hold less than it announces.
_MAX_SHORTAGE = 0.5

# Hz, twice the highest of any sound card. A damaged header would make arrays
# of gigabytes.
_MAX_RATE = 768_000


def window_start(total: float, duration: float,
                 start: Optional[float]) -> float:
    """Start of the window in seconds; ``None`` asks for the centre.

    Args:
        total (float): Length of the recording in seconds.
        duration (float): Length of the window in seconds.
        start (float, optional): Wanted start in seconds.

    Returns:
        float: The start, never negative.

    Raises:
        ValueError: If ``start`` is outside the recording.
    """
    if start is None:
        return max(total / 2 - duration / 2, 0.0)
    if not 0 <= start < total:
        raise ValueError(f'start={start} s is outside the recording of '
                         f'{total:.3f} s')
    return float(start)


def sample_index(seconds: float, rate: int) -> int:
    """Sample at a time, rounded down.

    Args:
        seconds (float): Time.
        rate (int): Hz.

    Returns:
        int: 50715 for 2.3 s at 22050 Hz, whose product is 50714.99999.
    """
    return int(seconds * rate + 1e-6)


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


def _av_lead(container: av.container.InputContainer) -> float:
    """Seconds from the first picture, if there is one, to the sound."""
    pictures = [
        stream for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    sound = container.streams.audio[0]
    return track_start(sound) - track_start(pictures[0]) if pictures else 0.0


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
        rate = _checked_rate(audio_track(container).rate)
        lead = _av_lead(container)
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
    if missing > _MAX_SHORTAGE:
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
