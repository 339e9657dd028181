"""Random draws that depend on where training is, not on how it got there."""
import random
from typing import Any, Iterator, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from fnac_mm.registry import HOOKS

DataBatch = Optional[Union[dict, tuple, list]]


def _datasets(dataset: Any) -> Iterator[Any]:
    """The data set and those that it wraps."""
    yield dataset
    inner = getattr(dataset, 'datasets', None)
    if inner is None:
        inner = [dataset.dataset] if hasattr(dataset, 'dataset') else []
    for child in inner:
        yield from _datasets(child)


def require_epochs(runner: Runner, name: str) -> None:
    """Refuse training that takes no steps, or takes them without epochs.

    Args:
        runner (Runner): About to train.
        name (str): Hook, for the message.

    Raises:
        TypeError: If the training loop is not MMEngine's epoch-based one.
        ValueError: If there are fewer samples than a batch.
    """
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        raise TypeError(f'{name} counts epochs, but the training loop is a '
                        f'{type(runner.train_loop).__name__}; set '
                        'train_cfg=dict(by_epoch=True, max_epochs=...)')
    loader = runner.train_loop.dataloader
    if not len(loader):
        raise ValueError(
            f'no step can be taken: the {len(loader.dataset)} training '
            f'samples don\'t fill one batch of {loader.batch_size} a process '
            '(drop_last=True); for a trial, lower it with --cfg-options '
            'global_batch_size=N')


@HOOKS.register_module()
class RandomnessHook(Hook):
    """Seed every draw from (seed, epoch, index) or (seed, step, rank).

    Augmentation happens in worker processes, whose random streams a resumed
    run can't restore: data sets with ``set_epoch(seed, epoch)`` seed each
    sample instead. Draws in the main process (dropout, spectrogram masks)
    are seeded before each step. So a run that was killed and resumed makes
    the draws of an uninterrupted one, without any state in the checkpoint,
    whatever validation or logging drew in between.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Use the seed of a resumed run for the order of samples too.

        Raises:
            TypeError: If training is not by epochs.
        """
        require_epochs(runner, type(self).__name__)
        sampler = getattr(runner.train_dataloader, 'sampler', None)
        if sampler is not None and hasattr(sampler, 'seed'):
            sampler.seed = runner.seed

    def before_train_epoch(self, runner: Runner) -> None:
        """Tell the data sets, also those in living workers, the epoch."""
        for dataset in _datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, 'set_epoch'):
                dataset.set_epoch(runner.seed, runner.epoch)

    def before_train_iter(self,
                          runner: Runner,
                          batch_idx: int,
                          data_batch: DataBatch = None) -> None:
        """Seed Python's, NumPy's and torch's generators for this step."""
        state = [runner.seed, runner.iter, get_rank()]
        seed = self._seed(state)
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)

    @staticmethod
    def _seed(state: Sequence[int]) -> int:
        return int(np.random.SeedSequence(state).generate_state(1)[0])
