"""Retrieval between pictures and sounds: recall at k, both ways.

Shape legend: N pairs, C channels, (h, w) positions. Row i is picture i,
column j is sound j; the pairs are on the diagonal.
"""
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .localization_map import check_finite
from .similarity import pairwise_max_similarity

KINDS = ('max', 'pooled')


def retrieval_similarity(visual: Tensor,
                         audio: Tensor,
                         kind: str = 'max') -> Tensor:
    """Similarity of each picture with each sound.

    Args:
        visual (Tensor): (n, C, h, w), unit length over C; all pictures or
            some.
        audio (Tensor): (N, C), unit length.
        kind (str): ``'max'``: largest cosine over positions, by which the
            model localises; ``'pooled'``: cosine of the mean over positions
            (a picture whose features cancel out gets 0).

    Returns:
        Tensor: (n, N).

    Raises:
        ValueError: If the kind is unknown or the shapes don't fit.
    """
    if kind not in KINDS:
        raise ValueError(f'kind must be one of {KINDS}, got {kind!r}')
    if kind == 'max':
        return pairwise_max_similarity(visual, audio)
    pooled = F.normalize(visual.mean(dim=(2, 3), keepdim=True), dim=1)
    return pairwise_max_similarity(pooled, audio)


def partial_ranks(similarity: Tensor, columns: Tensor,
                  own: Tensor) -> Tuple[Tensor, Tensor]:
    """What some pictures, such as those of one process, know of the ranks.

    Args:
        similarity (Tensor): (n, N), n pictures by all N sounds.
        columns (Tensor): (n,), which sound is each picture's own.
        own (Tensor): (N,), similarity of each sound with its own picture.

    Returns:
        tuple[Tensor, Tensor]: (n,) int64 place of each picture's sound, and
        (N,) int64 how many of these pictures come before each sound's own;
        summed over all pictures that is its place.

    Raises:
        ValueError: If a similarity is not finite.
    """
    check_finite(similarity, own, what='a similarity')
    columns = columns.to(similarity.device)
    mine = own[columns][:, None]
    places = torch.arange(len(own), device=similarity.device)
    # Of equal ones the lower index comes first.
    lower_sound = places < columns[:, None]
    lower_picture = columns[:, None] < places
    to_audio = (similarity > mine) | (similarity == mine) & lower_sound
    to_image = (similarity > own) | (similarity == own) & lower_picture
    return to_audio.sum(dim=1), to_image.sum(dim=0)


def recall_at(ranks: Tensor, k: int) -> float:
    """Share of pairs whose partner is among the first k.

    Args:
        ranks (Tensor): (N,), places, see :func:`partial_ranks`.
        k (int): More than N is N.

    Returns:
        float: In [0, 1].

    Raises:
        ValueError: If ``k`` < 1.
    """
    if k < 1:
        raise ValueError(f'k must be at least 1, got {k}')
    return (ranks < k).double().mean().item()
