"""Similarities between pictures and sounds.

Shape legend: N pictures, M sounds, C channels, (h, w) positions.
"""
from typing import Optional

import torch
from torch import Tensor


def _check_pair(visual: Tensor, audio: Tensor) -> None:
    """Raise ValueError unless visual is (N,C,h,w) and audio (M,C)."""
    if visual.dim() != 4 or audio.dim() != 2 \
            or visual.shape[1] != audio.shape[1]:
        raise ValueError('expected visual (N,C,h,w) and audio (M,C) with the '
                         f'same C, got {tuple(visual.shape)} and '
                         f'{tuple(audio.shape)}')


def _max_over_positions(visual: Tensor, audio: Tensor) -> Tensor:
    """Dense (N, M) maximum of <v_n(h,w), a_m>."""
    similarity = torch.einsum('ncp,mc->nmp', visual.flatten(2), audio)
    # max, unlike amax, gives the whole gradient to one position, as published
    return similarity.max(dim=-1).values


def pairwise_max_similarity(visual: Tensor,
                            audio: Tensor,
                            chunk_size: Optional[int] = None) -> Tensor:
    """Largest similarity of each picture with each sound over positions.

    ``M[n, m] = max_{h,w} <v_n(h,w), a_m>``: the bag similarity of EZ-VSL and
    FNAC, without the temperature.

    Args:
        visual (Tensor): (N, C, h, w).
        audio (Tensor): (M, C).
        chunk_size (int, optional): Pictures handled at once; None (default)
            handles all at once.

    Returns:
        Tensor: (N, M), differentiable.

    Raises:
        ValueError: If the shapes don't fit or ``chunk_size`` < 1.
    """
    _check_pair(visual, audio)
    if chunk_size is None:
        return _max_over_positions(visual, audio)
    if chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    return torch.cat([
        _max_over_positions(part, audio) for part in visual.split(chunk_size)
    ])
