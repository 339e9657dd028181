"""16-bit waveforms against libsndfile's reading of the same values."""
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fnac_mm.functional import decode_pcm16, encode_pcm16, load_waveform


def test_every_16_bit_value_comes_back_as_the_same_bits(tmp_path: Path):
    values = np.arange(-32768, 32768).astype(np.int16)
    soundfile.write(tmp_path / 'all.wav', values, 16384, subtype='PCM_16')
    loaded = load_waveform(tmp_path / 'all.wav', duration=4)[0].numpy()
    packed = encode_pcm16(loaded)
    # The published scale has no place for -32768.
    np.testing.assert_array_equal(packed, np.maximum(values, -32767))
    back = decode_pcm16(packed)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back.view(np.int32), loaded.view(np.int32))


def test_other_values_are_at_most_half_a_step_away():
    waveform = np.random.default_rng(0).uniform(-1, 1, 20000)
    error = decode_pcm16(encode_pcm16(waveform.astype(np.float32))) - waveform
    assert 0.45 / 32767 < np.abs(error).max() <= 0.5 / 32767 + 1e-7


@pytest.mark.parametrize('value', [1.01, -2, np.nan, np.inf])
def test_what_is_no_waveform_is_refused(value: float):
    with pytest.raises(ValueError, match='in \\[-1, 1\\]'):
        encode_pcm16(np.array([0, value], np.float32))
