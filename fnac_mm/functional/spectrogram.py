"""Log power spectrograms, as the published loaders compute them.

Shape legend: S samples, F frequency bins, T time frames, B batch.
"""
from typing import Union

import torch
from torch import Tensor

# Waveforms at once on the host, whose cache they should not leave.
PART = 4


def log_spectrogram(waveform: Tensor,
                    sample_rate: int,
                    n_fft: int = 512,
                    hop_length: int = 238,
                    eps: float = 1e-7) -> Tensor:
    """Natural log of the one-sided power spectral density.

    Reproduces ``scipy.signal.spectrogram(x, sample_rate, nperseg=n_fft,
    noverlap=n_fft - hop_length)`` with its defaults (Tukey window, each
    segment's mean removed, density scaling, full segments only), then
    ``log(. + eps)``. The published loaders divide by 12 afterwards.

    Args:
        waveform (Tensor): (..., S), any floating type. Half precision is
            computed in float32.
        sample_rate (int): Hz.
        n_fft (int): Segment length. Defaults to 512.
        hop_length (int): Samples between segments. Defaults to 238.
        eps (float): Added before the logarithm. Defaults to 1e-7.

    Returns:
        Tensor: (..., F, T), F = n_fft // 2 + 1,
        T = (S - n_fft) // hop_length + 1, in the type of ``waveform``.

    Raises:
        TypeError: If ``waveform`` is not of a floating type.
        ValueError: If it is shorter than one segment, an argument is not
            positive or ``n_fft`` is 1.
    """
    if not waveform.is_floating_point():
        raise TypeError('waveform must be of a floating type, got '
                        f'{waveform.dtype}')
    if min(sample_rate, hop_length) <= 0 or n_fft < 2:
        raise ValueError('sample_rate and hop_length must be positive and '
                         f'n_fft at least 2, got {sample_rate}, {hop_length} '
                         f'and {n_fft}')
    if waveform.shape[-1] < n_fft:
        raise ValueError(f'waveform has {waveform.shape[-1]} samples, fewer '
                         f'than one segment (n_fft={n_fft})')
    dtype = waveform.dtype
    if dtype in (torch.float16, torch.bfloat16):
        waveform = waveform.float()
    # Late: it takes long to load.
    from scipy.signal.windows import tukey
    window = torch.from_numpy(tukey(n_fft, 0.25, sym=False)).to(waveform)
    rows = waveform.reshape(-1, waveform.shape[-1])
    size = PART if waveform.device.type == 'cpu' else max(len(rows), 1)
    found = torch.cat([
        _log_power(
            part.unfold(-1, n_fft, hop_length), window, sample_rate, eps)
        for part in rows.split(size)
    ])
    found = found.reshape(*waveform.shape[:-1], *found.shape[1:])
    return found.transpose(-1, -2).to(dtype)


def _log_power(segments: Tensor, window: Tensor, sample_rate: int,
               eps: float) -> Tensor:
    """(B, T, F) of segments (B, T, n_fft)."""
    # In place where it can be: new memory would cost more than the sums.
    segments = segments - segments.mean(dim=-1, keepdim=True)
    segments *= window
    squares = torch.view_as_real(torch.fft.rfft(segments)).square()
    power = squares[..., 0] + squares[..., 1]
    power /= sample_rate * window.square().sum()
    # One-sided: every bin but zero and Nyquist stands for two.
    last = power.shape[-1] - (1 if segments.shape[-1] % 2 == 0 else 0)
    power[..., 1:last] *= 2
    power += eps
    return torch.log(power)


def _strip(start: Tensor, width: Tensor, size: int) -> Tensor:
    """Boolean (B, size), true in [start, start + width) of each row."""
    index = torch.arange(size, device=start.device)
    start, width = start[:, None], width[:, None]
    return (index >= start) & (index < start + width)


def mask_spectrogram(spectrogram: Tensor,
                     max_width: int = 10,
                     axis_bug: bool = False,
                     fill: Union[float, str] = 'mean') -> Tensor:
    """Mask one random strip of frequency and one of time per sample.

    Args:
        spectrogram (Tensor): (B, ..., F, T).
        max_width (int): Widths are drawn from 0 to ``max_width - 1``.
        axis_bug (bool): Draw the start of each strip from the size of the
            *other* axis, as the published code does, so that many strips
            fall outside. Defaults to False.
        fill (float | str): Value put in the strips, ``'mean'`` for the mean
            of each sample, ``'floor'`` for its minimum. The published code
            fills 0, which is loud in the logarithmic domain.

    Returns:
        Tensor: Masked copy. Draws come from torch's global generator.

    Raises:
        ValueError: If the shape is not (B, ..., F, T), ``max_width`` is not
            positive or ``fill`` is unknown.
    """
    if spectrogram.dim() < 3:
        raise ValueError('expected a batch (B,...,F,T), got '
                         f'{tuple(spectrogram.shape)}')
    if max_width < 1:
        raise ValueError(f'max_width must be at least 1, got {max_width}')
    batch, (bins, frames) = len(spectrogram), spectrogram.shape[-2:]
    sizes = (frames, bins) if axis_bug else (bins, frames)
    # Drawn on the host, so that a CPU and a GPU run mask alike.
    draws = [
        torch.randint(n, (batch, )) for n in (*sizes, max_width, max_width)
    ]
    row, column, height, width = (d.to(spectrogram.device) for d in draws)
    strips = (
        _strip(row, height, bins)[:, :, None]
        | _strip(column, width, frames)[:, None, :])
    strips = strips.reshape(batch, *[1] * (spectrogram.dim() - 3), bins,
                            frames)
    if fill == 'mean':
        value = spectrogram.flatten(1).mean(dim=1)
    elif fill == 'floor':
        value = spectrogram.flatten(1).amin(dim=1)
    elif isinstance(fill, str):
        raise ValueError("fill must be a number, 'mean' or 'floor', got "
                         f'{fill!r}')
    else:
        value = spectrogram.new_full((batch, ), float(fill))
    value = value.reshape(batch, *[1] * (spectrogram.dim() - 1))
    return torch.where(strips, value, spectrogram)
