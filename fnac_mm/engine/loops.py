"""Training that goes on in the middle of an epoch."""
from contextlib import contextmanager
from itertools import islice
from typing import Any, Iterator, Sequence

from mmengine.runner import EpochBasedTrainLoop
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
def from_batch(loader: DataLoader, start: int) -> Iterator[None]:
    """Context in which a loader begins with a later batch.

    The samples before it are not read.

    Args:
        loader (DataLoader): Of a data set with indices.
        start (int): Batches to leave out.

    Yields:
        None: Iterate over the loader inside the context.

    Raises:
        TypeError: If the loader's batches are not those of a sampler.
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
        with from_batch(self.dataloader, start):
            for idx, data_batch in enumerate(self.dataloader, start):
                self.run_iter(idx, data_batch)
        self.batches_done = 0
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def run_iter(self, idx: int, data_batch: Sequence[dict]) -> None:
        """One step.

        Args:
            idx (int): Of the batch in its epoch.
            data_batch (Sequence[dict]): The batch.
        """
        self.batches_done = idx + 1
        super().run_iter(idx, data_batch)
