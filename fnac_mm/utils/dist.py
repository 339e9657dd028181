"""Gathering rows across processes, with gradient."""
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def world_size() -> int:
    """Number of processes that work together; 1 without a process group."""
    return dist.get_world_size() \
        if dist.is_available() and dist.is_initialized() else 1


class _GatherRows(torch.autograd.Function):
    """All-gather whose backward sums the gradients of all processes.

    torch.distributed.nn.functional.all_gather returns wrong gradients on
    gloo (torch 2.11) where those it receives are not contiguous, as after
    torch.einsum.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        """(b, ...) of this process to (B, ...) of all."""
        ctx.size = len(rows)
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(world_size())]
        dist.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """This process's rows of the sum over processes."""
        grad = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(grad)
        start = dist.get_rank() * ctx.size
        return grad[start:start + ctx.size]


def gather_rows(rows: Tensor) -> Tensor:
    """Concatenate the rows of all processes, in the order of their ranks.

    Gradients flow back to the process that each row came from.

    Args:
        rows (Tensor): (b, ...), the same shape in every process.

    Returns:
        Tensor: (B, ...), B = b times the number of processes.
    """
    if world_size() == 1:
        return rows
    return _GatherRows.apply(rows)


def first_row(count: int) -> int:
    """Index of this process's first row in the global batch.

    Args:
        count (int): Rows of this process.

    Returns:
        int: Offset of the first row.

    Raises:
        ValueError: If the processes hold different numbers of rows, for
            which the loss of the global batch would be wrong.
    """
    world = world_size()
    if world == 1:
        return 0
    device = 'cuda' if dist.get_backend() == 'nccl' else 'cpu'
    mine = torch.tensor([count], device=device)
    counts = [torch.zeros_like(mine) for _ in range(world)]
    dist.all_gather(counts, mine)
    sizes = [int(item) for item in counts]
    if len(set(sizes)) > 1:
        raise ValueError(
            'the processes hold batches of different sizes '
            f'({sizes}); set drop_last=True in the train_dataloader')
    return dist.get_rank() * count


def mean_over_processes(value: Tensor) -> Tensor:
    """Value of the mean over processes, with the gradient of ``value``.

    Args:
        value (Tensor): One or more losses of this process.

    Returns:
        Tensor: Same shape; what is logged is then the loss of the global
        batch.
    """
    world = world_size()
    if world == 1:
        return value
    mean = value.detach().clone()
    dist.all_reduce(mean)
    return value + (mean / world - value.detach())
