"""What FNAC sums over all pairs, without keeping anything of their size.

Shape legend: b rows of this process, B rows of the global batch, C channels,
r rows at once.
"""
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor

# Elements of b x B matrices handled at once, and the fewest rows of them
_CELLS, _ROWS = 2**16, 32


class _Near(NamedTuple):
    """Rows of an adjacency matrix after the softmax, and what they are of."""
    probability: Tensor  # (r, B)
    own: Tensor  # (r, C), over tau
    whole: Tensor  # (B, C)


class PairTerms(NamedTuple):
    """Reductions of the b x B matrices."""
    distances: Tensor  # (3,), sums of |.|: fns_audio, tne, fns_visual
    rows: Tensor  # (b,), log-sum-exp of each row of the logits
    columns: Tensor  # (B,), that of each column, over this process's rows
    own: Tensor  # (b,), logits of the true pairs


def _pieces(logits: Tensor) -> Iterator[slice]:
    size = max(_CELLS // max(logits.shape[1], 1), _ROWS)
    return (slice(i, i + size) for i in range(0, len(logits), size))


def _adjacency(piece: slice, audio: Tensor, means: Tensor, all_audio: Tensor,
               all_means: Tensor, temperature: float) -> List[_Near]:
    """Audio, foreground and pooled adjacency of some rows."""
    pairs = ((audio, all_audio), (means[:, 0], all_means[:, 0]),
             (means[:, 1], all_means[:, 1]))
    near = []
    for own, whole in pairs:
        rows = own[piece] / temperature
        near.append(_Near((rows @ whole.T).softmax(dim=1), rows, whole))
    return near


def _through_softmax(grad: Tensor,
                     probability: Tensor,
                     added: Any = 0) -> Tensor:
    """Gradient before the softmax; ``added`` is that of the log-sum-exp."""
    inner = (grad * probability).sum(dim=1, keepdim=True)
    return grad.sub_(inner - added).mul_(probability)


class _PairTerms(torch.autograd.Function):
    """:func:`pair_terms`, a few rows at a time and again in the backward pass.

    By hand, since autograd would hold several b x B gradients at once.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, audio: Tensor, means: Tensor,
                all_audio: Optional[Tensor], all_means: Optional[Tensor],
                options: Tuple[float, bool, int]) -> Tuple[Tensor, ...]:
        """Sums (3,), rows (b,), columns (B,) and true pairs (b,)."""
        temperature, _, offset = options
        ctx.options = options
        wholes = (audio if all_audio is None else all_audio,
                  means if all_means is None else all_means)
        sums, rows = [], []
        columns = logits.new_full((logits.shape[1], ), -torch.inf)
        with torch.autocast(logits.device.type, enabled=False):
            for piece in _pieces(logits):
                part = logits[piece]
                matching = part.softmax(dim=1)
                sound, front, pooled = (
                    near.probability for near in _adjacency(
                        piece, audio, means, *wholes, temperature))
                sums.append(
                    torch.stack([(sound - matching).abs_().sum(),
                                 (sound - front).abs_().sum(),
                                 (pooled - matching).abs_().sum()]))
                rows.append(part.logsumexp(dim=1))
                columns = columns.logaddexp(part.logsumexp(dim=0))
        ctx.save_for_backward(logits, audio, means, all_audio, all_means,
                              columns)
        return (torch.stack(sums).sum(dim=0), torch.cat(rows), columns,
                logits.diagonal(offset)[:len(logits)].clone())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_sums: Tensor, grad_rows: Tensor,
                 grad_columns: Tensor,
                 grad_own: Tensor) -> Tuple[Optional[Tensor], ...]:
        """Gradients of the logits and of the features."""
        logits, audio, means, all_audio, all_means, columns = ctx.saved_tensors
        temperature, detach, offset = ctx.options
        grad_logits = torch.empty_like(logits)
        grads = [torch.zeros_like(audio), torch.zeros_like(means)]
        # In one process rows and columns are of the same tensors.
        grad_wholes = [
            own if whole is None else torch.zeros_like(whole)
            for own, whole in zip(grads, (all_audio, all_means))
        ]
        wholes = (audio if all_audio is None else all_audio,
                  means if all_means is None else all_means)
        targets = [(a, f, v) for a, (f, v) in ((grads[0], grads[1].unbind(1)),
                                               (grad_wholes[0],
                                                grad_wholes[1].unbind(1)))]
        with torch.autocast(logits.device.type, enabled=False):
            for piece in _pieces(logits):
                part = logits[piece]
                matching = part.softmax(dim=1)
                near = _adjacency(piece, audio, means, *wholes, temperature)
                sound, front, pooled = (n.probability for n in near)
                first, second, third = (
                    (x - y).sign_().mul_(g)
                    for x, y, g in zip((sound, sound,
                                        pooled), (matching, front,
                                                  matching), grad_sums))
                grad = _through_softmax((first + third).neg_(), matching,
                                        grad_rows[piece, None])
                grad.addcmul_((part - columns).exp_(), grad_columns)
                grad_logits[piece] = grad
                outer = (first + second, second.neg(), third)
                for i, (item, slope) in enumerate(zip(near, outer)):
                    if detach and i != 1:
                        continue
                    slope = _through_softmax(slope, item.probability)
                    targets[0][i][piece].addmm_(
                        slope, item.whole, alpha=1 / temperature)
                    targets[1][i].addmm_(slope.T, item.own)
        grad_logits.diagonal(offset)[:len(logits)].add_(grad_own)
        return (grad_logits, *grads,
                None if all_audio is None else grad_wholes[0],
                None if all_means is None else grad_wholes[1], None)


def pair_terms(logits: Tensor,
               audio: Tensor,
               means: Tensor,
               all_audio: Optional[Tensor] = None,
               all_means: Optional[Tensor] = None,
               temperature: float = 0.03,
               detach: bool = False,
               row_offset: int = 0) -> PairTerms:
    """All that FNAC reduces from its four b x B matrices.

    They are made a few rows at a time, in the backward pass once more: of
    what is b x B, only the logits and their gradient are ever held whole.

    Args:
        logits (Tensor): (b, B), largest similarities over tau.
        audio (Tensor): (b, C).
        means (Tensor): (b, 2, C), mean foreground and mean of all positions.
        all_audio (Tensor, optional): (B, C) of all processes. None (default)
            is one process.
        all_means (Tensor, optional): (B, 2, C), as ``all_audio``.
        temperature (float): tau. Defaults to 0.03.
        detach (bool): No gradient to the audio and the pooled adjacency.
            Defaults to False.
        row_offset (int): Index of the first row in the global batch.

    Returns:
        PairTerms: Differentiable once.
    """
    return PairTerms(
        *_PairTerms.apply(logits, audio, means, all_audio, all_means, (
            temperature, detach, row_offset)))
