"""The FNAC objective.

Shape legend: b rows of this process, B rows of the global batch, r of b rows
at once, C channels, (h, w) positions. In one process b = B.
"""
from typing import Callable, Dict, List, NamedTuple, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from fnac_mm.utils import no_autocast, piece_elements
from .localization_map import localization_map
from .similarity import max_similarity_and_means

# Elements handled at once on the host: of half-precision features that are
# held in float32, and of b x B matrices, whose pieces have at least _ROWS.
_FEATURES, _CELLS, _ROWS = 2**23, 2**16, 32

# Half precision rounds a length by less than this.
_LENGTH_TOLERANCE = 0.01


class PairTerms(NamedTuple):
    """Reductions of the b x B matrices."""
    distances: Tensor  # (3,), sums of |.|: fns_audio, tne, fns_visual
    rows: Tensor  # (b,), log-sum-exp of each row of the logits
    columns: Tensor  # (B,), that of each column, over this process's rows
    own: Tensor  # (b,), logits of the true pairs


def _identity(rows: Tensor) -> Tensor:
    return rows


def _check_unit_length(name: str, features: Tensor) -> None:
    """Refuse features of another length over dimension 1 than 1, or 0.

    On a GPU without waiting for it: there the assertion of the device fails.
    NaN passes: it may be in one process only, and makes a loss by which the
    training stops in all of them and names the clips.
    """
    kind = features.device.type
    if kind not in ('cpu', 'cuda') or torch.compiler.is_compiling():
        return
    dtype = torch.promote_types(features.dtype, torch.float32)
    length = torch.linalg.vector_norm(features.detach(), dim=1, dtype=dtype)
    wrong = ((length - 1).abs() > _LENGTH_TOLERANCE) & (length > 0)
    message = (f'{name} must be of unit length over its channels (use '
               'torch.nn.functional.normalize)')
    if kind == 'cuda':
        torch._assert_async(~wrong.any(), message)
    elif wrong.any():
        raise ValueError(f'{message}, got lengths from '
                         f'{length.min():.3g} to {length.max():.3g}')


def _own_maps(visual: Tensor, audio: Tensor) -> Tensor:
    """Each pair's own map (b, h, w), in float32 at least."""
    dtype = torch.promote_types(visual.dtype, torch.float32)
    size = piece_elements(visual.device, _FEATURES)
    size = max(size // max(visual[:1].numel(), 1), 1)
    return torch.cat([
        localization_map(v.to(dtype), a.to(dtype))
        for v, a in zip(visual.split(size), audio.split(size))
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


def _piece_terms(maxima: Tensor, audio: Tensor, front: Tensor, pooled: Tensor,
                 wholes: List[Tensor], temperature: float,
                 first: int) -> Tuple[Tensor, ...]:
    """:class:`PairTerms` of r rows, the first of them this one of B."""
    logits = maxima / temperature
    matching = logits.softmax(dim=1)
    near_audio, near_front, near_pooled = (
        (own / temperature @ whole.T).softmax(dim=1)
        for own, whole in zip((audio, front, pooled), wholes))
    distances = torch.stack([(near_audio - matching).abs().sum(),
                             (near_audio - near_front).abs().sum(),
                             (near_pooled - matching).abs().sum()])
    return (distances, logits.logsumexp(dim=1), logits.logsumexp(dim=0),
            logits.diagonal(first)[:len(logits)])


def pair_terms(maxima: Tensor,
               audio: Tensor,
               means: Tensor,
               all_audio: Tensor,
               all_means: Tensor,
               temperature: float = 0.03,
               detach: bool = False,
               row_offset: int = 0) -> PairTerms:
    """All that FNAC reduces from its four b x B matrices.

    They are made a few rows at a time, in the backward pass once more: of
    what is b x B, only the maxima and their gradient are ever held whole.

    Args:
        maxima (Tensor): (b, B), largest similarities.
        audio (Tensor): (b, C).
        means (Tensor): (b, 2, C), mean foreground and mean of all positions.
        all_audio (Tensor): (B, C) of all processes.
        all_means (Tensor): (B, 2, C) of all processes.
        temperature (float): tau. Defaults to 0.03.
        detach (bool): No gradient to the audio and the pooled adjacency.
            Defaults to False.
        row_offset (int): Index of the first row in the global batch.

    Returns:
        PairTerms: Differentiable.
    """
    own = [audio, *means.unbind(dim=1)]
    wholes = [all_audio, *all_means.unbind(dim=1)]
    if detach:
        own[0], own[2], wholes[0], wholes[2] = (
            x.detach() for x in (own[0], own[2], wholes[0], wholes[2]))
    size = piece_elements(maxima.device, _CELLS)
    size = max(size // max(maxima.shape[1], 1), _ROWS)
    pieces = zip(*(x.split(size) for x in (maxima, *own)))
    distances, rows, columns, true = zip(*(checkpoint(
        _piece_terms,
        *piece,
        wholes,
        temperature,
        row_offset + i * size,
        use_reentrant=False,
        preserve_rng_state=False) for i, piece in enumerate(pieces)))
    return PairTerms(
        torch.stack(distances).sum(dim=0), torch.cat(rows),
        torch.stack(columns).logsumexp(dim=0), torch.cat(true))


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
    maxima nothing of size b x B is kept for the backward pass. On a GPU
    nothing waits for it.

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
        ValueError: If the shapes don't fit, ``temperature`` is not positive
            or features on the host are not of unit length (a length of 0 is
            accepted, and NaN gives NaN). On a GPU an assertion of the device
            fails instead.
    """
    if temperature <= 0:
        raise ValueError(f'temperature must be positive, got {temperature}')
    if audio.shape != visual.shape[:2]:
        raise ValueError('expected visual (B,C,h,w) and audio (B,C), got '
                         f'{tuple(visual.shape)} and {tuple(audio.shape)}')
    _check_unit_length('visual', visual)
    _check_unit_length('audio', audio)
    mask = foreground_mask(visual, audio, temperature, foreground_threshold)
    all_audio = gather(audio)
    maxima, means = max_similarity_and_means(
        visual, all_audio, torch.stack([mask, torch.ones_like(mask)], 1))
    if normalize:
        means = F.normalize(means, dim=2)
    all_means = gather(means)
    with no_autocast(visual.device):
        pairs = pair_terms(maxima, audio.to(means.dtype), means,
                           all_audio.to(means.dtype), all_means, temperature,
                           detach_targets, row_offset)
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
