"""How loud a recording is, as ITU-R BS.1770-4 defines it."""
import math
from typing import Iterable

import numpy as np

# Loudness to which a sound is brought, in LUFS: see docs/own_video.md.
TARGET = -20.0
# A sound whose samples are all smaller, -60 dB of full scale, is silent.
SILENT = 1e-3

# Seconds between measurements, and how many of them a block holds.
_STEP, _STEPS = 0.1, 4
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0


def _k_weighting(rate: int) -> np.ndarray:
    """(2, 6): the filters of BS.1770 at any rate, as in libebur128."""
    k, q = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10**(3.999843853973347 / 20)
    band = high**0.4996667741545416
    shelf = [
        high + band * k / q + k * k, 2 * (k * k - high),
        high - band * k / q + k * k, 1 + k / q + k * k, 2 * (k * k - 1),
        1 - k / q + k * k
    ]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    passing = [1, -2, 1, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([np.array(shelf) / shelf[3], passing])


def loudness(blocks: Iterable[np.ndarray], rate: int) -> float:
    """Integrated, gated loudness of a mono recording.

    Args:
        blocks (Iterable[np.ndarray]): Its samples (S,) in order, floating;
            1 is full scale.
        rate (int): Hz, above 3,400.

    Returns:
        float: LUFS; -inf if nothing is louder than -70 LUFS. Less than 0.4 s
        count as that much with silence behind.
    """
    from scipy.signal import sosfilt
    filters = _k_weighting(rate)
    state = np.zeros((2, 2))
    step = round(_STEP * rate)
    rest, powers = np.zeros(0), [np.zeros(0)]
    for block in blocks:
        weighted, state = sosfilt(filters, block, zi=state)
        rest = np.concatenate([rest, weighted])
        whole = len(rest) // step * step
        powers.append(np.square(rest[:whole]).reshape(-1, step).mean(axis=1))
        rest = rest[whole:]
    if len(rest):
        powers.append(np.square(rest).sum(keepdims=True) / step)
    steps = np.concatenate(powers)
    steps = np.pad(steps, (0, max(_STEPS - len(steps), 0)))
    power = np.convolve(steps, np.full(_STEPS, 1 / _STEPS), 'valid')
    gate = 10**((_ABSOLUTE_GATE + 0.691) / 10)
    if not (power > gate).any():
        return -math.inf
    relative = power[power > gate].mean() * 10**(_RELATIVE_GATE / 10)
    loud = power[power > max(gate, relative)].mean()
    return float(-0.691 + 10 * math.log10(loud))


def gain_to_target(level: float) -> float:
    """Gain in dB that brings LUFS to :data:`TARGET`; 0 for silence."""
    return TARGET - level if math.isfinite(level) else 0.0
