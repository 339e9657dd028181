"""Leaving when the machine is wanted back."""
import multiprocessing
import os
import signal
import sys
import threading
import time
from functools import partial
from multiprocessing.util import Finalize
from typing import Any, Callable, Dict, Optional

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from .safe_checkpoint_hook import PREEMPTED, SafeCheckpointHook

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
# As a shell reports a process that SIGINT, or SIGTERM, has ended.
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


def _init_worker(leaving: Any, init: Optional[Callable],
                 worker_id: int) -> None:
    """Start a loader worker that outlives a signal to the whole group.

    Slurm signals all processes of a job; the training process still needs
    its workers for the step at hand. It ends them when it exits itself.
    """

    def overhear(number: int, frame: Any) -> None:
        if leaving.value:
            # As PyTorch's own handler; an end by signal would be an error.
            os._exit(0)

    for number in SIGNALS:
        signal.signal(number, overhear)
    if init is not None:
        init(worker_id)


@HOOKS.register_module()
class PreemptionHook(Hook):
    """On SIGTERM, SIGUSR1 or Ctrl-C, save and exit after the present step.

    All processes agree on the step. They write ``preempted.pth`` and exit
    with code 143, after Ctrl-C 130; ``--resume`` goes on with the next step.
    A second Ctrl-C ends the process at once. During validation nothing is
    written: a resumed run repeats the validation, from the checkpoint before
    it.
    """

    # After the schedulers have counted the step, before CheckpointHook.
    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._asked, self._heard = 0, 0.0
        self._training = False
        self._common_batches = 0
        self._previous: Dict[int, Any] = {}
        # Seen by the workers.
        self._leaving = multiprocessing.Value('b', 0, lock=False)

    def before_train(self, runner: Runner) -> None:
        """Listen to the signals, here and in the loaders' workers."""
        self._training = True
        # Called before multiprocessing sends SIGTERM to living workers.
        Finalize(None, self._release_workers, exitpriority=1)
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._previous[number] = signal.signal(number, self._ask)
        loops = [runner.train_loop, runner.val_loop]
        for loader in (loop.dataloader for loop in loops if loop is not None):
            loader.worker_init_fn = partial(_init_worker, self._leaving,
                                            loader.worker_init_fn)

    def after_train(self, runner: Runner) -> None:
        """Listen no more."""
        self._training = False
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _release_workers(self) -> None:
        self._leaving.value = 1

    def _ask(self, number: int, frame: Any) -> None:
        if number != signal.SIGINT:
            self._asked = TERMINATED
            return
        now = time.monotonic()
        # torchrun passes on what the terminal has sent already.
        if self._asked and now > self._heard + 1:
            raise KeyboardInterrupt
        if not self._asked and is_main_process():
            print(
                '\nCtrl-C: saves and stops after this step (again: at once)',
                file=sys.stderr)
        self._heard = now
        self._asked = self._asked or INTERRUPTED

    def _agree(self, number: int, how: str) -> int:
        """The largest or smallest of the numbers of all processes."""
        agreed = torch.tensor(number, device=get_device())
        all_reduce(agreed, op=how)
        return int(agreed)

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Save and leave, if asked to.

        Raises:
            SystemExit: If so.
        """
        counts = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        step = runner.iter + 1
        code = 0 if step % counts else self._agree(self._asked, 'max')
        if not code:
            return
        saver = next(
            (hook
             for hook in runner.hooks if isinstance(hook, SafeCheckpointHook)),
            None)
        resumable = hasattr(runner.train_loop, 'batches_done')
        saved = resumable and saver is not None and saver.save_preempted(
            runner)
        self._leave(
            runner, code, f'saved step {step} to {runner.work_dir}/{PREEMPTED}'
            if saved else 'this step could not be saved')

    def before_val_epoch(self, runner: Runner) -> None:
        """Count the batches that every process has."""
        if self._training:
            loader = runner.val_loop.dataloader
            self._common_batches = self._agree(
                len(loader) if hasattr(loader, '__len__') else 0, 'min')

    def after_val_iter(self,
                       runner: Runner,
                       batch_idx: int,
                       data_batch: Any = None,
                       outputs: Any = None) -> None:
        """Leave the validation of a training, if asked to.

        Raises:
            SystemExit: If so.
        """
        if self._training and batch_idx < self._common_batches:
            code = self._agree(self._asked, 'max')
            if code:
                self._leave(runner, code, 'the validation will be repeated')

    @staticmethod
    def _leave(runner: Runner, code: int, what: str) -> None:
        reason = 'Ctrl-C' if code == INTERRUPTED else 'SIGTERM or SIGUSR1'
        runner.logger.warning(
            f'asked to stop ({reason}): {what}; go on with the same command '
            f'and --resume (exit code {code})')
        raise SystemExit(code)
