"""Retrieval: the definition by sorting, ties, one pair."""
from typing import Tuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from fnac_mm.functional import (localization_map, pairwise_max_similarity,
                                partial_ranks, recall_at, retrieval_similarity)

QUICK = settings(max_examples=60, deadline=None, database=None)
# Square matrices, most with ties.
MATRIX = st.integers(1, 12).flatmap(lambda n: st.lists(
    st.integers(0, 3).map(float) | st.floats(-1, 1),
    min_size=n * n,
    max_size=n * n)).map(lambda v: np.reshape(v, (int(len(v)**0.5), -1)))


def ranks(similarity: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """Of all pairs at once."""
    return partial_ranks(similarity, torch.arange(len(similarity)),
                         similarity.diagonal())


@given(MATRIX, st.integers(1, 15))
@QUICK
def test_equals_the_definition(matrix: np.ndarray, k: int) -> None:
    """Sort each row, stably, and look for the partner among the first k."""
    found = ranks(torch.from_numpy(matrix))
    for places, rows in zip(found, (matrix, matrix.T)):
        first = np.argsort(-rows, axis=1, kind='stable')[:, :k]
        hits = [i in first[i] for i in range(len(rows))]
        assert recall_at(places, k) == pytest.approx(np.mean(hits))


def test_features_that_are_all_equal_get_chance() -> None:
    for k in (1, 5, 10):
        for places in ranks(torch.ones(20, 20)):
            assert recall_at(places, k) == pytest.approx(k / 20)


def test_the_ways_differ() -> None:
    """Sound 0 is nearest to all pictures; picture 1 to no sound."""
    to_audio, to_image = ranks(torch.tensor([[.9, .8], [.5, .4]]))
    assert (to_audio.tolist(), to_image.tolist()) == ([0, 1], [0, 1])
    to_audio, to_image = ranks(torch.tensor([[.9, .1], [.5, .4]]))
    assert (to_audio.tolist(), to_image.tolist()) == ([0, 1], [0, 0])


def test_similarities() -> None:
    visual = F.normalize(torch.randn(7, 5, 3, 4), dim=1)
    audio = F.normalize(torch.randn(7, 5), dim=1)
    largest = retrieval_similarity(visual, audio)
    torch.testing.assert_close(largest, pairwise_max_similarity(visual, audio))
    torch.testing.assert_close(
        largest.diagonal(),
        localization_map(visual, audio).amax(dim=(1, 2)))
    pooled = retrieval_similarity(visual, audio, 'pooled')
    expected = F.cosine_similarity(
        visual.mean(dim=(2, 3))[:, None], audio[None], dim=2)
    torch.testing.assert_close(pooled, expected)


def test_refusals() -> None:
    visual = torch.rand(3, 4, 2, 2)
    with pytest.raises(ValueError, match="'mean'"):
        retrieval_similarity(visual, torch.rand(3, 4), 'mean')
    with pytest.raises(ValueError, match='k must'):
        recall_at(torch.zeros(2), 0)
    with pytest.raises(ValueError, match='similarity holds NaN'):
        ranks(torch.full((2, 2), torch.nan))
