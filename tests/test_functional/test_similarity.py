"""Pairwise similarities: chunks, gradient, ties."""
from typing import Optional

import pytest
import torch

from fnac_mm.functional import pairwise_max_similarity


def features(pictures: int = 5, sounds: int = 4) -> tuple:
    torch.manual_seed(0)
    return (torch.randn(pictures, 6, 3, 2, dtype=torch.float64),
            torch.randn(sounds, 6, dtype=torch.float64))


def test_by_hand() -> None:
    visual, audio = features()
    ours = pairwise_max_similarity(visual, audio)
    assert ours.shape == (5, 4)
    for n, picture in enumerate(visual):
        for m, sound in enumerate(audio):
            best = max(
                float(picture[:, row, column] @ sound) for row in range(3)
                for column in range(2))
            assert ours[n, m].item() == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize('chunk_size', [1, 2, 5, 100])
def test_chunks_change_nothing(chunk_size: int) -> None:
    grads = []
    for chunk in (None, chunk_size):
        visual, audio = (x.requires_grad_() for x in features())
        value = pairwise_max_similarity(visual, audio, chunk)
        (value * torch.arange(20.).view(5, 4)).sum().backward()
        grads.append((value.detach(), visual.grad, audio.grad))
    for whole, parts in zip(*grads):
        torch.testing.assert_close(parts, whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('chunk_size', [None, 2])
def test_gradcheck(chunk_size: Optional[int]) -> None:
    visual, audio = (x.requires_grad_() for x in features())
    assert torch.autograd.gradcheck(
        lambda v, a: pairwise_max_similarity(v, a, chunk_size),
        (visual, audio))


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


def test_refuses_chunk_size() -> None:
    with pytest.raises(ValueError, match='chunk_size.*0'):
        pairwise_max_similarity(*features(), chunk_size=0)
