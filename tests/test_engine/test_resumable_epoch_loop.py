"""A loader that begins with a later batch."""
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from fnac_mm.engine.resumable_epoch_loop import (ResumableEpochLoop,
                                                 _from_batch, record_position,
                                                 restore_position)


class _Counting(torch.utils.data.Dataset):

    def __init__(self) -> None:
        self.read: list = []

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> int:
        self.read.append(index)
        return index


@pytest.mark.parametrize('drop_last', [True, False])
@pytest.mark.parametrize('start', [0, 1, 3, 4])
def test_the_rest_and_nothing_else_is_read(start, drop_last) -> None:
    data = _Counting()
    loader = DataLoader(data, batch_size=3, drop_last=drop_last)
    whole = [batch.tolist() for batch in loader]
    data.read.clear()
    with _from_batch(loader, start):
        assert len(loader) == len(whole)
        assert [batch.tolist() for batch in loader] == whole[start:]
    assert data.read == sum(whole[start:], [])
    assert [batch.tolist() for batch in loader] == whole


def test_persistent_workers() -> None:
    loader = DataLoader(
        TensorDataset(torch.arange(8)),
        batch_size=2,
        num_workers=1,
        persistent_workers=True)
    with _from_batch(loader, 3):
        assert [batch[0].tolist() for batch in loader] == [[6, 7]]
    assert len(list(loader)) == 4


def test_batches_of_ones_own_are_refused() -> None:
    loader = DataLoader(_Counting(), batch_sampler=[[1], [2]])
    with pytest.raises(TypeError, match='whole epoch'), _from_batch(loader, 1):
        pass


def _runner(loop: object, batches: int = 5) -> SimpleNamespace:
    loop.dataloader = range(batches)
    return SimpleNamespace(
        train_loop=loop, model=nn.BatchNorm1d(2), epoch=3, _load_from='x.pth')


def _loop(done: int = 0) -> ResumableEpochLoop:
    loop = ResumableEpochLoop.__new__(ResumableEpochLoop)
    loop.batches_done = done
    return loop


def test_position_round_trip() -> None:
    assert record_position(_runner(_loop(0))) is None
    position = record_position(_runner(_loop(2)))
    loop = _loop()
    restore_position(_runner(loop), position)
    assert loop.batches_done == 2


@pytest.mark.parametrize('error, match, loop, change', [
    (TypeError, 'ResumableEpochLoop', SimpleNamespace(), {}),
    (ValueError, 'after 2 of 5 steps of epoch 4, now an epoch has 6', _loop(),
     dict(batches=6)),
    (ValueError, 'by 2 processes, now there are 1', _loop(),
     dict(buffers=[{}, {}])),
])
def test_what_does_not_fit_is_refused(error, match, loop, change) -> None:
    position = record_position(_runner(_loop(2)))
    batches = change.pop('batches', 5)
    position.update(change)
    with pytest.raises(error, match=match):
        restore_position(_runner(loop, batches), position)
