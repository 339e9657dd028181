"""Pairwise similarities: chunks, gradient, ties."""
import inspect

import pytest
import torch
from torch import Tensor

from fnac_mm import functional
from fnac_mm.functional import pairwise_max_similarity
from fnac_mm.functional.similarity import max_similarity_and_means


def features(pictures: int = 5, sounds: int = 4) -> tuple:
    torch.manual_seed(0)
    return (torch.randn(pictures, 6, 3, 2, dtype=torch.float64),
            torch.randn(sounds, 6, dtype=torch.float64))


def gradients(visual: Tensor, audio: Tensor, ours: bool) -> tuple:
    """Values and gradients of a weighted sum; dense autograd as oracle."""
    visual, audio = (x.clone().requires_grad_() for x in (visual, audio))
    if ours:
        value = pairwise_max_similarity(visual, audio)
    else:
        value = torch.einsum('nchw,mc->nmhw', visual, audio)
        value = value.flatten(2).max(dim=2)[0]
    torch.manual_seed(1)
    value.backward(torch.randn(value.shape, dtype=torch.float64).to(value))
    return value.detach(), visual.grad, audio.grad


@pytest.mark.parametrize('dtype, tolerance', [(torch.float32, 1e-6),
                                              (torch.float64, 1e-10)])
@pytest.mark.parametrize('side', [7, 17])
def test_equal_to_dense_autograd(dtype: torch.dtype, tolerance: float,
                                 side: int) -> None:
    """Several chunks; positions beyond one byte (17 x 17)."""
    torch.manual_seed(0)
    visual = torch.randn(96, 32, side, side, dtype=dtype)
    audio = torch.randn(300, 32, dtype=dtype)
    for ours, dense in zip(
            gradients(visual, audio, True), gradients(visual, audio, False)):
        assert (ours - dense).abs().max() <= tolerance * dense.abs().max()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_accumulates_in_float32(dtype: torch.dtype) -> None:
    """As float32 on the same rounded features, gradients rounded once."""
    visual, audio = (x.to(dtype) for x in features(40, 300))
    half = gradients(visual, audio, True)
    full = gradients(visual.float(), audio.float(), True)
    assert half[0].dtype == torch.float32 and torch.equal(half[0], full[0])
    for ours, expected in zip(half[1:], full[1:]):
        assert ours.dtype == dtype
        assert torch.equal(ours, expected.to(dtype))


def test_channels_last_changes_nothing() -> None:
    visual, audio = features()
    last = visual.contiguous(memory_format=torch.channels_last)
    for ours, expected in zip(
            gradients(last, audio, True), gradients(visual, audio, True)):
        torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)


def test_nan_spoils_its_own_row_only() -> None:
    visual, audio = features()
    visual[2, 3, 1, 1] = float('nan')
    value = pairwise_max_similarity(visual, audio)
    assert value[2].isnan().all() and value[[0, 1, 3, 4]].isfinite().all()


def test_means_and_maxima_share_one_gradient(monkeypatch) -> None:
    monkeypatch.setattr('fnac_mm.functional.similarity._BLOCK', 48)
    visual, audio = (x.requires_grad_() for x in features())
    weights = torch.rand(5, 2, 3, 2, dtype=torch.float64)
    maxima, means = max_similarity_and_means(visual, audio, weights)
    torch.testing.assert_close(maxima, pairwise_max_similarity(visual, audio))
    expected = (visual[:, None] * weights[:, :, None]).mean(dim=(3, 4))
    torch.testing.assert_close(means, expected)
    assert torch.autograd.gradcheck(
        lambda v, a: max_similarity_and_means(v, a, weights), (visual, audio))


@pytest.mark.parametrize('pictures', [1, 2, 5, 100])
def test_chunks_change_nothing(pictures: int, monkeypatch) -> None:
    """Of 36 numbers and 24 similarities a picture."""
    whole = gradients(*features(), True)
    module = 'fnac_mm.functional.similarity'
    monkeypatch.setattr(f'{module}._BLOCK', 24 * pictures)
    monkeypatch.setattr(f'{module}._FEATURES', 36 * pictures)
    for parts, expected in zip(gradients(*features(), True), whole):
        torch.testing.assert_close(parts, expected, rtol=1e-12, atol=1e-12)
    value = pairwise_max_similarity(*features(), chunk_size=pictures)
    torch.testing.assert_close(value, whole[0], rtol=1e-12, atol=1e-12)


def test_a_tie_sends_the_gradient_to_one_position() -> None:
    """As published (``max``), not shared out (``amax``)."""
    visual = torch.ones(1, 2, 2, 2, requires_grad=True)
    pairwise_max_similarity(visual, torch.ones(1, 2)).sum().backward()
    assert (visual.grad[0, 0] != 0).sum() == 1
    assert visual.grad.sum() == 2


@pytest.mark.parametrize('visual, audio', [((5, 6, 3), (4, 6)),
                                           ((5, 6, 3, 2), (4, 7)),
                                           ((5, 6, 3, 2), (4, 6, 1))])
def test_refuses_shapes(visual: tuple, audio: tuple) -> None:
    with pytest.raises(ValueError, match='expected visual'):
        pairwise_max_similarity(torch.zeros(visual), torch.zeros(audio))


def test_signatures_that_others_call() -> None:
    """Names and defaults of the parameters; more may follow."""
    for name, names, defaults in [
        ('log_spectrogram', 'waveform sample_rate n_fft hop_length eps',
         (512, 238, 1e-7)),
        ('load_waveform', 'path duration start sample_rate', (3.0, None,
                                                              None)),
        ('fnac_losses', 'visual audio temperature foreground_threshold',
         (0.03, 0.6)),
        ('pairwise_max_similarity', 'visual audio chunk_size', (None, )),
        ('localization_map', 'visual audio', ()),
        ('resize_map', 'map size mode align_corners', ('bilinear', True)),
        ('normalize_map', 'map', ()),
        ('fuse_maps', 'audio_visual objectness alpha', (0.4, )),
        ('boxes_to_target', 'boxes size combine consensus', (224, 'union', 2)),
        ('consensus_iou', 'map target', ()),
        ('success_rate', 'cious threshold', (0.5, )),
        ('success_auc', 'cious', ()),
    ]:
        function = getattr(functional, name)
        found = list(inspect.signature(function).parameters.values())
        wanted = names.split()
        assert [p.name for p in found[:len(wanted)]] == wanted, name
        values = tuple(p.default for p in found)
        empty = inspect.Parameter.empty
        assert tuple(v for v in values[:len(wanted)] if v is not empty) == \
            defaults, name
        assert empty not in values[len(wanted):], name
