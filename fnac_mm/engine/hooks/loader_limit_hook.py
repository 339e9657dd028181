"""Say so when training waits for its data."""
import os
from typing import Optional, Union

from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS

DataBatch = Optional[Union[dict, tuple, list]]


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@HOOKS.register_module()
class LoaderLimitHook(Hook):
    """Warn, once an epoch, when the loader is slower than the model.

    Looks at ``data_time`` and ``time`` of ``IterTimerHook``. The first step
    of an epoch, in which workers start, does not count.

    Args:
        threshold (float): Share of a step that is spent waiting for data
            above which to warn. Defaults to 0.2.
        interval (int): Steps that are looked at together; what is left at
            the end of an epoch is too. Defaults to 50.

    Raises:
        ValueError: If an argument is out of range.
    """

    priority = 'LOW'

    def __init__(self, threshold: float = 0.2, interval: int = 50) -> None:
        if not 0 < threshold < 1 or interval < 1:
            raise ValueError('threshold must be in (0, 1) and interval at '
                             f'least 1, got {threshold} and {interval}')
        self.threshold = threshold
        self.interval = interval
        self._warned = False
        self._reset()

    def _reset(self) -> None:
        self._steps, self._waited, self._total = 0, 0.0, 0.0

    def before_train_epoch(self, runner: Runner) -> None:
        """Start counting."""
        self._warned = False
        self._reset()

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: DataBatch = None,
                         outputs: Optional[dict] = None) -> None:
        """Add a step; look at them when they are enough."""
        scalars = runner.message_hub.log_scalars
        if batch_idx == 0 or 'train/data_time' not in scalars:
            return
        self._steps += 1
        self._waited += float(scalars['train/data_time'].current())
        self._total += float(scalars['train/time'].current())
        if self._steps == self.interval:
            self._look(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Look at the steps of an unfinished interval."""
        if self._steps:
            self._look(runner)

    def _look(self, runner: Runner) -> None:
        share = self._waited / max(self._total, 1e-9)
        if share > self.threshold and not self._warned:
            self._warned = True
            loader = runner.train_loop.dataloader
            step = self._total / self._steps
            runner.logger.warning(
                f'The loader is the limit: {share:.0%} of the time of '
                f'{self._steps} steps ({share * step:.3f} of {step:.3f} s '
                'each) was spent waiting for data. Raise '
                f'train_dataloader.num_workers ({loader.num_workers} now, '
                f'{_cores()} cores), use a faster disk or pack the data set; '
                'see docs/speed.md')
        self._reset()
