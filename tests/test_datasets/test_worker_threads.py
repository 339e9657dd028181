"""A worker takes one core, the main process what it had."""
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from torch.utils.data import DataLoader

from fnac_mm.datasets import AVLocalizationDataset


class _Threads(BaseTransform):

    def transform(self, results: dict) -> tuple:
        return torch.get_num_threads(), cv2.getNumThreads()


@pytest.mark.parametrize('start, expected', [('fork', (1, 2)),
                                             ('spawn', (1, 1))])
def test_one_thread_a_worker(tmp_path: Path, make_clip: Callable, start: str,
                             expected: tuple):
    """Also after the parent's OpenCV made threads, which a fork loses."""
    make_clip(tmp_path, 'a')
    dataset = AVLocalizationDataset(str(tmp_path), pipeline=[_Threads()])
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((999, 999), np.float32), (31, 31), 5)
    try:
        assert dataset[0] == (2, 2)
        loader = DataLoader(
            dataset,
            num_workers=1,
            collate_fn=list,
            timeout=60,
            multiprocessing_context=start,
            worker_init_fn=_several if start == 'spawn' else None)
        (found, ), = loader
        assert found == expected
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def _several(_: int) -> None:
    """What a user's own code may do."""
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
