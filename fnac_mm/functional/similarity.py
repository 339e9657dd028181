"""Similarities between pictures and sounds.

Shape legend: N pictures, n of them at once, M sounds, C channels, (h, w)
positions, P = h * w.
"""
from typing import Any, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Similarities held at once, over all positions: 8 MiB in float32, which a
# processor's cache holds between the product and the maximum.
_BLOCK = 2**21


def _check_pair(visual: Tensor, audio: Tensor) -> None:
    """Raise ValueError unless visual is (N,C,h,w) and audio (M,C)."""
    if visual.dim() != 4 or audio.dim() != 2 \
            or visual.shape[1] != audio.shape[1]:
        raise ValueError('expected visual (N,C,h,w) and audio (M,C) with the '
                         f'same C, got {tuple(visual.shape)} and '
                         f'{tuple(audio.shape)}')


def _visual_gradient(grad: Tensor, position: Tensor, audio: Tensor,
                     places: int) -> Tensor:
    """Gradient of n pictures: (n * P, C).

    Each row sums the sounds whose maximum is at its position.
    """
    count = len(grad)
    order = position.argsort(dim=1, stable=True)
    row = position + torch.arange(count, device=grad.device)[:, None] * places
    members = torch.bincount(row.flatten(), minlength=count * places)
    offsets = members.cumsum(0) - members
    return F.embedding_bag(
        order.flatten(),
        audio,
        offsets,
        mode='sum',
        per_sample_weights=grad.gather(1, order).flatten())


def _audio_gradient(grad: Tensor, position: Tensor, rows: Tensor,
                    places: int) -> Tensor:
    """Gradient of the sounds from n pictures: (M, C).

    Each sums the picture features, ``rows`` (n * P, C), at its maxima.
    """
    start = torch.arange(len(grad), device=grad.device) * places
    index = (position + start[:, None]).T.contiguous()
    return F.embedding_bag(
        index, rows, mode='sum', per_sample_weights=grad.T.contiguous())


class _MaxSimilarity(torch.autograd.Function):
    """Maximum over positions, and a backward pass through the maxima only.

    Nothing of size N * M * P outlives a chunk: one byte or two per pair
    remembers where its maximum was.
    """

    @staticmethod
    def forward(ctx: Any, visual: Tensor, audio: Tensor,
                chunk_size: int) -> Tensor:
        """Values (N, M) of visual (N, C, P) and audio (M, C)."""
        values, positions = [], []
        channels, places = visual.shape[1:]
        small = torch.uint8 if places <= 256 else torch.int32
        sounds = audio.T.contiguous()
        with torch.autocast(visual.device.type, enabled=False):
            for part in visual.split(chunk_size):
                rows = part.transpose(1, 2).reshape(-1, channels) @ sounds
                value, position = rows.view(len(part), places, -1).max(dim=1)
                values.append(value)
                positions.append(position.to(small))
        ctx.save_for_backward(visual, audio, torch.cat(positions))
        ctx.chunk_size = chunk_size
        return torch.cat(values)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tuple[Optional[Tensor], ...]:
        """Gradients of visual and audio."""
        visual, audio, positions = ctx.saved_tensors
        channels, places = visual.shape[1:]
        need_visual, need_audio = ctx.needs_input_grad[:2]
        grad_visual = torch.empty_like(visual) if need_visual else None
        grad_audio = torch.zeros_like(audio) if need_audio else None
        for start in range(0, len(visual), ctx.chunk_size):
            chunk = slice(start, start + ctx.chunk_size)
            part, position = grad[chunk], positions[chunk].long()
            if grad_visual is not None:
                rows = _visual_gradient(part, position, audio, places)
                grad_visual[chunk] = rows.reshape(-1, places,
                                                  channels).transpose(1, 2)
            if grad_audio is not None:
                rows = visual[chunk].transpose(1, 2).reshape(-1, channels)
                grad_audio += _audio_gradient(part, position, rows, places)
        return grad_visual, grad_audio, None


def pairwise_max_similarity(visual: Tensor,
                            audio: Tensor,
                            chunk_size: Optional[int] = None) -> Tensor:
    """Largest similarity of each picture with each sound over positions.

    ``M[n, m] = max_{h,w} <v_n(h,w), a_m>``: the bag similarity of EZ-VSL and
    FNAC, without the temperature. Of positions that tie, one receives the
    gradient, as published. Memory grows with N * M, not with N * M * h * w.

    Args:
        visual (Tensor): (N, C, h, w).
        audio (Tensor): (M, C).
        chunk_size (int, optional): Pictures handled at once. None (default)
            handles as many as give 2 million similarities.

    Returns:
        Tensor: (N, M), differentiable once.

    Raises:
        ValueError: If the shapes don't fit or ``chunk_size`` < 1.
    """
    _check_pair(visual, audio)
    if chunk_size is None:
        each = max(len(audio) * visual.shape[2] * visual.shape[3], 1)
        chunk_size = max(_BLOCK // each, 1)
    if chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    dtype = torch.promote_types(visual.dtype, audio.dtype)
    return _MaxSimilarity.apply(
        visual.flatten(2).to(dtype), audio.to(dtype), chunk_size)
