"""Changing how loud a sound is."""
import numpy as np
from mmcv.transforms import BaseTransform

from fnac_mm.functional import decode_pcm16
from fnac_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomGain(BaseTransform):
    """Make the sound louder or softer at random, in training.

    The model reads absolute levels. Nothing published does this. Samples may
    exceed 1: they are not clipped.

    **Required Keys:**

    - waveform (np.ndarray): (S,) float32 or int16.

    **Modified Keys:**

    - waveform (np.ndarray): (S,) float32.

    Args:
        low (float): Smallest gain in dB. Defaults to -12.
        high (float): Largest gain in dB. Defaults to 12.

    Raises:
        ValueError: If ``low`` exceeds ``high``, or one is not finite.
    """

    def __init__(self, low: float = -12.0, high: float = 12.0) -> None:
        if not -np.inf < low <= high < np.inf:
            raise ValueError('low and high must be finite and in order, got '
                             f'{low} and {high}')
        self.low, self.high = low, high

    def transform(self, results: dict) -> dict:
        """Scale the sound."""
        waveform = results['waveform']
        if waveform.dtype == np.int16:
            waveform = decode_pcm16(waveform).clip(-1, 1)
        gain = 10**(np.random.uniform(self.low, self.high) / 20)
        results['waveform'] = waveform * np.float32(gain)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(low={self.low}, high={self.high})'
