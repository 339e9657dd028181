"""Count of the samples that could not be read in training."""
from typing import Callable

import torch
from mmengine.logging import MMLogger

from .text_files import shorten


class FaultLedger:
    """Which samples turned out to be unreadable, over all workers.

    One byte per sample in shared memory: workers of one process, persistent
    or not, count together, and a sample counts once however often it is
    asked for. Each process of a distributed run counts what it has read.

    Args:
        size (int): Samples in the data set, at most.
        max_fraction (float): Training fails above this share of the data
            set; a single fault is accepted unless it is 0.

    Raises:
        ValueError: If ``max_fraction`` is outside [0, 1].
    """

    def __init__(self, size: int, max_fraction: float) -> None:
        if not 0 <= max_fraction <= 1:
            raise ValueError('max_bad_fraction must be in [0, 1], got '
                             f'{max_fraction}')
        self.max_fraction = max_fraction
        self._flags = torch.zeros(size, dtype=torch.uint8).share_memory_()

    def __deepcopy__(self, memo: dict) -> 'FaultLedger':
        # Of a subset or a copy, which counts for itself.
        return type(self)(len(self._flags), self.max_fraction)

    @property
    def count(self) -> int:
        """int: Number of unreadable samples so far."""
        return int(self._flags.count_nonzero())

    def record(self, index: int, size: int, reason: str,
               name: Callable[[int], str]) -> None:
        """Count a sample and log it the first time.

        Raises:
            RuntimeError: If too large a share of the data set is unreadable.
        """
        # 0.29 * 100 is 28.999999999999996.
        limit = int(self.max_fraction * size + 1e-9)
        if self.max_fraction > 0:
            limit = max(limit, 1)
        if not self._flags[index]:
            self._flags[index] = 1
            MMLogger.get_current_instance().warning(
                f'Unreadable sample {self.count} of at most {limit}, '
                f'replaced by the next one: {reason}')
        if self.count > limit:
            bad = self._flags.nonzero().flatten().tolist()
            raise RuntimeError(
                f'{len(bad)} of {size} samples are unreadable, more than '
                f'max_bad_fraction={self.max_fraction} allows: '
                f'{shorten([name(i) for i in bad[:6]])}. '
                f'The last one: {reason}. Repair or remove them from the '
                'list, or raise max_bad_fraction')
