"""The FNAC objective.

Shape legend: b rows of this process, B rows of the global batch, C channels,
(h, w) positions. In one process b = B.
"""
from typing import Callable, Dict

import torch
import torch.nn.functional as F
from torch import Tensor

from .localization_map import localization_map
from .similarity import pairwise_max_similarity


def _identity(rows: Tensor) -> Tensor:
    return rows


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
    own = localization_map(visual, audio).detach() / temperature
    low = own.amin(dim=(1, 2), keepdim=True)
    high = own.amax(dim=(1, 2), keepdim=True)
    return ((own - low) / (high - low + 1e-5) > threshold).to(visual.dtype)


def _adjacency(rows: Tensor, gather: Callable[[Tensor], Tensor],
               temperature: float, normalize: bool, detach: bool) -> Tensor:
    """Row-wise softmax of <x_n, x_m> / tau: (b, B)."""
    if normalize:
        rows = F.normalize(rows, dim=1)
    adjacency = F.softmax(rows @ gather(rows).T / temperature, dim=1)
    return adjacency.detach() if detach else adjacency


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
    receives gradient. Each of the last three is at most 2 / B.

    Args:
        visual (Tensor): (b, C, h, w), unit length over C.
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
    rows = len(audio)
    logits = pairwise_max_similarity(visual, gather(audio)) / temperature
    columns = gather(logits)[:, row_offset:row_offset + rows].T
    target = torch.arange(rows, device=logits.device) + row_offset

    mask = foreground_mask(visual, audio, temperature, foreground_threshold)
    foreground = (visual * mask[:, None]).mean(dim=(2, 3))
    pooled = visual.mean(dim=(2, 3))

    audio_adjacency = _adjacency(audio, gather, temperature, False,
                                 detach_targets)
    visual_adjacency = _adjacency(pooled, gather, temperature, normalize,
                                  detach_targets)
    foreground_adjacency = _adjacency(foreground, gather, temperature,
                                      normalize, False)
    matching = F.softmax(logits, dim=1)
    return dict(
        contrastive=(F.cross_entropy(logits, target) +
                     F.cross_entropy(columns, target)),
        fns_audio=F.l1_loss(audio_adjacency, matching),
        tne=F.l1_loss(audio_adjacency, foreground_adjacency),
        fns_visual=F.l1_loss(visual_adjacency, matching))
