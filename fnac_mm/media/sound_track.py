"""The sound of a file, read on and on.

Times are seconds on the clock of the file, which its tracks share. Shape
legend: S samples.
"""
from fractions import Fraction
from typing import Iterator, Optional

import av
import numpy as np

from .container import (MediaError, audio_track, frame_samples, open_container,
                        open_media, read_frames)

# Time stamps are rounded; beyond this many seconds something is missing.
_TOLERANCE = 0.05
# Decoders such as AAC's need what is before a position to reproduce it.
_PRE_ROLL = 0.25


def open_track(path: str, index: int) -> av.container.InputContainer:
    """Open a file for one of its audio tracks.

    Args:
        path (str): File.
        index (int): Which audio track, from 0.

    Returns:
        InputContainer: To be closed by the caller.

    Raises:
        ValueError: If it has no such track.
    """
    try:
        container = open_container(path)
    except MediaError as error:
        raise ValueError(f'{path}: not a readable sound ({error})') from error
    count = len(container.streams.audio)
    if 0 <= index < count:
        return container
    container.close()
    if not count:
        raise ValueError(f'{path}: the file has no audio track, so there is '
                         'nothing to place; give a sound of its own by '
                         '--image and --audio')
    raise ValueError(f'{path}: audio_track={index}, but it has {count} audio '
                     f'track(s), numbered from 0')


def sound_origin(path: str) -> float:
    """Time of a recording's clock at which a player shows 0.

    Args:
        path (str): File.

    Returns:
        float: Seconds.

    Raises:
        ValueError: If it is not a recording.
    """
    try:
        with open_media(path) as container:
            audio_track(container)
            return max(container.start_time or 0, 0) / av.time_base
    except MediaError as error:
        raise ValueError(f'{path}: not a readable recording '
                         f'({error})') from error


class SoundTrack:
    """Samples of an audio track in order, without holes.

    Where time stamps tell that sound is missing, there is silence; where
    they overlap, the repeated part is left out.

    Args:
        path (str): File.
        index (int): Which audio track. Defaults to 0.
        start (float): Second from which on it is needed. Defaults to 0.

    Attributes:
        rate (int): Hz.
        begin (float): Time of the first sample, once one was read.

    Raises:
        ValueError: If it has no such track.
    """

    def __init__(self, path: str, index: int = 0, start: float = 0.0) -> None:
        self.path = path
        self._container = open_track(path, index)
        try:
            self.stream = audio_track(self._container, index)
        except MediaError as error:
            raise ValueError(f'{path}: {error}') from error
        self.rate: int = self.stream.rate
        self.begin: Optional[float] = None
        if start > 0:
            unit = self.stream.time_base or Fraction(1, av.time_base)
            self._container.seek(
                int((start - _PRE_ROLL) / unit), stream=self.stream)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield (channels, S) float32.

        Raises:
            ValueError: If the sound can't be decoded.
        """
        convert = av.AudioResampler(format='fltp')
        count = 0
        try:
            for frame in read_frames(self._container, self.stream):
                time = frame.time
                if self.begin is None:
                    self.begin = time or 0.0
                for part in convert.resample(frame):
                    samples = frame_samples(part)
                    late = 0
                    if time is not None:
                        late = round((time - self.begin) * self.rate) - count
                    if late > _TOLERANCE * self.rate:
                        yield from self._silence(len(samples), late)
                        count += late
                    elif late < -_TOLERANCE * self.rate:
                        samples = samples[:, -late:]
                    count += samples.shape[1]
                    yield samples
        except (av.FFmpegError, ValueError) as error:
            raise ValueError(f'{self.path}: the sound is damaged after '
                             f'{count / self.rate:.1f} s ({error})') from error

    def _silence(self, channels: int, length: int) -> Iterator[np.ndarray]:
        """Zeros, a second at a time."""
        for done in range(0, length, self.rate):
            yield np.zeros((channels, min(self.rate, length - done)),
                           np.float32)
