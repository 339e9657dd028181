"""The FNAC objective.

Shape legend: b rows of this process, B rows of the global batch, C channels,
(h, w) positions. In one process b = B.
"""
from typing import Callable, Dict, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .localization_map import localization_map
from .similarity import max_similarity_and_means

# Elements of b x B matrices in a piece of the L1 terms, and its fewest rows
_CELLS, _ROWS = 2**17, 64
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


def _row_distances(logits: Tensor, audio: Tensor, visual: Tensor,
                   foreground: Tensor, all_audio: Tensor, all_visual: Tensor,
                   all_foreground: Tensor, detach: bool) -> Tensor:
    """Sums of the three L1 terms over some rows (r, B): (3,)."""
    matching = F.softmax(logits, dim=1)
    near_audio = F.softmax(audio @ all_audio.T, dim=1)
    near_visual = F.softmax(visual @ all_visual.T, dim=1)
    near_foreground = F.softmax(foreground @ all_foreground.T, dim=1)
    if detach:
        near_audio, near_visual = near_audio.detach(), near_visual.detach()
    pairs = ((near_audio, matching), (near_audio, near_foreground),
             (near_visual, matching))
    return torch.stack([(x - y).abs().sum() for x, y in pairs])


def _distances(logits: Tensor, features: Sequence[Tensor],
               gather: Callable[[Tensor], Tensor], temperature: float,
               detach: bool) -> Tensor:
    """Means of the three L1 terms: (3,).

    A few rows at a time, computed again in the backward pass: of all that
    is b x B only the logits stay.
    """
    wholes = [gather(x) for x in features]
    rows = max(_CELLS // logits.shape[1], _ROWS)
    parts = zip(*(x.split(rows)
                  for x in (logits, *(x / temperature for x in features))))
    sums = [
        checkpoint(
            _row_distances,
            *part,
            *wholes,
            detach,
            use_reentrant=False,
            preserve_rng_state=False) for part in parts
    ]
    return torch.stack(sums).sum(dim=0) / logits.numel()


def _contrastive(logits: Tensor, gather: Callable[[Tensor], Tensor],
                 row_offset: int) -> Tensor:
    """Cross-entropy of the rows plus that of the columns, from (b, B).

    Of the other processes' rows, the columns need no more than the sums
    over them: 1 x B numbers a process instead of b x B.
    """
    own = logits.diagonal(row_offset)
    sums = gather(logits.logsumexp(dim=0)[None]).logsumexp(dim=0)
    columns = sums[row_offset:row_offset + len(own)]
    return (logits.logsumexp(dim=1) - own).mean() + (columns - own).mean()


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
    maxima, means = max_similarity_and_means(
        visual, gather(audio), torch.stack([mask, torch.ones_like(mask)], 1))
    logits = maxima / temperature
    foreground, pooled = means.unbind(dim=1)

    if normalize:
        foreground, pooled = (
            F.normalize(x, dim=1) for x in (foreground, pooled))
    features = (audio.to(means.dtype), pooled, foreground)
    fns_audio, tne, fns_visual = _distances(logits, features, gather,
                                            temperature, detach_targets)
    return dict(
        contrastive=_contrastive(logits, gather, row_offset),
        fns_audio=fns_audio,
        tne=tne,
        fns_visual=fns_visual)
