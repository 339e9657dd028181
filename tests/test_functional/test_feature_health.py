"""Health of features: closed forms, and NumPy's answers."""
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fnac_mm.functional import effective_rank, flat_row_share, uniformity


def draw(rows: int, channels: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, channels, generator=generator)


@pytest.mark.parametrize('rows, channels', [(5, 9), (9, 5), (1, 4)])
def test_rank_is_that_of_numpys_singular_values(rows, channels) -> None:
    features = draw(rows, channels)
    singular = np.linalg.svd(features.double().numpy(), compute_uv=False)
    shares = singular / singular.sum()
    expected = math.exp(-(shares * np.log(shares)).sum())
    assert effective_rank(features).item() == pytest.approx(expected, rel=1e-6)


def test_rank_in_closed_form() -> None:
    assert effective_rank(torch.eye(6)[:4]).item() == pytest.approx(4)
    same = F.normalize(draw(1, 7), dim=1).expand(5, 7)
    assert effective_rank(same).item() == pytest.approx(1, abs=1e-5)
    # Two directions, three rows each.
    pair = torch.eye(4)[[0, 0, 0, 1, 1, 1]]
    assert effective_rank(pair).item() == pytest.approx(2)
    assert effective_rank(torch.zeros(3, 4)).isnan()


def test_rank_knows_neither_scale_nor_rotation() -> None:
    features = draw(8, 6)
    rotation = torch.linalg.qr(draw(6, 6, 1).double())[0]
    expected = effective_rank(features).item()
    for other in (7 * features, features.double() @ rotation,
                  features.flip(0)):
        assert effective_rank(other).item() == pytest.approx(expected)


def test_uniformity_in_closed_form() -> None:
    x = torch.tensor([[0.6, 0.8]])
    assert uniformity(torch.cat([x, -x])).item() == pytest.approx(-8)
    assert uniformity(x.expand(4, 2)).item() == pytest.approx(0, abs=1e-6)
    assert uniformity(torch.eye(5)).item() == pytest.approx(-4)
    assert uniformity(torch.eye(5), t=3).item() == pytest.approx(-6)


def test_uniformity_is_the_papers_code() -> None:
    """Wang and Isola: torch.pdist(x).pow(2).mul(-t).exp().mean().log()."""
    x = F.normalize(draw(12, 5).double(), dim=1)
    expected = torch.pdist(x, p=2).pow(2).mul(-2).exp().mean().log()
    torch.testing.assert_close(uniformity(x), expected)


@pytest.mark.parametrize('temperature', [0.05, 0.5, 5.])
def test_flat_rows_against_numpy(temperature: float) -> None:
    x = F.normalize(draw(20, 4), dim=1)
    logits = (x @ x.T).double().numpy() / temperature
    targets = np.exp(logits - logits.max(axis=1, keepdims=True))
    targets /= targets.sum(axis=1, keepdims=True)
    entropy = -(targets * np.log(targets)).sum(axis=1)
    expected = (entropy > 0.9 * math.log(20)).mean()
    found = flat_row_share(x, x, temperature, level=0.9)
    assert found.item() == pytest.approx(expected)


def test_no_gradient_and_half_precision() -> None:
    x = draw(6, 4).requires_grad_()
    for value in (effective_rank(x), uniformity(x), flat_row_share(x, x)):
        assert not value.requires_grad and value.dtype == torch.float64
    assert effective_rank(x.bfloat16()).isfinite()


@pytest.mark.parametrize('call, message', [
    (lambda: effective_rank(torch.ones(3)), r'features must be \(B, C\)'),
    (lambda: uniformity(torch.ones(1, 3)), 'B >= 2'),
    (lambda: flat_row_share(torch.ones(2, 3), torch.ones(2, 3), 0),
     'temperature'),
])
def test_what_has_no_figure(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
