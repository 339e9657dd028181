"""The sound of a video, read on and on, and the windows around its frames.

Times are seconds on the clock of the file, which its tracks share.

Shape legend: S samples, F frequency bins, T time frames.
"""
from collections import deque
from fractions import Fraction
from typing import Callable, Deque, Iterator, Optional

import av
import numpy as np
import torch
from torch import Tensor

from fnac_mm.functional import (SpectrogramStream, StreamResampler,
                                mix_channels, tile_waveform)
from fnac_mm.functional.media_file import (MediaError, audio_track,
                                           frame_samples, open_container,
                                           open_media, read_frames)

# Time stamps are rounded; beyond this many seconds something is missing.
_TOLERANCE = 0.05
# Decoders such as AAC's need what is before a position to reproduce it.
_PRE_ROLL = 0.25
# Seconds that are analysed at a time.
_PIECE = 0.5


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


class WindowedSound:
    """The spectrogram of the window around any time, in rising order.

    The sound is analysed once, column by column; a window is a slice of T
    columns. Its start is rounded to a column, that is by at most half a hop
    (7.4 ms). A window that reaches over an end of the recording is moved
    inside, one that lies outside is silent, and a recording shorter than a
    window is repeated.

    Args:
        track (SoundTrack): Sound; read only as far as needed.
        duration (float): Seconds of a window.
        analyze (Callable): (waveform (S,), rate in Hz) -> (F, T).
        n_fft (int): Segment length.
        hop_length (int): Samples between columns.
        rate (int, optional): Resample to this rate in Hz. Defaults to None.
    """

    def __init__(self,
                 track: SoundTrack,
                 duration: float,
                 analyze: Callable[[Tensor, int], Tensor],
                 n_fft: int,
                 hop_length: int,
                 rate: Optional[int] = None) -> None:
        self.track = track
        self.rate = rate or track.rate
        self.length = int(duration * self.rate)
        self.hop_length = hop_length
        self.width = (self.length - n_fft) // hop_length + 1
        self._resampler = StreamResampler(track.rate, self.rate)
        self._stream = SpectrogramStream(lambda x: analyze(x, self.rate),
                                         n_fft, hop_length)
        self._silent = analyze(torch.zeros(self.length), self.rate)
        self._pieces = self._columns()
        self._held: Deque[Tensor] = deque()
        self._first = 0
        self._samples = 0
        self._ended = False

    @property
    def columns(self) -> int:
        """int: Columns that were computed so far."""
        return self._stream.columns

    def _columns(self) -> Iterator[Tensor]:
        """Columns of the whole recording, piece by piece."""
        head = torch.zeros(0)
        for waveform in self._waveforms():
            self._samples += len(waveform)
            if len(head) < self.length:
                head = torch.cat([head, waveform])[:self.length]
            yield self._stream.push(waveform)
        if 0 < len(head) < self.length:
            rest = tile_waveform(head, self.length)[len(head):]
            yield self._stream.push(rest)

    def _waveforms(self) -> Iterator[Tensor]:
        """Mono waveforms (S,) at the wanted rate."""
        parts, count = [], 0
        for samples in self.track:
            parts.append(mix_channels(samples.T))
            count += samples.shape[1]
            if count >= _PIECE * self.track.rate:
                yield self._resampler.push(torch.cat(parts)).clamp(-1, 1)
                parts, count = [], 0
        rest = torch.cat([*parts, torch.zeros(0)])
        yield self._resampler.push(rest, last=True).clamp(-1, 1)

    def _read_to(self, stop: int) -> int:
        """Read until there are this many columns; return how many are."""
        while not self._ended and self.columns < stop:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
            else:
                self._held.extend(piece.unbind(1))
        return self._first + len(self._held)

    def window(self, time: float) -> Tensor:
        """Spectrogram of the window around a time.

        Args:
            time (float): Seconds, not before that of the call before.

        Returns:
            Tensor: (F, T).

        Raises:
            ValueError: If the sound is damaged or empty.
        """
        self._read_to(1)
        if self.track.begin is None:
            raise ValueError(f'{self.track.path}: the audio track is empty')
        begin = (time - self.track.begin) * self.rate - self.length / 2
        index = max(round(begin / self.hop_length), 0)
        known = self._read_to(index + self.width)
        if begin + self.length <= 0 or self._ended and begin >= self._samples:
            return self._silent
        index = min(index, known - self.width)
        while self._first < index:
            self._held.popleft()
            self._first += 1
        begin_in = index - self._first
        return torch.stack(
            [self._held[i] for i in range(begin_in, begin_in + self.width)], 1)
