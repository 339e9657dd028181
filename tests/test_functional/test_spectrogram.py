"""Spectrograms against SciPy, the published numbers and closed forms."""
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import spectrogram

from fnac_mm.functional import load_waveform, log_spectrogram, mask_spectrogram


def scipy_log_psd(x: np.ndarray, rate: int, n_fft: int,
                  hop: int) -> np.ndarray:
    """What the published loaders compute."""
    psd = spectrogram(
        x,
        rate,
        window=('tukey', 0.25),
        nperseg=n_fft,
        noverlap=n_fft - hop,
        detrend='constant')[2]
    return np.log(psd + 1e-7)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize(
    'stem, frames, tolerance',
    [
        ('mono16k_5s', 200, 2e-4),
        ('mono16k_short', 200, 2e-4),
        ('mono44k_3s', 554, 2e-4),
        # The published loader rounds the mix of the channels to 16 bit.
        ('stereo22k_4s', 276, 2e-3)
    ])
def test_golden(shared: Path, stem: str, frames: int, tolerance: float,
                dtype: torch.dtype) -> None:
    golden = np.load(shared / 'golden' / 'spectrogram.npz')[stem]
    waveform, rate = load_waveform(shared / 'golden' / f'{stem}.wav')
    ours = log_spectrogram(waveform.to(dtype), rate)
    assert ours.dtype == dtype and ours.shape == (257, frames)
    assert np.abs(ours.double().numpy() - golden).max() <= tolerance


@pytest.mark.parametrize('n_fft, hop', [(512, 238), (511, 238), (64, 64),
                                        (33, 7), (2, 1)])
def test_equals_scipy(n_fft: int, hop: int) -> None:
    x = np.random.default_rng(0).standard_normal(4001)
    ours = log_spectrogram(torch.from_numpy(x), 22050, n_fft, hop)
    np.testing.assert_allclose(
        ours, scipy_log_psd(x, 22050, n_fft, hop), rtol=0, atol=1e-9)


@pytest.mark.parametrize('rate, seconds, frames', [(8000, 3, 99),
                                                   (16000, 3, 200),
                                                   (16000, 5, 334),
                                                   (16000, 10, 671),
                                                   (22050, 3, 276),
                                                   (44100, 10, 1851),
                                                   (48000, 3, 603)])
def test_published_shapes(rate: int, seconds: int, frames: int) -> None:
    assert log_spectrogram(torch.zeros(rate * seconds),
                           rate).shape == (257, frames)


def test_silence_and_offset_are_the_floor() -> None:
    """Each segment's mean is removed, so a constant is silence."""
    for value in (0.0, 0.7):
        ours = log_spectrogram(torch.full((2048, ), value).double(), 16000)
        assert torch.allclose(
            ours / 12, torch.tensor(-1.343175).double(), atol=1e-6)


def test_gain_adds_a_constant() -> None:
    x = torch.randn(4000, dtype=torch.float64)
    low, high = (log_spectrogram(g * x, 16000, eps=1e-30) for g in (1, 3))
    assert torch.allclose(high - low, torch.full_like(low, 2 * np.log(3)))


def test_batched_is_each() -> None:
    x = torch.randn(2, 3, 1500)
    ours = log_spectrogram(x, 16000)
    assert ours.shape == (2, 3, 257, 5)
    assert torch.equal(ours[1, 2], log_spectrogram(x[1, 2], 16000))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    x = torch.randn(1500).to(dtype)
    ours = log_spectrogram(x, 16000)
    assert ours.dtype == dtype
    assert torch.equal(ours, log_spectrogram(x.float(), 16000).to(dtype))


def test_gradient() -> None:
    x = torch.randn(2, 40, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda w: log_spectrogram(w, 16, n_fft=9, hop_length=5), x)
    silence = torch.zeros(600, requires_grad=True)
    log_spectrogram(silence, 16000).sum().backward()
    assert torch.isfinite(silence.grad).all()


