"""Waiting for data is said, in a real training."""
import logging
import time
from pathlib import Path
from typing import List

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader, Dataset

from fnac_mm.engine import LoaderLimitHook


class _Slow(Dataset):

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict:
        time.sleep(self.seconds)
        return dict(inputs=torch.zeros(1))


class _Model(BaseModel):

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.layer, self.seconds = nn.Linear(1, 1), seconds

    def forward(self, inputs, mode='loss'):
        time.sleep(self.seconds)
        return dict(loss=self.layer(inputs).sum())


def warnings_of(work_dir: Path, data: float, model: float,
                **kwargs) -> List[str]:
    runner = Runner(
        model=_Model(model),
        work_dir=str(work_dir),
        train_dataloader=DataLoader(_Slow(data), batch_size=1),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=None),
        custom_hooks=[LoaderLimitHook(**kwargs)],
        experiment_name=work_dir.name)
    messages: List[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())
    runner.logger.addHandler(handler)
    runner.train()
    return [m for m in messages if 'loader is the limit' in m]


@pytest.mark.parametrize('interval', [3, 100])
def test_slow_data_is_said_once_an_epoch(tmp_path: Path, interval: int):
    found = warnings_of(tmp_path, 0.05, 0.0, interval=interval)
    assert len(found) == 2
    assert 'num_workers (0 now' in found[0] and 'docs/speed.md' in found[0]


def test_fast_data_is_not(tmp_path: Path):
    assert not warnings_of(tmp_path, 0.0, 0.05, threshold=0.5)


@pytest.mark.parametrize(
    'kwargs', [dict(threshold=0),
               dict(threshold=1.0),
               dict(interval=0)])
def test_arguments(kwargs: dict):
    with pytest.raises(ValueError, match='threshold'):
        LoaderLimitHook(**kwargs)
