"""Windows of sound: their place, scale and rate.

Convention: a waveform is a mono ``float32`` tensor (S,) in [-1, 1], or
``int16`` on its way to the device, where :func:`pcm16_to_float` scales it.
"""
import math
import os
import warnings
from pathlib import Path
from typing import Optional, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from fnac_mm.media.window import sample_index, window_start

# The published loader converts to 16 bit and divides by 32767, so a full-scale
# negative sample is clipped. libsndfile divides by 32768.
_PEAK = 32767
_FULL_SCALE = 32768 / _PEAK

# Taps of the filters between two rates: 44101 to 16000 Hz needs 700 million.
_MAX_TAPS = 2**24


def pcm16_to_float(waveform: Tensor) -> Tensor:
    """int16 of any shape to float32 in [-1, 1], as :func:`load_waveform`."""
    return (waveform.float() / _PEAK).clamp(-1, 1)


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
    """(S,) float32 in [-1, 1] of what :func:`encode_pcm16` gives."""
    return np.divide(samples, np.float32(_PEAK), dtype=np.float32)


def tile_waveform(waveform: Tensor, length: int) -> Tensor:
    """Repeat a short (S,), S >= 1, up to a length, or cut a long one."""
    if len(waveform) < length:
        waveform = waveform.repeat(-(-length // len(waveform)))
    return waveform[:length]


def _tell_of_cancelling(samples: np.ndarray, mono: np.ndarray,
                        name: str) -> None:
    """Warn where a sound is there, and its mean is silent (-60 dB)."""
    if samples.shape[1] > 1 and len(mono) and np.abs(mono).max() < 1e-3 \
            and np.abs(samples).max() > 1e-2:
        warnings.warn(
            f'{name} is silent after its channels are mixed, although they '
            'are not: they are of opposite phase. Convert it to mono by one '
            'of its channels',
            stacklevel=3)


def mix_channels(samples: np.ndarray, name: str = 'a sound') -> Tensor:
    """Mean of the channels, at the published scale.

    Args:
        samples (np.ndarray): (S, channels), floating, in [-1, 1].
        name (str): For the warning that they cancel. Defaults to 'a sound'.

    Returns:
        Tensor: (S,) float32.

    Raises:
        ValueError: If a sample is not finite.
    """
    if not np.isfinite(samples).all():
        raise ValueError('the recording holds NaN or infinity')
    mono = samples.astype(np.float64).mean(axis=1) * _FULL_SCALE
    _tell_of_cancelling(samples, mono, name)
    return torch.from_numpy(np.clip(mono, -1, 1).astype(np.float32))


def mix_int16(samples: np.ndarray, name: str = 'a sound') -> np.ndarray:
    """Mean of the channels in 16 bits; mono of 16 bits stays as it is.

    Args:
        samples (np.ndarray): (S, channels), floating, in [-1, 1].
        name (str): For the warning that they cancel. Defaults to 'a sound'.

    Returns:
        np.ndarray: (S,) int16.

    Raises:
        ValueError: If a sample is not finite.
    """
    mono = samples.mean(axis=1, dtype=np.float64)
    if not np.isfinite(mono).all():
        raise ValueError('the sound holds NaN or infinity')
    _tell_of_cancelling(samples, mono, name)
    return np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)


def check_resampling(rate: int, wanted: int) -> None:
    """ValueError for rates between which the filters fill the memory."""
    if rate * wanted // math.gcd(rate, wanted)**2 > _MAX_TAPS:
        raise ValueError(f'{rate} Hz can\'t be resampled to {wanted} Hz in a '
                         'reasonable memory; if that is its true rate, '
                         'convert the file to a usual one')


def _finish(samples: np.ndarray,
            rate: int,
            duration: float,
            sample_rate: Optional[int],
            keep_int16: bool = False,
            name: str = 'a sound') -> Tuple[Tensor, int]:
    """Mix, scale, resample and repeat the (S, channels) of a window."""
    if len(samples) == 0:
        raise ValueError('the recording is empty (0 samples); remove it from '
                         'the list or extract it again')
    if samples.dtype == np.int16:
        if keep_int16 and samples.shape[1] == 1 and sample_rate in (None,
                                                                    rate):
            mono = torch.from_numpy(samples[:, 0])
            return tile_waveform(mono, int(duration * rate)), rate
        samples = samples / np.float32(32768)
    waveform = mix_channels(samples, name)
    if sample_rate is not None and sample_rate != rate:
        from torchaudio.functional import resample
        check_resampling(rate, sample_rate)
        # The filter overshoots at steps of full scale.
        waveform = resample(waveform, rate, sample_rate).clamp(-1, 1)
        rate = sample_rate
    return tile_waveform(waveform, int(duration * rate)), rate


def _check_arguments(duration: float, sample_rate: Optional[int]) -> None:
    """Raise ValueError for values that no recording can satisfy."""
    if not 0 < duration < math.inf:
        raise ValueError('duration must be positive and finite, got '
                         f'{duration}')
    if sample_rate is not None and sample_rate <= 0:
        raise ValueError(f'sample_rate must be positive, got {sample_rate}')


def window_waveform(waveform: Union[Tensor, np.ndarray],
                    rate: int,
                    duration: float = 3.0,
                    start: Optional[float] = None,
                    sample_rate: Optional[int] = None) -> Tuple[Tensor, int]:
    """The window that :func:`load_waveform` would take of a recording.

    Args:
        waveform (Tensor | np.ndarray): Mono (S,), floating in [-1, 1] or
            int16.
        rate (int): Its sample rate in Hz.
        duration (float): See :func:`load_waveform`.
        start (float, optional): See :func:`load_waveform`.
        sample_rate (int, optional): See :func:`load_waveform`.

    Returns:
        tuple[Tensor, int]: As of :func:`load_waveform`.

    Raises:
        TypeError: If the samples are of another type.
        ValueError: If the shape is not (S,), it is empty, holds values that
            are not finite, or an argument is out of range.
    """
    _check_arguments(duration, sample_rate)
    if rate <= 0:
        raise ValueError(f'rate must be positive, got {rate}')
    samples = np.asarray(waveform)
    if samples.ndim != 1:
        raise ValueError(f'expected a mono waveform (S,), got {samples.shape}')
    if samples.dtype != np.int16 and samples.dtype.kind != 'f':
        raise TypeError('expected samples of a floating type or int16, got '
                        f'{samples.dtype}')
    if len(samples):
        begin = window_start(len(samples) / rate, duration, start)
        first = min(sample_index(begin, rate), len(samples) - 1)
        samples = samples[first:first + int(duration * rate)]
    return _finish(samples[:, None], rate, duration, sample_rate)


def mono_window(path: Union[str, Path],
                duration: float,
                start: Optional[float] = None) -> Tuple[np.ndarray, int]:
    """Mean of the channels of a window, neither scaled nor repeated.

    Args:
        path (str | Path): Recording.
        duration (float): Seconds.
        start (float, optional): First second; None takes the centre.

    Returns:
        tuple[np.ndarray, int]: (S,) float32 in [-1, 1], and the rate in Hz.
    """
    from fnac_mm.media.audio import read_window
    samples, rate = read_window(os.fspath(path), duration, start)
    if samples.dtype == np.int16:
        samples = samples / np.float32(32768)
    return samples.mean(axis=1, dtype=np.float32), rate


def load_waveform(path: Union[str, Path],
                  duration: float = 3.0,
                  start: Optional[float] = None,
                  sample_rate: Optional[int] = None,
                  keep_int16: bool = False) -> Tuple[Tensor, int]:
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
        keep_int16 (bool): Return the samples of a mono file of 16 bits as
            they are, if its rate is the one wanted; the caller scales them
            with :func:`pcm16_to_float`. Defaults to False.

    Returns:
        tuple[Tensor, int]: Waveform (S,) float32 in [-1, 1] (or int16, see
        there) with ``S = int(duration * rate)``, and the rate in Hz.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file can't be read as sound, is empty, holds
            values that are not finite, or if an argument is out of range.
    """
    from fnac_mm.media.audio import read_window
    from fnac_mm.media.container import MediaError
    path = os.fspath(path)
    _check_arguments(duration, sample_rate)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such recording')
    try:
        return _finish(*read_window(path, duration, start), duration,
                       sample_rate, keep_int16, path)
    except MediaError as error:
        raise ValueError(f'{path}: {error.reason}') from error
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
