"""Reading a window of sound from a file.

Convention: a waveform is a mono ``float32`` tensor (S,) in [-1, 1].
"""
import math
import os
from pathlib import Path
from typing import Iterator, Optional, Tuple, Union

import av
import numpy as np
import soundfile
import torch
from torch import Tensor
from torchaudio.functional import resample

# The published loader converts to 16 bit and divides by 32767, so a full-scale
# negative sample is clipped. libsndfile divides by 32768.
_FULL_SCALE = 32768 / 32767

# Seconds that are decoded before the window: codecs such as AAC, MP3 and Opus
# need the packets before a position to reproduce it.
_PRE_ROLL = 0.25

# The most seconds that a file may hold less than it announces.
_MAX_SHORTAGE = 0.5


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


def _sample_index(seconds: float, rate: int) -> int:
    """Sample at a time; 2.3 s is 50715 at 22050 Hz, not 50714.99999."""
    return int(seconds * rate + 1e-6)


def _read_soundfile(path: str, duration: float,
                    start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Seek and read with libsndfile: (S, channels) in [-1, 1], rate."""
    with soundfile.SoundFile(path) as file:
        rate = file.samplerate
        if file.frames == 0:
            return np.zeros((0, max(file.channels, 1)), np.float32), rate
        begin = window_start(file.frames / rate, duration, start)
        file.seek(min(_sample_index(begin, rate), file.frames - 1))
        samples = file.read(
            int(duration * rate), dtype='float32', always_2d=True)
    return samples, rate


def _av_length(container: av.container.InputContainer) -> float:
    """Seconds of the first audio track."""
    stream = container.streams.audio[0]
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None:
        return container.duration / av.time_base
    # Nobody wrote the length of a live stream: read its packets.
    ends = [
        packet.pts + (packet.duration or 0)
        for packet in container.demux(stream) if packet.pts is not None
    ]
    container.seek(0)
    last = max(ends, default=0) - (stream.start_time or 0)
    return float(last * stream.time_base)


def _decode_from(container: av.container.InputContainer,
                 start: float) -> Iterator[Tuple[float, np.ndarray]]:
    """Yield (time, (S, channels) float32) from a little before start."""
    stream = container.streams.audio[0]
    stream.thread_count = 1
    origin = stream.start_time or 0
    if start > _PRE_ROLL:
        target = int((start - _PRE_ROLL) / stream.time_base)
        container.seek(target + origin, stream=stream)
    resampler = av.AudioResampler(format='fltp')
    for frame in container.decode(stream):
        time = (frame.time or 0.0) - float(origin * stream.time_base)
        for part in resampler.resample(frame):
            yield time, part.to_ndarray().T


def _read_av(path: str, duration: float,
             start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Seek and read the first audio track with FFmpeg's libraries."""
    with av.open(path) as container:
        if not container.streams.audio:
            raise ValueError('the file has no audio track')
        stream = container.streams.audio[0]
        rate = stream.rate
        total = _av_length(container)
        begin = window_start(total, duration, start)
        first, wanted = _sample_index(begin, rate), int(duration * rate)
        parts, have, skip = [], 0, None
        for time, samples in _decode_from(container, begin):
            if skip is None:
                skip = max(first - round(time * rate), 0)
            parts.append(samples)
            have += len(samples)
            if have >= skip + wanted:
                break
    missing = min(wanted / rate, total - begin) - (have - (skip or 0)) / rate
    if missing > _MAX_SHORTAGE:
        raise ValueError(f'the sound ends {missing:.1f} s before its '
                         'announced end; the file is cut off or damaged')
    if not parts:
        return np.zeros((0, 1), np.float32), rate
    return np.concatenate(parts)[skip:][:wanted], rate


def _read(path: str, duration: float,
          start: Optional[float]) -> Tuple[np.ndarray, int]:
    """Read with libsndfile, or with FFmpeg's libraries what it can't read."""
    try:
        return _read_soundfile(path, duration, start)
    # soundfile raises TypeError for a headerless file (.raw).
    except (soundfile.LibsndfileError, TypeError) as libsndfile_error:
        try:
            return _read_av(path, duration, start)
        except av.FFmpegError as error:
            raise ValueError(f'not a readable recording ({error}; '
                             f'{libsndfile_error})') from error


def tile_waveform(waveform: Tensor, length: int) -> Tensor:
    """Repeat a short waveform up to ``length`` samples, cut a long one.

    Args:
        waveform (Tensor): (S,), S >= 1.
        length (int): Number of samples wanted.

    Returns:
        Tensor: (length,).
    """
    if len(waveform) < length:
        waveform = waveform.repeat(-(-length // len(waveform)))
    return waveform[:length]


def load_waveform(path: Union[str, Path],
                  duration: float = 3.0,
                  start: Optional[float] = None,
                  sample_rate: Optional[int] = None) -> Tuple[Tensor, int]:
    """Load a window of a recording, of a file of sound or of a video.

    Only the window is read. Channels are averaged; a recording shorter than
    the window is repeated, as the published loader does, which also fixes
    the scale (16-bit values divided by 32767).

    Args:
        path (str | Path): Sound or video file.
        duration (float): Seconds to return. Defaults to 3.0.
        start (float, optional): First second of the window. None (default)
            takes the window at the centre.
        sample_rate (int, optional): Resample to this rate in Hz. None
            (default) keeps the rate of the file.

    Returns:
        tuple[Tensor, int]: Waveform (S,) float32 in [-1, 1] with
        ``S = int(duration * rate)``, and the rate in Hz.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file can't be read as sound, is empty, holds
            values that are not finite, or if an argument is out of range.
    """
    path = os.fspath(path)
    if not 0 < duration < math.inf:
        raise ValueError('duration must be positive and finite, got '
                         f'{duration}')
    if sample_rate is not None and sample_rate <= 0:
        raise ValueError(f'sample_rate must be positive, got {sample_rate}')
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such recording')
    try:
        samples, rate = _read(path, duration, start)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    if len(samples) == 0:
        raise ValueError(f'{path}: the recording is empty (0 samples); '
                         'remove it from the list or extract it again')
    if not np.isfinite(samples).all():
        raise ValueError(f'{path}: the recording holds NaN or infinity')
    mono = samples.astype(np.float64).mean(axis=1) * _FULL_SCALE
    waveform = torch.from_numpy(np.clip(mono, -1, 1).astype(np.float32))
    if sample_rate is not None and sample_rate != rate:
        # The filter overshoots at steps of full scale.
        waveform = resample(waveform, rate, sample_rate).clamp(-1, 1)
        rate = sample_rate
    return tile_waveform(waveform, int(duration * rate)), rate
