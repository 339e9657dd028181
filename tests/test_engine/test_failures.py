"""Errors of PyTorch in plain words."""
import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader

from fnac_mm.engine.failures import explained_failures, likely_cause


class _Suicidal(torch.utils.data.Dataset):
    """The third sample ends the worker as the kernel would."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> torch.Tensor:
        if index == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.ones(5)


def test_a_killed_worker() -> None:
    with pytest.raises(RuntimeError, match='ran out of memory'):
        with explained_failures():
            list(DataLoader(_Suicidal(), num_workers=1))


def _worker_killed(*args: object) -> None:
    raise RuntimeError('DataLoader worker (pid 7) is killed by signal: '
                       'Killed. ')


def test_a_killed_worker_of_which_a_pipe_tells_first() -> None:
    previous = signal.signal(signal.SIGALRM, _worker_killed)
    try:
        with pytest.raises(RuntimeError, match='ran out of memory'):
            with explained_failures():
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                raise ConnectionResetError('Connection reset by peer')
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_others_pass_unchanged() -> None:
    for error in (RuntimeError('shape mismatch'), KeyError('x')):
        with pytest.raises(type(error)) as caught, explained_failures():
            raise error
        assert caught.value is error


@pytest.mark.parametrize('message, words', [
    ('DataLoader worker (pid 3) is killed by signal: Bus error. It is '
     'possible that dataloader\'s workers are out of shared memory.',
     '/dev/shm'),
    ('DataLoader timed out after 5 seconds', 'network disk'),
    ('DataLoader timed out after 5 seconds',
     '--cfg-options train_dataloader.timeout=N'),
    ('[../gloo/transport/tcp/pair.cc:534] Connection closed by peer '
     '[127.0.0.1]:5', 'Process 3 of 4 lost the others'),
    ('NCCL error: ncclRemoteError: A call failed possibly due to a network '
     'error or a remote process exiting prematurely.', 'lost the others'),
])
def test_known_messages(message, words, monkeypatch) -> None:
    monkeypatch.setenv('RANK', '3')
    monkeypatch.setenv('WORLD_SIZE', '4')
    assert words in likely_cause(message)
