"""What is wrong with a frame or a recording that can be read.

Shape legend: H, W pixels; S samples; N frames of one clip.
"""
from typing import Optional, Sequence

import cv2
import numpy as np

# Loudest tenth of a second below this, in dB of full scale: nothing to hear.
# A 16-bit recording with dither alone is near -98, a quiet room near -50.
SILENCE_LEVEL = -60.0
_BLOCK = 0.1

# Grey levels of 256. Video black is 16, and codecs add a little noise.
BLACK_LEVEL = 20.0
CONSTANT_RANGE = 4.0
# Share of the pixels that may differ: a station's logo, a dead pixel.
_OUTLIERS = 0.5

# Mean change between the frames of a clip, in grey levels: noise of a codec.
STILL_CHANGE = 0.5
_THUMBNAIL = (32, 32)


def sound_level(waveform: np.ndarray, rate: int) -> float:
    """Level of the loudest tenth of a second, in dB of full scale.

    Of a mono waveform (S,) in [-1, 1], S >= 1: its root mean square without
    the constant part; -inf for digital silence.
    """
    samples = np.asarray(waveform, np.float64)
    samples = samples - samples.mean()
    edges = np.arange(0, len(samples), max(int(rate * _BLOCK), 1))
    sums = np.add.reduceat(samples**2, edges)
    power = (sums / np.diff(np.append(edges, len(samples)))).max()
    return float(10 * np.log10(power)) if power > 0 else -np.inf


def frame_fault(image: np.ndarray) -> Optional[str]:
    """Whether there is nothing to see.

    Args:
        image (np.ndarray): (H, W, 3) uint8.

    Returns:
        str | None: ``'black'`` if 99.5 % of the pixels are at most
        ``BLACK_LEVEL``, ``'constant'`` if 99 % of the pixels of each channel
        lie within ``CONSTANT_RANGE`` grey levels, else None.
    """
    low, high = np.percentile(
        image.reshape(-1, image.shape[-1]), (_OUTLIERS, 100 - _OUTLIERS),
        axis=0)
    if high.max() <= BLACK_LEVEL:
        return 'black'
    return 'constant' if (high - low).max() <= CONSTANT_RANGE else None


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Small grey picture (32, 32) of a frame (H, W, 3) uint8 BGR."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, _THUMBNAIL, interpolation=cv2.INTER_AREA)


def frame_change(thumbnails: Sequence[np.ndarray]) -> float:
    """Greatest mean difference of thumbnails to the first, in grey levels.

    A clip below ``STILL_CHANGE`` stands still.
    """
    first, *others = (np.asarray(t, np.float64) for t in thumbnails)
    return max(float(np.abs(t - first).mean()) for t in others)
