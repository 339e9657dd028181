"""Run a function in several processes that form a gloo group."""
import os
import pickle
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, List

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def _run_rank(rank: int, fn: Callable, world_size: int, args: tuple,
              folder: str, timeout: float) -> None:
    """Body of one process."""
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size))
    if sys.platform == 'linux':
        # The name of the host may not resolve on a machine without network.
        os.environ.setdefault('GLOO_SOCKET_IFNAME', 'lo')
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
        timeout=timedelta(seconds=timeout))
    result = fn(*args)
    Path(folder, f'{rank}.pkl').write_bytes(pickle.dumps(result))
    dist.barrier()
    dist.destroy_process_group()


def run_distributed(fn: Callable,
                    world_size: int,
                    *args: Any,
                    timeout: float = 240) -> List[Any]:
    """Call ``fn(*args)`` in every process of a new gloo group.

    Args:
        fn (Callable): A function of a module, so that it can be pickled.
        world_size (int): Number of processes.
        *args: Picklable arguments, the same for all.
        timeout (float): Seconds, start-up included.

    Returns:
        list: What each rank returned, in the order of ranks.

    Raises:
        TimeoutError: If it takes longer; the processes are ended.
        torch.multiprocessing.ProcessRaisedException: If a rank raised, with
            its traceback.
    """
    with tempfile.TemporaryDirectory() as folder:
        group = mp.spawn(
            _run_rank, (fn, world_size, args, folder, timeout),
            nprocs=world_size,
            join=False)
        end = time.monotonic() + timeout
        try:
            while not group.join(timeout=1):
                if time.monotonic() > end:
                    raise TimeoutError(
                        f'{fn.__name__} did not end within {timeout} s')
        finally:
            for process in group.processes:
                process.kill()
        return [
            pickle.loads(Path(folder, f'{rank}.pkl').read_bytes())
            for rank in range(world_size)
        ]
