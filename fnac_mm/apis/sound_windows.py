"""The spectrograms around the frames of a video, each column made once.

Shape legend: S samples, F frequency bins, T time frames.
"""
from collections import deque
from typing import Callable, Deque, Iterator, Optional

import torch
from torch import Tensor

from fnac_mm.functional import (SpectrogramStream, StreamResampler,
                                mix_channels, tile_waveform)
from fnac_mm.media.audio import SoundTrack

# Seconds that are analysed at a time.
_PIECE = 0.5


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
        begin (float): Second from which on it is needed. Defaults to 0.
    """

    def __init__(self,
                 track: SoundTrack,
                 duration: float,
                 analyze: Callable[[Tensor, int], Tensor],
                 n_fft: int,
                 hop_length: int,
                 rate: Optional[int] = None,
                 begin: float = 0.0) -> None:
        self.track = track
        self._skipped = round(max(begin, track.lead) * track.rate)
        self.begin = self._skipped / track.rate
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
        for samples in self.track.blocks(self._skipped):
            parts.append(mix_channels(samples, self.track.path))
            count += len(samples)
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
        if not self._first and not self._read_to(1):
            raise ValueError(f'{self.track.path}: the audio track is empty')
        begin = (time - self.begin) * self.rate - self.length / 2
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
