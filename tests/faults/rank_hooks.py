"""Hooks that the configs of these tests add."""
import os
import signal
from pathlib import Path

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS


@HOOKS.register_module()
class RankWeightsHook(Hook):
    """Write what every process has learnt."""

    priority = 'LOWEST'

    def after_train(self, runner: Runner) -> None:
        """One file a rank."""
        model = getattr(runner.model, 'module', runner.model)
        torch.save(model.state_dict(),
                   Path(runner.work_dir) / f'rank_{get_rank()}.pth')


@HOOKS.register_module()
class HangingClipHook(Hook):
    """A clip whose sound lies on a disk that does not answer."""

    def before_train(self, runner: Runner) -> None:
        """Put a pipe that nobody writes to in the place of a sound."""
        dataset = runner.train_loop.dataloader.dataset
        pipe = Path(runner.work_dir) / 'pipe.wav'
        os.mkfifo(pipe)
        pipeline = dataset.pipeline

        def load(info: dict) -> dict:
            if info['sample_idx'] == 3:
                pipe.read_bytes()
            return pipeline(info)

        dataset.pipeline = load


@HOOKS.register_module()
class KillHook(Hook):
    """End one process, or its first loader worker, as the kernel does."""

    def __init__(self, rank: int, step: int, worker: bool = False) -> None:
        self.rank = rank
        self.step = step
        self.worker = worker

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """At the end of a step."""
        if runner.iter == self.step and get_rank() == self.rank:
            loader = runner.train_loop.dataloader
            pid = os.getpid()
            if self.worker:
                pid = loader._iterator._workers[0].pid
            os.kill(pid, signal.SIGKILL)
