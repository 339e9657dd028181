"""Reductions over all pairs, against autograd on whole matrices."""
from typing import Dict, List, Tuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.functional.pair_terms import pair_terms

TAU = 0.3


def dense(logits: Tensor, audio: Tensor, means: Tensor, all_audio: Tensor,
          all_means: Tensor, detach: bool) -> Tuple[Tensor, ...]:
    """The definition, every matrix whole."""
    matching = F.softmax(logits, dim=1)
    sound = F.softmax(audio @ all_audio.T / TAU, dim=1)
    front, pooled = (
        F.softmax(means[:, k] @ all_means[:, k].T / TAU, dim=1)
        for k in range(2))
    if detach:
        sound, pooled = sound.detach(), pooled.detach()
    distances = torch.stack([(sound - matching).abs().sum(),
                             (sound - front).abs().sum(),
                             (pooled - matching).abs().sum()])
    own = logits[torch.arange(3), torch.arange(3) + 2]
    return distances, logits.logsumexp(1), logits.logsumexp(0), own


def inputs() -> Dict[str, Tensor]:
    """Three rows of six, from the third on."""
    torch.manual_seed(0)
    shapes = dict(
        logits=(3, 6),
        audio=(3, 4),
        means=(3, 2, 4),
        all_audio=(6, 4),
        all_means=(6, 2, 4))
    return {
        name: torch.randn(shape, dtype=torch.float64).requires_grad_()
        for name, shape in shapes.items()
    }


def gradients(values: Tuple[Tensor, ...],
              tensors: Dict[str, Tensor]) -> List[Tensor]:
    """Of a sum in which each output counts otherwise."""
    weights = [
        torch.arange(1.,
                     len(v) + 1).add(k) for k, v in enumerate(values)
    ]
    total = sum((w * v).sum() for w, v in zip(weights, values))
    return list(
        torch.autograd.grad(
            total, list(tensors.values()), materialize_grads=True))


@pytest.mark.parametrize('detach', [False, True])
@pytest.mark.parametrize('rows', [2, 8])
def test_equals_whole_matrices(detach: bool, rows: int, monkeypatch) -> None:
    """Values and gradients, in one piece and in two."""
    monkeypatch.setattr('fnac_mm.functional.pair_terms._CELLS', 1)
    monkeypatch.setattr('fnac_mm.functional.pair_terms._ROWS', rows)
    tensors = inputs()
    expected = dense(**tensors, detach=detach)
    actual = pair_terms(
        **tensors, temperature=TAU, detach=detach, row_offset=2)
    for ours, theirs in zip(actual, expected):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(
            gradients(actual, tensors), gradients(expected, tensors)):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_one_process_needs_no_wholes() -> None:
    """Rows and columns are the same features: their gradients add up."""
    tensors = inputs()
    three = dict(
        logits=tensors['logits'][:, 2:5],
        audio=tensors['audio'],
        means=tensors['means'])
    own = pair_terms(**three, temperature=TAU)
    given = pair_terms(
        **three,
        all_audio=tensors['audio'],
        all_means=tensors['means'],
        temperature=TAU)
    leaves = {k: tensors[k] for k in three}
    for ours, theirs in zip(gradients(own, leaves), gradients(given, leaves)):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
