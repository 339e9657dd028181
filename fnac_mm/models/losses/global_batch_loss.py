"""Losses that contrast over the batch of all processes."""
from typing import Callable, Dict

import torch
from torch import Tensor, nn

from fnac_mm.utils import (first_row, gather_rows, mean_over_processes,
                           no_autocast)

Gather = Callable[[Tensor], Tensor]


def _own_rows(rows: Tensor) -> Tensor:
    return rows


class GlobalBatchLoss(nn.Module):
    """Base of losses whose rows are compared with those of all processes.

    A subclass says what its terms are; this class makes loss and gradient
    independent of the number of processes. Autocast is off.

    Args:
        gather (bool): False contrasts in each process by itself. Defaults to
            True.

    Examples:
        >>> class InfoNCE(GlobalBatchLoss):
        ...     def terms(self, visual, audio, gather, row_offset):
        ...         logits = visual.mean(dim=(2, 3)) @ gather(audio).T
        ...         target = torch.arange(len(audio)) + row_offset
        ...         return dict(nce=F.cross_entropy(logits, target))
    """

    def __init__(self, gather: bool = True) -> None:
        super().__init__()
        self.gather = gather

    def terms(self, visual: Tensor, audio: Tensor, gather: Gather,
              row_offset: int) -> Dict[str, Tensor]:
        """Weighted terms of this process's rows; to be overridden.

        Args:
            visual (Tensor): (b, C, h, w), unit length over C.
            audio (Tensor): (b, C), unit length.
            gather (Callable): Maps (b, ...) to the rows (B, ...) of all
                processes, with gradient.
            row_offset (int): Index of the first of the b rows among the B.

        Returns:
            dict[str, Tensor]: Scalars, means over the b rows.
        """
        raise NotImplementedError

    def forward(self, visual: Tensor, audio: Tensor) -> Dict[str, Tensor]:
        """Weighted terms.

        Args:
            visual (Tensor): (b, C, h, w), unit length over C.
            audio (Tensor): (b, C), unit length.

        Returns:
            dict[str, Tensor]: ``loss_<name>`` of each term. The values are
            the means over processes, the gradients those of this process's
            rows, as DistributedDataParallel expects.

        Raises:
            ValueError: If the shapes don't fit, or processes that contrast
                over their common batch hold different numbers of rows.
        """
        with no_autocast(visual.device):
            if self.gather:
                offset = first_row(len(audio))
                terms = self.terms(visual, audio, gather_rows, offset)
            else:
                terms = self.terms(visual, audio, _own_rows, 0)
            values = mean_over_processes(torch.stack(list(terms.values())))
        return {f'loss_{name}': v for name, v in zip(terms, values)}
