"""Similarities between pictures and sounds.

Shape legend: N pictures, n of them at once, M sounds, C channels, (h, w)
positions, P = h * w, K weightings of the positions.
"""
from typing import Any, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from fnac_mm.utils import no_autocast, piece_elements

# Similarities held at once on the host, over all positions: 4 MiB in float32,
# which its cache holds between the product and the maximum.
_BLOCK = 2**20
# Features handled at once there in the backward pass, which goes through all
# sounds for each chunk of pictures: with few, that alone would take longer.
_FEATURES = 2**19


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
    count, sounds = position.shape
    ordered, order = position.sort(dim=1)
    # Where each position's sounds begin: counting them would make
    # the host wait for the device.
    every = torch.arange(places, device=grad.device).expand(count, -1)
    first = torch.searchsorted(ordered, every.contiguous())
    first += torch.arange(count, device=grad.device)[:, None] * sounds
    return F.embedding_bag(
        order.flatten(),
        audio,
        first.flatten(),
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
    """Maxima and weighted sums, with a backward pass through the maxima only.

    Nothing of size N * M * P outlives a chunk: one byte or four per pair
    remember where its maximum was. The two outputs share one gradient of the
    pictures, because each copy of it is as large as they are.
    """

    @staticmethod
    def forward(ctx: Any, visual: Tensor, audio: Tensor, weights: Tensor,
                chunk_size: int) -> Tuple[Tensor, Tensor]:
        """Maxima (N, M) and sums (N, K, C).

        From visual (N, C, P), audio (M, C) and weights (N, K, P).
        """
        values = weights.new_empty(len(visual), len(audio))
        sums = weights.new_empty(len(visual), weights.shape[1], audio.shape[1])
        positions = torch.empty_like(
            values, dtype=torch.uint8 if visual.shape[2] <= 256 else torch.int)
        sounds = audio.to(weights.dtype).T
        # Allocated once: freed and taken again, chunk by chunk, they would
        # leave holes as large as all of them together.
        buffer = weights.new_empty(
            min(chunk_size, len(visual)), visual.shape[2], visual.shape[1])
        similar = buffer.new_empty(*buffer.shape[:2], len(audio))
        index = positions.new_empty(len(buffer), len(audio), dtype=torch.int64)
        with no_autocast(visual.device):
            for start in range(0, len(visual), chunk_size):
                chunk = slice(start, start + chunk_size)
                count = len(values[chunk])
                rows = buffer[:count].copy_(visual[chunk].transpose(1, 2))
                torch.mm(
                    rows.flatten(0, 1),
                    sounds,
                    out=similar[:count].flatten(0, 1))
                torch.max(
                    similar[:count], dim=1, out=(values[chunk], index[:count]))
                positions[chunk] = index[:count]
                torch.bmm(weights[chunk], rows, out=sums[chunk])
        ctx.save_for_backward(visual, audio, weights, positions)
        return values, sums

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor,
                 grad_sums: Tensor) -> Tuple[Optional[Tensor], ...]:
        """Gradients of visual and audio."""
        visual, audio, weights, positions = ctx.saved_tensors
        places = visual.shape[2]
        need_visual, need_audio = ctx.needs_input_grad[:2]
        grad_visual = torch.empty_like(visual) if need_visual else None
        grad_audio = weights.new_zeros(audio.shape) if need_audio else None
        sounds = audio.to(weights.dtype)
        size = piece_elements(visual.device, _FEATURES)
        size = max(size // max(visual[:1].numel(), 1), 1)
        for start in range(0, len(visual), size):
            chunk = slice(start, start + size)
            part, position = grad[chunk], positions[chunk].long()
            if grad_visual is not None:
                rows = _visual_gradient(part, position, sounds, places)
                rows = rows.view(len(part), places,
                                 -1).baddbmm_(weights[chunk].transpose(1, 2),
                                              grad_sums[chunk])
                grad_visual[chunk] = rows.transpose(1, 2)
            if grad_audio is not None:
                rows = visual[chunk].transpose(1, 2).to(
                    weights.dtype, memory_format=torch.contiguous_format)
                grad_audio += _audio_gradient(part, position,
                                              rows.flatten(0, 1), places)
        if grad_audio is not None:
            grad_audio = grad_audio.to(audio.dtype)
        return grad_visual, grad_audio, None, None


def max_similarity_and_means(
        visual: Tensor,
        audio: Tensor,
        weights: Tensor,
        chunk_size: Optional[int] = None) -> Tuple[Tensor, Tensor]:
    """:func:`pairwise_max_similarity` and weighted means in one pass.

    ``mean[n, k] = sum_{h,w} weights[n, k] v_n(h,w) / P``. Half-precision
    features are multiplied and summed in float32, a chunk at a time; their
    gradients are rounded to their type at the end.

    Args:
        visual (Tensor): (N, C, h, w).
        audio (Tensor): (M, C).
        weights (Tensor): (N, K, h, w), without gradient.
        chunk_size (int, optional): Pictures at once in the forward pass.
            None (default): as many as suit the device.

    Returns:
        tuple[Tensor, Tensor]: (N, M) and (N, K, C), float32 at least,
        differentiable once.

    Raises:
        ValueError: If the shapes don't fit, or ``chunk_size`` is below 1.
    """
    _check_pair(visual, audio)
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    places = visual.shape[2] * visual.shape[3]
    block = piece_elements(visual.device, _BLOCK)
    chunk_size = chunk_size or max(block // max(len(audio) * places, 1), 1)
    dtype = torch.promote_types(visual.dtype, audio.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    return _MaxSimilarity.apply(
        visual.flatten(2), audio,
        weights.detach().flatten(2).to(dtype) / places, chunk_size)


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
        chunk_size (int, optional): See :func:`max_similarity_and_means`.

    Returns:
        Tensor: (N, M), float32 at least, differentiable once.

    Raises:
        ValueError: If the shapes don't fit, or ``chunk_size`` is below 1.
    """
    _check_pair(visual, audio)
    nothing = visual.new_empty(len(visual), 0, *visual.shape[2:])
    return max_similarity_and_means(visual, audio, nothing, chunk_size)[0]
