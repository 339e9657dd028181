"""A training of a second, with the runtime of our configs.

Run in processes of a fork server that has PyTorch loaded, so that a run can be
started and killed many times.
"""
import multiprocessing
import os
import resource
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Optional, Tuple
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.fileio import register_backend
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

import fnac_mm.datasets
import fnac_mm.evaluation
import fnac_mm.models
import fnac_mm.visualization  # noqa: F401  (once, in the fork server)
from fnac_mm.engine import AtomicLocalBackend
from fnac_mm.engine.launch import load_config
from fnac_mm.registry import DATASETS, HOOKS, METRICS, MODELS
from tests.conftest import ROOT

CONTEXT = multiprocessing.get_context('forkserver')
CONTEXT.set_forkserver_preload(['tests.faults.toy_run'])
CLIPS, BATCH = 30, 4
STEPS = CLIPS // BATCH


@MODELS.register_module()
class ToyNetwork(BaseModel):
    """Running statistics, dropout and a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3),
            nn.Linear(8, 1))
        # Checkpoints that are larger than logs.
        self.register_buffer('ballast', torch.zeros(50_000))

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> Any:
        """Loss, or one number a sample."""
        out = self.layers(inputs)[:, 0]
        if mode == 'loss':
            return dict(loss=(out - inputs.sum(1)).square().mean())
        return list(out)


@DATASETS.register_module()
class ToyClips(torch.utils.data.Dataset):
    """Random numbers of (seed, epoch, index), as our data sets draw them."""

    def __init__(self, length: int = CLIPS) -> None:
        self.length = length
        self.place = (0, 0)

    def set_epoch(self, seed: int, epoch: int) -> None:
        """As AVLocalizationDataset."""
        self.place = (seed, epoch)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict:
        seed = hash((*self.place, index)) % 2**31
        draw = torch.Generator().manual_seed(seed)
        return dict(inputs=torch.randn(6, generator=draw))


@METRICS.register_module()
class ToyMetric(BaseMetric):
    """A score that goes up and down."""

    default_prefix = 'toy'

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Keep the predictions."""
        self.results += [float(value) for value in data_samples]

    def compute_metrics(self, results: list) -> dict:
        """Their mean."""
        return dict(score=sum(results) / len(results))


@register_backend('slow_disk')
class SlowDisk(AtomicLocalBackend):
    """A disk that takes its time to synchronise."""

    def put(self, obj: bytes, filepath: Any) -> None:
        """As the parent, in slow motion."""
        sync = os.fsync
        with mock.patch('os.fsync', lambda fd: (time.sleep(0.03), sync(fd))):
            super().put(obj, filepath)


@HOOKS.register_module()
class StepLogHook(Hook):
    """Append every step that is done to ``steps.txt``."""

    priority = 'ABOVE_NORMAL'

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause

    def before_train(self, runner: Runner) -> None:
        """Where this run begins."""
        self._log(runner, f'start {runner.iter}')

    def after_train_iter(self, runner: Runner, *args: Any,
                         **kwargs: Any) -> None:
        """One line."""
        self._log(runner, f'step {runner.iter + 1}')
        time.sleep(self.pause)

    @staticmethod
    def _log(runner: Runner, line: str) -> None:
        if int(os.environ.get('RANK', 0)) == 0:
            with suppress(OSError), open(
                    Path(runner.work_dir) / 'steps.txt', 'a') as file:
                file.write(line + '\n')


@HOOKS.register_module()
class FullDiskHook(Hook):
    """From one step to another no file may grow beyond 100 kB."""

    priority = 'VERY_HIGH'

    def __init__(self, begin: int, end: int) -> None:
        self.limits = {begin: 100_000, end: resource.RLIM_INFINITY}

    def before_train_iter(self, runner: Runner, *args: Any,
                          **kwargs: Any) -> None:
        """Change the limit of this process."""
        if runner.iter in self.limits:
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE,
                               (self.limits[runner.iter], hard))


