"""The helper of the distributed tests does not hide a failure."""
import time

import pytest
import torch
import torch.distributed as dist

from tests.ddp_helpers import run_distributed

pytestmark = pytest.mark.ddp


def _fail_on_rank_1() -> None:
    if dist.get_rank() == 1:
        raise KeyError('injected')
    dist.barrier()


def _hang() -> None:
    time.sleep(600)


def test_failure_of_one_rank_reaches_the_caller() -> None:
    with pytest.raises(
            torch.multiprocessing.ProcessRaisedException, match='injected'):
        run_distributed(_fail_on_rank_1, 2)


def test_hanging_ranks_are_ended() -> None:
    with pytest.raises(TimeoutError, match='_hang'):
        run_distributed(_hang, 2, timeout=8)
