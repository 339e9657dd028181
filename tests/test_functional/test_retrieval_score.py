"""Retrieval: the definition by sorting, ties, one pair."""
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from fnac_mm.functional import (localization_map, pairwise_max_similarity,
                                recall_at, retrieval_ranks,
                                retrieval_similarity, summarize_retrieval)

QUICK = settings(max_examples=60, deadline=None, database=None)
# Square matrices, most with ties.
MATRIX = st.integers(1, 12).flatmap(lambda n: st.lists(
    st.integers(0, 3).map(float) | st.floats(-1, 1),
    min_size=n * n,
    max_size=n * n)).map(lambda v: np.reshape(v, (int(len(v)**0.5), -1)))


@given(MATRIX, st.integers(1, 15))
@QUICK
def test_equals_the_definition(matrix: np.ndarray, k: int) -> None:
    """Sort each row, stably, and look for the partner among the first k."""
    found = summarize_retrieval(torch.from_numpy(matrix), [k])
    for name, rows in dict(
            image_to_audio=matrix, audio_to_image=matrix.T).items():
        first = np.argsort(-rows, axis=1, kind='stable')[:, :k]
        hits = [i in first[i] for i in range(len(rows))]
        assert found[f'{name}/recall@{k}'] == pytest.approx(100 *
                                                            np.mean(hits))
    assert found[f'chance/recall@{k}'] == pytest.approx(
        100 * min(k, len(matrix)) / len(matrix))


def test_features_that_are_all_equal_get_chance() -> None:
    found = summarize_retrieval(torch.ones(20, 20))
    for k in (1, 5, 10):
        for way in ('image_to_audio', 'audio_to_image', 'chance'):
            assert found[f'{way}/recall@{k}'] == pytest.approx(5 * k)


def test_one_pair_and_large_k() -> None:
    found = summarize_retrieval(torch.tensor([[-0.3]]))
    assert set(found.values()) == {100}
    assert recall_at(torch.tensor([0, 1, 2]), 7) == 1


def test_the_ways_differ() -> None:
    """Sound 0 is nearest to all pictures; picture 1 to no sound."""
    to_audio, to_image = retrieval_ranks(torch.tensor([[.9, .8], [.5, .4]]))
    assert (to_audio.tolist(), to_image.tolist()) == ([0, 1], [0, 1])
    to_audio, to_image = retrieval_ranks(torch.tensor([[.9, .1], [.5, .4]]))
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


@pytest.mark.parametrize('matrix, message', [(torch.rand(3, 4), r'\(3, 4\)'),
                                             (torch.rand(0, 0), r'\(0, 0\)'),
                                             (torch.rand(4), r'\(4,\)'),
                                             (torch.full(
                                                 (2, 2), torch.nan), 'NaN')])
def test_bad_matrices(matrix: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        retrieval_ranks(matrix)


def test_refusals() -> None:
    visual = torch.rand(3, 4, 2, 2)
    with pytest.raises(ValueError, match="'mean'"):
        retrieval_similarity(visual, torch.rand(3, 4), 'mean')
    with pytest.raises(ValueError, match='k must'):
        summarize_retrieval(torch.rand(2, 2), [0])
