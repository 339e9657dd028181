"""Resampling and spectrograms of sound that arrives in pieces.

What comes out, piece by piece, is what the whole recording would give at
once; only a few pieces are in memory.

Shape legend: S samples, F frequency bins, T time frames.
"""
import math
from typing import Callable

import torch
from torch import Tensor

from .waveform import check_resampling


class StreamResampler:
    """:func:`torchaudio.functional.resample`, piece by piece.

    Its filter is short, so each piece is resampled together with a little
    of its neighbours, which is then cut off.

    Args:
        rate (int): Hz of what comes in.
        new_rate (int): Hz of what goes out.

    Raises:
        ValueError: If a rate is not positive, or the rates have hardly a
            common divisor.
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        if min(rate, new_rate) <= 0:
            raise ValueError('rates must be positive, got '
                             f'{rate} and {new_rate}')
        divisor = math.gcd(rate, new_rate)
        # Blocks of samples in and out that last equally long.
        self.block_in = rate // divisor
        self.block_out = new_rate // divisor
        check_resampling(rate, new_rate)
        from torchaudio.transforms import Resample
        self._resample = Resample(rate, new_rate)
        width = 0 if rate == new_rate else self._resample.width
        self._context = 1 + math.ceil(width / self.block_in)
        self._held = torch.zeros(0)
        self._left = 0

    def push(self, samples: Tensor, last: bool = False) -> Tensor:
        """Take a piece, give what can be told by now.

        Args:
            samples (Tensor): (S,) float32.
            last (bool): Whether nothing follows. Defaults to False.

        Returns:
            Tensor: (S',) float32; the pieces joined are the whole resampled.
        """
        self._held = torch.cat([self._held, samples])
        skip = self._left * self.block_out
        if last:
            held, self._held, self._left = self._held, torch.zeros(0), 0
            return self._resample(held)[skip:] if len(held) else held
        stop = len(self._held) // self.block_in - self._context
        if stop <= self._left:
            return torch.zeros(0)
        known = self._held[:(stop + self._context) * self.block_in]
        done = self._resample(known)[skip:stop * self.block_out]
        passed = max(stop - self._context, 0)
        self._held = self._held[passed * self.block_in:]
        self._left = stop - passed
        return done


class SpectrogramStream:
    """Columns of a spectrogram, each computed once.

    A segment does not depend on its neighbours (each has its own mean
    removed), so a slice of the columns is exactly the spectrogram of the
    samples below it.

    Args:
        analyze (Callable): (S,) -> (F, T), such as
            :func:`~fnac_mm.functional.log_spectrogram` with its arguments.
        n_fft (int): Segment length.
        hop_length (int): Samples between segments.

    Attributes:
        columns (int): How many were computed so far.
    """

    def __init__(self, analyze: Callable[[Tensor], Tensor], n_fft: int,
                 hop_length: int) -> None:
        self.analyze = analyze
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.columns = 0
        self._held = torch.zeros(0)
        self._skip = 0

    def push(self, samples: Tensor) -> Tensor:
        """Take a piece, give the columns that are complete by now.

        Args:
            samples (Tensor): (S,) float32.

        Returns:
            Tensor: (F, T'), T' may be 0 (then F is 0 too).
        """
        self._held = torch.cat([self._held, samples])
        held = self._held[self._skip:]
        count = (len(held) - self.n_fft) // self.hop_length + 1
        if count < 1:
            return torch.zeros(0, 0)
        used = (count - 1) * self.hop_length + self.n_fft
        result = self.analyze(held[:used])
        self.columns += count
        # A hop may be longer than a segment: then it reaches beyond.
        next_one = count * self.hop_length
        self._held = held[next_one:]
        self._skip = max(next_one - len(held), 0)
        return result
