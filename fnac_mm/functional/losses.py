"""The FNAC objective.

Shape legend: b rows of this process, B rows of the global batch, C channels,
(h, w) positions. In one process b = B.
"""
from typing import Callable, Dict

import torch
import torch.nn.functional as F
from torch import Tensor

from .localization_map import localization_map
from .pair_terms import pair_terms
from .similarity import max_similarity_and_means

# Pairs whose half-precision features are held in float32 at once
_PAIRS = 256


def _identity(rows: Tensor) -> Tensor:
    return rows


def _own_maps(visual: Tensor, audio: Tensor) -> Tensor:
    """Each pair's own map (b, h, w), in float32 at least."""
    dtype = torch.promote_types(visual.dtype, torch.float32)
    return torch.cat([
        localization_map(v.to(dtype), a.to(dtype))
        for v, a in zip(visual.split(_PAIRS), audio.split(_PAIRS))
    ])


def foreground_mask(visual: Tensor,
                    audio: Tensor,
                    temperature: float = 0.03,
                    threshold: float = 0.6) -> Tensor:
    """Sounding region of each pair: min-max of its own map, thresholded.

    Args:
        visual (Tensor): (b, C, h, w), unit length over C.
        audio (Tensor): (b, C), unit length.
        temperature (float): tau. It only matters through the published
            1e-5 in the denominator.
        threshold (float): Defaults to 0.6.

    Returns:
        Tensor: (b, h, w) of 0 and 1 in the type of ``visual``; no gradient.
    """
    with torch.no_grad():
        own = _own_maps(visual, audio) / temperature
    low = own.amin(dim=(1, 2), keepdim=True)
    high = own.amax(dim=(1, 2), keepdim=True)
    return ((own - low) / (high - low + 1e-5) > threshold).to(visual.dtype)


def fnac_losses(visual: Tensor,
                audio: Tensor,
                temperature: float = 0.03,
                foreground_threshold: float = 0.6,
                *,
                normalize: bool = False,
                detach_targets: bool = False,
                gather: Callable[[Tensor], Tensor] = _identity,
                row_offset: int = 0) -> Dict[str, Tensor]:
    """The four terms of FNAC, CVPR 2023, as published.

    With ``S[n,m,h,w] = <v_n(h,w), a_m> / tau`` and ``M = max_{h,w} S``,

    * ``contrastive``: cross-entropy of the rows of M plus that of its
      columns (multiple-instance NCE of EZ-VSL);
    * ``fns_audio``: ``mean |softmax(A) - softmax(M)|``, A = a a^T / tau;
    * ``tne``: ``mean |softmax(A) - softmax(G)|``, G = F F^T / tau, F the mean
      over all positions of v where the pair's own map is foreground;
    * ``fns_visual``: ``mean |softmax(V) - softmax(M)|``, V = u u^T / tau, u
      the mean over positions of v.

    Softmax is over rows, the mean over all B x B elements, and every matrix
    receives gradient. Each of the last three is at most 2 / B. Beside the
    logits nothing of size b x B is kept for the backward pass.

    Args:
        visual (Tensor): (b, C, h, w), unit length over C. Half-precision
            features are multiplied and summed in float32.
        audio (Tensor): (b, C), unit length.
        temperature (float): tau. Defaults to 0.03.
        foreground_threshold (float): On the min-max map. Defaults to 0.6.
        normalize (bool): Give F and u unit length before their products.
            Published: False.
        detach_targets (bool): Stop the gradient at the adjacency matrices A
            and V, so that they only guide. Published: False.
        gather (Callable): Maps this process's rows (b, ...) to those of all
            processes (B, ...), with gradient. The default is one process.
        row_offset (int): Index of this process's first row in the global
            batch.

    Returns:
        dict[str, Tensor]: Scalars: means over this process's rows. Their
        average over processes is the loss of the global batch, and so is
        that of their gradients.

    Raises:
        ValueError: If the shapes don't fit, or ``temperature`` is not
            positive.
    """
    if temperature <= 0:
        raise ValueError(f'temperature must be positive, got {temperature}')
    if audio.shape != visual.shape[:2]:
        raise ValueError('expected visual (B,C,h,w) and audio (B,C), got '
                         f'{tuple(visual.shape)} and {tuple(audio.shape)}')
    mask = foreground_mask(visual, audio, temperature, foreground_threshold)
    all_audio = gather(audio)
    maxima, means = max_similarity_and_means(
        visual, all_audio, torch.stack([mask, torch.ones_like(mask)], 1))
    if normalize:
        means = F.normalize(means, dim=2)
    all_means = gather(means)
    pairs = pair_terms(
        maxima.div_(temperature), audio.to(means.dtype), means,
        None if all_audio is audio else all_audio.to(means.dtype),
        None if all_means is means else all_means, temperature, detach_targets,
        row_offset)
    # Of the other processes' rows, the columns need no more than the sums
    # over them: 1 x B numbers a process instead of b x B.
    columns = gather(pairs.columns[None]).logsumexp(dim=0)
    columns = columns[row_offset:row_offset + len(audio)]
    fns_audio, tne, fns_visual = pairs.distances / maxima.numel()
    return dict(
        contrastive=((pairs.rows - pairs.own).mean() +
                     (columns - pairs.own).mean()),
        fns_audio=fns_audio,
        tne=tne,
        fns_visual=fns_visual)
