"""Waveforms as 16-bit integers, on the scale of :mod:`.waveform`.

Shape legend: S samples.
"""
import numpy as np

_PEAK = 32767


def encode_pcm16(waveform: np.ndarray) -> np.ndarray:
    """Nearest 16-bit values of a waveform.

    Args:
        waveform (np.ndarray): (S,) float32 in [-1, 1].

    Returns:
        np.ndarray: (S,) int16. What :func:`decode_pcm16` makes of them is
        1/65534 away at most (and rounding), and the same bits where the
        waveform comes from one channel of 16 bits at its own rate.

    Raises:
        ValueError: If a value is outside [-1, 1] or not finite.
    """
    if not (np.abs(waveform) <= 1).all():
        raise ValueError('expected a waveform in [-1, 1], got '
                         f'[{waveform.min()}, {waveform.max()}]')
    return np.rint(waveform * np.float32(_PEAK)).astype(np.int16)


def decode_pcm16(samples: np.ndarray) -> np.ndarray:
    """Waveform of 16-bit values.

    Args:
        samples (np.ndarray): (S,) int16 of :func:`encode_pcm16`.

    Returns:
        np.ndarray: (S,) float32 in [-1, 1], the values over 32767.
    """
    return np.divide(samples, np.float32(_PEAK), dtype=np.float32)