def toy_config(work: Path, epochs: int, **options: Any) -> Config:
    """Toy parts and the runtime of our configs.

    Args:
        work (Path): Work dir.
        epochs (int): Of 7 steps.
        **options: Dotted keys, ``__`` for a dot.
    """
    cfg = load_config(str(ROOT / 'configs/_base_/default_runtime.py'))
    loader = dict(
        batch_size=BATCH,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=True),
        collate_fn=dict(type='default_collate'),
        dataset=dict(type='ToyClips'))
    cfg.merge_from_dict(
        dict(
            model=dict(type='ToyNetwork'),
            train_dataloader=dict(loader, drop_last=True),
            val_dataloader=dict(
                loader,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(type='ToyClips', length=8)),
            val_evaluator=dict(type='ToyMetric'),
            train_cfg=dict(type='ResumableEpochLoop', max_epochs=epochs),
            val_cfg=dict(),
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-2)),
            param_scheduler=[
                dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=9),
                dict(type='ExponentialLR', gamma=0.9, by_epoch=True)
            ],
            work_dir=str(work),
            resume=True))
    cfg.merge_from_dict({
        'default_hooks.checkpoint.save_best': 'toy/score',
        'default_hooks.steps.type': 'StepLogHook'
    })
    cfg.merge_from_dict({
        key.replace('__', '.'): value
        for key, value in options.items()
    })
    return cfg


def _train(work: Path, epochs: int, options: dict,
           place: Optional[Tuple[int, int]]) -> None:
    """Body of the process."""
    work.mkdir(exist_ok=True)
    log = os.open(f'{work}_{place[0] if place else 0}.log',
                  os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    torch.set_num_threads(1)
    rendezvous = options.pop('rendezvous', 0)
    cfg = toy_config(work, epochs, **options)
    if place is not None:
        rank, world = place
        os.environ.update(
            RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world))
        torch.distributed.init_process_group(
            'gloo',
            init_method=f'file://{work}/rendezvous_{rendezvous}',
            rank=rank,
            world_size=world)
        cfg.launcher = 'pytorch'
        cfg.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel',
            device_ids=None,
            broadcast_buffers=False)
    Runner.from_cfg(cfg).train()


def start(work: Path,
          epochs: int,
          place: Optional[Tuple[int, int]] = None,
          **options: Any) -> BaseProcess:
    """Start, or take up, a toy training in a process of its own.

    Args:
        work (Path): Work dir; ``<work>_<rank>.log`` gets the output.
        epochs (int): In all.
        place (tuple[int, int], optional): Rank and number of processes.
        **options: See :func:`toy_config`.
    """
    process = CONTEXT.Process(
        target=_train, args=(work, epochs, options, place))
    process.start()
    return process


def finish(*processes: BaseProcess, timeout: float = 60) -> list:
    """Exit codes; a process that takes longer is killed."""
    end = time.monotonic() + timeout
    for process in processes:
        process.join(max(0, end - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
    return [process.exitcode for process in processes]


def lines(work: Path, word: str) -> list:
    """Numbers of ``steps.txt`` behind a word, ``start`` or ``step``."""
    path = work / 'steps.txt'
    found = path.read_text().split('\n')[:-1] if path.exists() else []
    return [int(line.split()[1]) for line in found if line.startswith(word)]


def final_state(work: Path, name: str) -> dict:
    """What a checkpoint says, without times and paths."""
    state = torch.load(work / name, weights_only=True)
    info = state['message_hub']['runtime_info']
    return dict(
        weights=state['state_dict'],
        optimizer=state.get('optimizer'),
        schedulers=state.get('param_schedulers'),
        place=[state['meta']['epoch'], state['meta']['iter']],
        best=[info['best_score'],
              Path(info['best_ckpt']).name])


def same(first: Any, second: Any) -> bool:
    """Bit for bit."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            same(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    return first == second
