"""Gathering rows across processes, with gradient."""
import torch
import torch.distributed as dist
from mmengine.dist import get_rank, get_world_size
from torch import Tensor
from torch.distributed.nn.functional import all_gather


def gather_rows(rows: Tensor) -> Tensor:
    """Concatenate the rows of all processes, in the order of their ranks.

    Gradients flow back to the process that each row came from.

    Args:
        rows (Tensor): (b, ...), the same shape in every process.

    Returns:
        Tensor: (B, ...), B = b times the number of processes.
    """
    if get_world_size() == 1:
        return rows
    return torch.cat(all_gather(rows.contiguous()))


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
    world = get_world_size()
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
    return get_rank() * count


def mean_over_processes(value: Tensor) -> Tensor:
    """Value of the mean over processes, with the gradient of ``value``.

    Args:
        value (Tensor): One or more losses of this process.

    Returns:
        Tensor: Same shape; what is logged is then the loss of the global
        batch.
    """
    world = get_world_size()
    if world == 1:
        return value
    mean = value.detach().clone()
    dist.all_reduce(mean)
    return value + (mean / world - value.detach())
