"""Draws of a sample: repeatable, distinct, and without side effects."""
import hashlib
import random

import numpy as np
import pytest
import torch

from fnac_mm.datasets.sample_seed import SampleSeed, seed_of_sample


def draw(seed: SampleSeed, index: int) -> tuple:
    with seed.seeded(index):
        return random.random(), np.random.rand(), float(torch.rand(()))


def test_same_key_same_draws_other_key_others():
    seed = SampleSeed()
    seen = set()
    for run, epoch, index in np.ndindex(3, 3, 3):
        seed.set(run, epoch)
        first = draw(seed, index)
        assert draw(seed, index) == first
        seen.update(first)
    assert len(seen) == 3 * 27


def test_streams_outside_go_on_undisturbed():

    def outside() -> tuple:
        return random.random(), np.random.rand(), float(torch.rand(()))

    seed = SampleSeed()
    seed.set(1, 2)
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    expected = outside(), outside()
    random.seed(0), np.random.seed(0), torch.manual_seed(0)
    first = outside()
    with pytest.raises(KeyError):
        with seed.seeded(5):
            raise KeyError('a transform failed')
    draw(seed, 4)
    assert (first, outside()) == expected


def test_without_an_epoch_nothing_is_seeded():
    seed = SampleSeed()
    assert draw(seed, 0) != draw(seed, 0)


def test_seed_of_a_name():
    """The digest itself, so that other machines and versions agree."""
    digest = hashlib.blake2b(b'1234\0noise\0a_1', digest_size=8).digest()
    seed = seed_of_sample(1234, 'noise', 'a_1')
    assert seed == int.from_bytes(digest, 'little') // 2
    others = {
        seed_of_sample(1235, 'noise', 'a_1'),
        seed_of_sample(1234, 'offscreen', 'a_1'),
        seed_of_sample(1234, 'noise', 'a_2'),
        # Words don't run into each other.
        seed_of_sample(1234, 'noisea', '_1'),
    }
    assert len(others | {seed}) == 5
