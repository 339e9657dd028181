"""Rows and losses across processes."""
from typing import Tuple

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from fnac_mm.utils import first_row, gather_rows, mean_over_processes
from tests.ddp_helpers import run_distributed

ROWS, WIDTH = 2, 5


def _data(world: int) -> Tuple[Tensor, Tensor]:
    """Rows of the global batch and a matrix that couples all of them."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(
        ROWS * world, WIDTH, generator=generator, dtype=torch.float64)
    y = torch.randn(
        ROWS * world, ROWS * world, generator=generator, dtype=torch.float64)
    return x, y


def _loss(mine: Tensor, everyone: Tensor, weights: Tensor) -> Tensor:
    """Mean over rows of a function of all pairs of rows.

    The first product is what einsum makes of it: the gradient of
    ``everyone`` is not contiguous.
    """
    pairs = torch.einsum('nc,mc->nm', mine, everyone).tanh()
    others = (mine @ everyone.T).sigmoid()
    return ((pairs + others) * weights).sum(dim=1).mean()


def _rank_loss() -> tuple:
    world, rank = dist.get_world_size(), dist.get_rank()
    x, weights = _data(world)
    mine = slice(rank * ROWS, (rank + 1) * ROWS)
    local = x[mine].clone().requires_grad_()
    assert first_row(ROWS) == rank * ROWS
    everyone = gather_rows(local)
    assert torch.equal(everyone, x)
    value = mean_over_processes(_loss(local, everyone, weights[mine]))
    value.backward()
    # What DistributedDataParallel does to the gradients of parameters
    return value.item(), (local.grad / world).numpy()


def _rank_strided() -> np.ndarray:
    """Gradient of gathered rows that arrives transposed."""
    rank, world = dist.get_rank(), dist.get_world_size()
    local = torch.zeros(ROWS, WIDTH, requires_grad=True)
    strided = torch.arange(ROWS * world * WIDTH, dtype=torch.float32)
    strided = strided.reshape(WIDTH, ROWS * world).T * (rank + 1)
    gather_rows(local).backward(strided)
    return local.grad.numpy()


def _rank_uneven() -> tuple:
    message = 'accepted'
    try:
        first_row(3 + dist.get_rank())
    except ValueError as error:
        message = str(error)
    # The group is still usable: nobody was left waiting.
    total = torch.ones(1)
    dist.all_reduce(total)
    return message, total.item()


def _rank_all() -> tuple:
    return _rank_loss(), _rank_strided(), _rank_uneven()


@pytest.fixture(scope='module')
def ranks() -> list:
    """What each of three ranks returned."""
    return run_distributed(_rank_all, 3)


@pytest.mark.ddp
def test_value_and_gradient_are_those_of_one_process(ranks: list) -> None:
    x, weights = _data(len(ranks))
    x.requires_grad_()
    expected = _loss(x, x, weights)
    expected.backward()
    for (value, _), _, _ in ranks:
        assert value == pytest.approx(expected.item(), rel=1e-12)
    grads = np.concatenate([grad for (_, grad), _, _ in ranks])
    np.testing.assert_allclose(grads, x.grad.numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.ddp
def test_gradients_in_any_layout_are_summed(ranks: list) -> None:
    total = ROWS * len(ranks)
    expected = np.arange(total * WIDTH).reshape(WIDTH, total).T
    expected = expected * sum(range(1, len(ranks) + 1))
    found = np.concatenate([grad for _, grad, _ in ranks])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.ddp
def test_uneven_batches_are_refused_by_all_ranks(ranks: list) -> None:
    sizes = str([3 + rank for rank in range(len(ranks))])
    for _, _, (message, total) in ranks:
        assert sizes in message and 'drop_last=True' in message
        assert total == len(ranks)


def test_one_process_needs_no_group() -> None:
    rows = torch.randn(3, 2, requires_grad=True)
    assert gather_rows(rows) is rows
    assert first_row(3) == 0
    assert mean_over_processes(rows) is rows
