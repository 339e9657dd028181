"""Work on a batch sample by sample, on the host.

A map of 224 x 224 fits the cache of a core, a batch of them does not: where
a map is gone over several times, this is faster than whole batches.
"""
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, List, TypeVar

import numpy as np
import torch
from torch import Tensor

Result = TypeVar('Result')


def as_array(tensor: Tensor) -> np.ndarray:
    """Values for NumPy, which compares and selects several times as fast.

    Args:
        tensor (Tensor): Any; NumPy has no bfloat16 and is slow in float16.

    Returns:
        np.ndarray: Boolean, float32 or float64, on the CPU; a view if it
        can be.
    """
    tensor = tensor.detach().cpu()
    kept = (torch.bool, torch.float64)
    return (tensor if tensor.dtype in kept else tensor.float()).numpy()


def for_each_row(function: Callable[[int], Result], size: int) -> List[Result]:
    """Call a function of NumPy for every row, on torch's number of threads.

    Args:
        function (Callable): Gets the number of the row.
        size (int): Number of rows.

    Returns:
        list: What it returned, in order.
    """
    threads = min(torch.get_num_threads(), size)
    if threads < 2:
        return [function(row) for row in range(size)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, range(size)))
