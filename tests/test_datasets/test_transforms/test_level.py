"""Sound at random levels."""
import numpy as np
import pytest

from fnac_mm.datasets.transforms import RandomGain


@pytest.mark.parametrize('kind', [np.int16, np.float32])
def test_gains_are_uniform_in_decibels(kind: type) -> None:
    np.random.seed(0)
    sound = np.array([16384, -32768]).astype(kind)
    scale = 32767 if kind == np.int16 else 1
    gains = []
    for _ in range(2000):
        found = RandomGain(-6, 12)(dict(waveform=sound))['waveform']
        assert found.dtype == np.float32
        gains.append(20 * np.log10(found[0] * scale / 16384))
    low, middle, high = np.percentile(gains, (0, 50, 100))
    assert (low, middle, high) == pytest.approx((-6, 3, 12), abs=0.4)


@pytest.mark.parametrize('low, high', [(3, -3), (-np.inf, 0), (0, np.nan)])
def test_arguments(low: float, high: float) -> None:
    with pytest.raises(ValueError, match='finite and in order'):
        RandomGain(low, high)
