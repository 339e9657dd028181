"""The FNAC terms count from the given epoch on."""
from types import SimpleNamespace

import pytest
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from torch import nn
from torch.utils.data import DataLoader

from fnac_mm.engine import LossWarmupHook


class _Loss(nn.Module):
    enabled = None

    def set_auxiliary(self, enabled: bool) -> None:
        self.enabled = enabled


def epochs() -> EpochBasedTrainLoop:
    loop = object.__new__(EpochBasedTrainLoop)
    loop.dataloader = [1]
    return loop


def test_switches_at_the_epoch() -> None:
    loss = _Loss()
    runner = SimpleNamespace(
        model=nn.Sequential(nn.Linear(1, 1), loss), train_loop=epochs())
    hook = LossWarmupHook(warmup_epochs=2)
    hook.before_train(runner)
    seen = []
    for runner.epoch in range(4):
        hook.before_train_epoch(runner)
        seen.append(loss.enabled)
    assert seen == [False, False, True, True]


def test_is_silent_where_there_is_nothing_to_warm_up(
        recwarn: pytest.WarningsRecorder) -> None:
    """Whatever the loop; a loss of another project has its own terms."""
    runner = SimpleNamespace(
        model=nn.Linear(1, 1),
        train_loop=object.__new__(IterBasedTrainLoop),
        epoch=0)
    LossWarmupHook().before_train(runner)
    LossWarmupHook().before_train_epoch(runner)
    assert not recwarn.list


def test_refuses_a_negative_number() -> None:
    with pytest.raises(ValueError, match='got -1'):
        LossWarmupHook(warmup_epochs=-1)


def test_refuses_training_by_iterations() -> None:
    loop = object.__new__(IterBasedTrainLoop)
    with pytest.raises(TypeError, match='by_epoch=True'):
        LossWarmupHook().before_train(
            SimpleNamespace(model=_Loss(), train_loop=loop))


def test_refuses_a_training_without_a_step() -> None:
    loop = epochs()
    loop.dataloader = DataLoader([1, 2, 3], batch_size=4, drop_last=True)
    with pytest.raises(ValueError, match='3 training .* batch of 4'):
        LossWarmupHook().before_train(
            SimpleNamespace(model=_Loss(), train_loop=loop))
