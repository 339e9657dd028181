"""Signals are heard while training, and no longer."""
import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from fnac_mm.engine.hooks.preemption_hook import _init_worker
from fnac_mm.registry import HOOKS
from tests.faults.toy_run import STEPS, lines, toy_config


@HOOKS.register_module()
class AskHook(Hook):
    """Send a signal to this process."""

    def __init__(self, when: str) -> None:
        self.when = when

    def _ask(self, *args: object, **kwargs: object) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)

    def after_train_iter(self, runner: Runner, *args: object,
                         **kwargs: object) -> None:
        """In the middle of the second epoch."""
        if self.when == 'train' and runner.iter == STEPS + 2:
            self._ask()

    def before_val_iter(self, *args: object, **kwargs: object) -> None:
        """In the first validation."""
        if self.when == 'val':
            self._ask()


def _runner(work: Path, **options: object) -> Runner:
    cfg = toy_config(work, 3, **options)
    cfg.experiment_name = f'toy_of_{work.name}'
    return Runner.from_cfg(cfg)


@pytest.mark.parametrize('when, step, saved', [
    ('train', STEPS + 3, True),
    ('val', STEPS, False),
])
def test_it_leaves_after_the_step(when, step, saved, tmp_path) -> None:
    previous = signal.getsignal(signal.SIGTERM)
    runner = _runner(
        tmp_path,
        default_hooks__ask__type='AskHook',
        default_hooks__ask__when=when)
    try:
        with pytest.raises(SystemExit) as left:
            runner.train()
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, previous)
    assert left.value.code == 143
    assert lines(tmp_path, 'step')[-1] == step
    assert (tmp_path / 'preempted.pth').exists() == saved


def test_handlers_are_put_back(tmp_path) -> None:
    numbers = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    _runner(tmp_path).train()
    assert before == [signal.getsignal(number) for number in numbers]


class _Signalled(list):
    """The worker gets a signal while it reads."""

    def __getitem__(self, index: int) -> int:
        if index == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().__getitem__(index)


def test_a_worker_outlives_signals_until_the_process_leaves() -> None:
    loader = DataLoader(_Signalled(range(4)), num_workers=1)
    with pytest.raises(RuntimeError, match='killed by signal|unexpectedly'):
        list(loader)
    leaving = multiprocessing.Value('b', 0, lock=False)
    loader.worker_init_fn = partial(_init_worker, leaving, None)
    assert [int(batch) for batch in loader] == [0, 1, 2, 3]
    leaving.value = 1
    with pytest.raises(RuntimeError, match='killed by signal|unexpectedly'):
        list(loader)
