"""Pieces of sound against the whole at once."""
from functools import partial
from typing import List

import numpy as np
import pytest
import torch
from torchaudio.functional import resample

from fnac_mm.functional import (SpectrogramStream, StreamResampler,
                                log_spectrogram)
from .test_spectrogram import scipy_log_psd

RNG = np.random.default_rng(0)
SOUND = torch.from_numpy(RNG.normal(0, 0.3, 20000).astype(np.float32))


def pieces(waveform: torch.Tensor, seed: int = 0) -> List[torch.Tensor]:
    """Of any lengths, also 0."""
    cuts = np.random.default_rng(seed).integers(0, len(waveform), 12)
    return torch.tensor_split(waveform, sorted([*cuts.tolist(), cuts[0]]))


@pytest.mark.parametrize('n_fft, hop', [(512, 238), (64, 64), (32, 50)])
def test_columns_are_scipys(n_fft: int, hop: int) -> None:
    stream = SpectrogramStream(
        partial(
            log_spectrogram, sample_rate=8000, n_fft=n_fft, hop_length=hop),
        n_fft, hop)
    found = [stream.push(piece) for piece in pieces(SOUND)]
    joined = torch.cat([f for f in found if f.numel()], 1)
    if hop <= n_fft:
        whole = scipy_log_psd(SOUND.double().numpy(), 8000, n_fft, hop)
    else:
        segments = SOUND.double().unfold(0, n_fft, hop).numpy()
        whole = np.concatenate(
            [scipy_log_psd(x, 8000, n_fft, n_fft) for x in segments], 1)
    np.testing.assert_allclose(joined, whole, atol=2e-4)
    assert stream.columns == whole.shape[1]


def test_each_sample_is_analysed_once() -> None:
    """No column is computed twice, whatever the pieces."""
    seen: List[int] = []

    def analyze(waveform: torch.Tensor) -> torch.Tensor:
        columns = log_spectrogram(waveform, 8000)
        seen.append(columns.shape[1])
        return columns

    stream = SpectrogramStream(analyze, 512, 238)
    for piece in pieces(SOUND, 1):
        stream.push(piece)
    assert sum(seen) == stream.columns == (len(SOUND) - 512) // 238 + 1


@pytest.mark.parametrize('rates',
                         [(44100, 16000), (8000, 16000), (48000, 16000),
                          (16000, 16000), (22050, 8000), (11025, 16000)])
def test_resampled_pieces_are_torchaudios(rates: tuple) -> None:
    resampler = StreamResampler(*rates)
    found = [resampler.push(piece) for piece in pieces(SOUND, 3)]
    found.append(resampler.push(SOUND[:0], last=True))
    torch.testing.assert_close(
        torch.cat(found), resample(SOUND, *rates), rtol=0, atol=1e-4)


def test_little_is_held() -> None:
    resampler = StreamResampler(44100, 16000)
    for _ in range(50):
        resampler.push(torch.zeros(44100))
        assert len(resampler._held) <= 4 * 441


def test_rates_are_checked() -> None:
    with pytest.raises(ValueError, match='rates must be positive, got 0'):
        StreamResampler(0, 16000)
