"""Rows: any number of threads, any type."""
import numpy as np
import pytest
import torch

from fnac_mm.functional.rows import as_array, for_each_row


@pytest.mark.parametrize('threads', [1, 3])
def test_results_in_order_and_errors_through(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert for_each_row(lambda i: i**2, 5) == [0, 1, 4, 9, 16]
        assert for_each_row(lambda i: i, 0) == []
        with pytest.raises(ZeroDivisionError):
            for_each_row(lambda i: 1 / (i - 2), 5)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize('dtype, expected', [(torch.bfloat16, np.float32),
                                             (torch.float64, np.float64),
                                             (torch.int64, np.float32),
                                             (torch.bool, np.bool_)])
def test_types(dtype: torch.dtype, expected: type) -> None:
    array = as_array(torch.ones(2, 2, dtype=dtype))
    assert array.dtype == expected and array.all()