@pytest.mark.parametrize('arguments, error, message', [
    ((torch.zeros(600, dtype=torch.int16), 16000), TypeError, 'int16'),
    ((torch.zeros(511), 16000), ValueError, '511 samples.*n_fft=512'),
    ((torch.zeros(600), 0), ValueError, 'positive'),
    ((torch.zeros(600), 16000, 512, 0), ValueError, 'positive'),
    ((torch.zeros(600), 16000, 1), ValueError, 'n_fft at least 2'),
])
def test_refusals(arguments: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        log_spectrogram(*arguments)


class TestMask:
    """Masks: what is drawn, where, and what is put there."""

    def masks(self, shape: tuple = (1000, 1, 30, 50), **kwargs) -> tuple:
        """Row and column masks (B, F), (B, T) of a field of ones."""
        torch.manual_seed(0)
        field = mask_spectrogram(torch.ones(shape), fill=0, **kwargs)[:, 0]
        hit = field == 0
        return hit.all(dim=2), hit.all(dim=1), hit

    def test_one_strip_of_each_axis(self) -> None:
        rows, columns, hit = self.masks()
        assert torch.equal(hit, rows[:, :, None] | columns[:, None, :])
        for strip in (rows, columns):
            edges = strip.int().diff(dim=1, prepend=strip[:, :1] * 0)
            assert (edges == 1).sum(dim=1).max() == 1  # contiguous

    def test_widths_are_uniform_from_0_to_9(self) -> None:
        rows, columns, _ = self.masks((3000, 1, 100, 100))
        for strip in (rows, columns):
            # Starts near the end are cut: look at strips that end inside.
            width = strip.sum(dim=1)[~strip[:, -1]]
            share = width.bincount(minlength=10) / len(width)
            assert len(share) == 10
            assert (share - 0.1).abs().max() < 0.03

    @pytest.mark.parametrize('axis_bug, row_limit, column_limit',
                             [(False, 100, 30), (True, 30, 100)])
    def test_start_ranges(self, axis_bug: bool, row_limit: int,
                          column_limit: int) -> None:
        """The published code draws rows from T and columns from F."""
        rows, columns, _ = self.masks((3000, 1, 100, 30), axis_bug=axis_bug)
        first = rows.int().argmax(dim=1)[rows.any(dim=1)]
        assert first.min() == 0
        assert row_limit - 5 < first.max() + 1 <= row_limit
        # A start beyond the axis masks nothing.
        empty = 1 - columns.any(dim=1).double().mean()
        expected = 1 - 0.9 * min(30 / column_limit, 1)
        assert abs(empty - expected) < 0.03

    @pytest.mark.parametrize('fill', ['mean', 'floor', 0, -3.5])
    def test_fill_is_per_sample(self, fill: object) -> None:
        torch.manual_seed(1)
        field = torch.randn(50, 1, 20, 20) + torch.arange(50).view(-1, 1, 1, 1)
        masked = mask_spectrogram(field, fill=fill)
        for before, after in zip(field, masked):
            expected = dict(mean=before.mean(), floor=before.min())
            value = float(expected.get(fill, fill))
            changed = after[after != before]
            assert torch.allclose(changed, torch.full_like(changed, value))
        assert (masked != field).flatten(1).any(dim=1).sum() > 40

    def test_input_untouched_and_seed_decides(self) -> None:
        field = torch.randn(6, 1, 20, 20)
        before = field.clone()
        torch.manual_seed(5)
        first = mask_spectrogram(field)
        second = mask_spectrogram(field)
        torch.manual_seed(5)
        assert torch.equal(mask_spectrogram(field), first)
        assert not torch.equal(second, first)
        assert torch.equal(field, before)

    def test_same_mask_in_every_channel(self) -> None:
        field = torch.randn(1, 1, 20, 20).repeat(4, 3, 1, 1)
        masked = mask_spectrogram(field, fill=9)
        assert torch.equal(masked, masked[:, :1].expand_as(masked))

    def test_width_one_masks_nothing(self) -> None:
        field = torch.randn(3, 20, 20)
        assert torch.equal(mask_spectrogram(field, max_width=1), field)

    @pytest.mark.parametrize('shape, kwargs, message', [
        ((2, 9, 9), dict(max_width=0), 'max_width.*0'),
        ((2, 9, 9), dict(fill='zero'), "'zero'"),
        ((9, 9), {}, r'\(B,...,F,T\).*\(9, 9\)'),
    ])
    def test_refusals(self, shape: tuple, kwargs: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            mask_spectrogram(torch.zeros(shape), **kwargs)
