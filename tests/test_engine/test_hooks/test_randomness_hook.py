"""Draws depend on seed, step and rank, not on the past."""
import random
from types import SimpleNamespace

import numpy as np
import torch
from mmengine.runner import EpochBasedTrainLoop

from fnac_mm.engine import RandomnessHook


class _Set:

    def set_epoch(self, seed: int, epoch: int) -> None:
        self.state = (seed, epoch)


def _draws(seed: int, step: int) -> tuple:
    runner = SimpleNamespace(seed=seed, iter=step)
    RandomnessHook().before_train_iter(runner, 0)
    return torch.rand(3).tolist(), random.random(), np.random.rand()


def test_a_step_draws_the_same_whatever_came_before() -> None:
    first = _draws(1, 5)
    torch.rand(17)
    assert _draws(1, 5) == first
    assert _draws(1, 6) != first and _draws(2, 5) != first


def test_tells_wrapped_data_sets_the_epoch() -> None:
    inner, other = _Set(), _Set()
    wrapper = SimpleNamespace(datasets=[SimpleNamespace(dataset=inner), other])
    runner = SimpleNamespace(
        seed=7, epoch=3, train_dataloader=SimpleNamespace(dataset=wrapper))
    RandomnessHook().before_train_epoch(runner)
    assert inner.state == other.state == (7, 3)


def test_the_sampler_takes_the_seed_of_the_resumed_run() -> None:
    sampler = SimpleNamespace(seed=1)
    loop = object.__new__(EpochBasedTrainLoop)
    loop.dataloader = [1]
    runner = SimpleNamespace(
        seed=7,
        train_loop=loop,
        train_dataloader=SimpleNamespace(sampler=sampler))
    RandomnessHook().before_train(runner)
    assert sampler.seed == 7
