"""Training that goes on in the middle of an epoch."""
from contextlib import contextmanager
from itertools import islice
from typing import Any, Dict, Iterator, Optional, Sequence

from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import BatchSampler, DataLoader

from fnac_mm.registry import LOOPS


class _Rest:
    """What a sampler has left after its first samples."""

    def __init__(self, sampler: Any, start: int) -> None:
        self.sampler = sampler
        self.start = start

    def __iter__(self) -> Iterator[Any]:
        return islice(iter(self.sampler), self.start, None)

    def __len__(self) -> int:
        # Of the epoch: hooks ask the loader for that.
        return len(self.sampler)


@contextmanager
def _from_batch(loader: DataLoader, start: int) -> Iterator[None]:
    """Context in which a loader begins with a later batch.

    The samples before it are not read.
    """
    if start == 0:
        yield
        return
    batches = loader.batch_sampler
    if not isinstance(batches, BatchSampler):
        raise TypeError(
            'resuming in the middle of an epoch needs batches of a sampler '
            f'(train_dataloader.sampler), got {type(batches).__name__}; '
            'resume from a checkpoint of a whole epoch')
    sampler = batches.sampler
    batches.sampler = _Rest(sampler, start * batches.batch_size)
    try:
        yield
    finally:
        batches.sampler = sampler


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """Loop by epochs that can begin within one.

    ``batches_done`` is the number of steps of the current epoch that are
    done, the present one included; 0 between epochs.

    Args:
        *args: See :class:`mmengine.runner.EpochBasedTrainLoop`.
        **kwargs: See there.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batches_done = 0

    def run_epoch(self) -> None:
        """Iterate over what is left of the epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        start = self.batches_done
        with _from_batch(self.dataloader, start):
            for idx, data_batch in enumerate(self.dataloader, start):
                self.run_iter(idx, data_batch)
        self.batches_done = 0
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: Sequence[dict]) -> None:
        """One step; ``idx`` is the place of the batch in its epoch."""
        self.batches_done = idx + 1
        super().run_iter(idx, data_batch)


def _model(runner: Runner) -> Any:
    """The model without its wrapper."""
    wrapped = is_model_wrapper(runner.model)
    return runner.model.module if wrapped else runner.model


def record_position(runner: Runner) -> Optional[Dict[str, Any]]:
    """What resuming within an epoch needs beyond MMEngine's checkpoint.

    To be called by all processes. Random states are not part of it: see
    :class:`RandomnessHook`.

    Args:
        runner (Runner): In training.

    Returns:
        dict | None: ``batches_done``, ``batches`` of the epoch and, from
        several processes, the ``buffers`` of each (running statistics,
        which differ until an epoch ends). None between epochs.
    """
    done = getattr(runner.train_loop, 'batches_done', 0)
    if not done:
        return None
    buffers: list = []
    if get_world_size() > 1:
        mine = {
            name: value.cpu()
            for name, value in _model(runner).named_buffers()
        }
        buffers = all_gather_object(mine)
    return dict(
        batches_done=done,
        batches=len(runner.train_loop.dataloader),
        buffers=buffers)


def restore_position(runner: Runner, position: Dict[str, Any]) -> None:
    """Let training go on within an epoch, at a :func:`record_position`.

    TypeError if the training loop can't begin within an epoch, ValueError if
    an epoch has another number of steps now, or there are other processes.
    """
    done, batches = position['batches_done'], position['batches']
    where = (f'{runner._load_from} was written after {done} of {batches} '
             f'steps of epoch {runner.epoch + 1}')
    loop = runner.train_loop
    if not isinstance(loop, ResumableEpochLoop):
        raise TypeError(f'{where}; a {type(loop).__name__} can\'t begin '
                        'within an epoch: set '
                        'train_cfg.type=ResumableEpochLoop')
    if len(loop.dataloader) != batches:
        raise ValueError(
            f'{where}, now an epoch has {len(loop.dataloader)}: resume with '
            'the same data and batch, or from a checkpoint of a whole epoch')
    buffers = position['buffers']
    if len(buffers or [None]) != get_world_size():
        raise ValueError(
            f'{where} by {len(buffers or [None])} processes, now there are '
            f'{get_world_size()}: resume with as many, or from a checkpoint '
            'of a whole epoch')
    if buffers:
        for name, value in _model(runner).named_buffers():
            value.copy_(buffers[get_rank()][name])
    loop.batches_done = done
