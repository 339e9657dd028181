"""Random draws as a function of (seed, epoch, index), or of an id."""
import contextlib
import hashlib
import random
from typing import Iterator

import numpy as np
import torch


def seed_of_sample(seed: int, *words: str) -> int:
    """Seed of a sample that depends on nothing but these words.

    63 bits of the BLAKE2b digest, the same on every machine, for any number
    of workers and in any order.
    """
    text = '\0'.join((str(int(seed)), *words))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, 'little') >> 1


class SampleSeed:
    """Seeds the global generators for one sample, and restores them.

    A worker's own stream depends on how many workers there are and on what
    they read before. Here the draws of a sample are the same for any number
    of workers and after a resumed training. The epoch lies in shared memory,
    so that persistent workers see it change.

    Until :meth:`set` is called nothing is seeded: without anybody to advance
    the epoch, each epoch would repeat the augmentation of the first.
    """

    def __init__(self) -> None:
        self._state = torch.full((2, ), -1, dtype=torch.int64).share_memory_()

    def __deepcopy__(self, memo: dict) -> 'SampleSeed':
        # Tensor's own deepcopy would not be in shared memory.
        other = type(self)()
        other._state.copy_(self._state)
        return other

    def set(self, seed: int, epoch: int) -> None:
        """Announce a new epoch to all processes that hold this object.

        Raises:
            ValueError: If one of them is negative.
        """
        if seed < 0 or epoch < 0:
            raise ValueError('seed and epoch must not be negative, got '
                             f'{seed} and {epoch}')
        self._state.copy_(torch.tensor([int(seed), int(epoch)]))

    @contextlib.contextmanager
    def seeded(self, index: int) -> Iterator[None]:
        """Seed ``random``, NumPy and torch (CPU) inside the block.

        The previous states are restored at the end.
        """
        seed, epoch = self._state.tolist()
        if epoch < 0:
            yield
            return
        words = np.random.SeedSequence([seed, epoch, index]).generate_state(6)
        states = random.getstate(), np.random.get_state()
        torch_state = torch.get_rng_state()
        random.seed(int(words[0]))
        np.random.seed(words[1:5])
        # Not torch.manual_seed: it would seed the GPUs' generators too.
        torch.default_generator.manual_seed(int(words[5]))
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(torch_state)
