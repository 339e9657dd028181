"""Steps that are not finite, one process and two."""
import warnings
from pathlib import Path
from typing import List, Tuple

import pytest
import torch
from mmengine.dist import get_rank
from mmengine.optim import LinearLR, OptimWrapper, OptimWrapperDict
from torch import nn

from fnac_mm.engine.finite_step_guard import FiniteStepGuard
from ..ddp_helpers import run_distributed
from .health_runs import build


def watched(skip: bool) -> Tuple[nn.Module, OptimWrapper, FiniteStepGuard]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    wrapper = OptimWrapper(torch.optim.Adam(model.parameters(), lr=0.1))
    return model, wrapper, FiniteStepGuard(wrapper, model, skip)


def take_step(model: nn.Module, wrapper: OptimWrapper, guard: FiniteStepGuard,
              factor: float) -> bool:
    guard.begin()
    wrapper.update_params(model(torch.ones(1, 3)).sum() * factor)
    return guard.take()


@pytest.mark.parametrize('factor, bad', [(1, False), (float('nan'), True),
                                         (float('inf'), True)])
def test_both_modes_see_the_same(factor: float, bad: bool) -> None:
    for skip in (True, False):
        model, wrapper, guard = watched(skip)
        before = model.weight.clone()
        assert take_step(model, wrapper, guard, factor) is bad
        assert guard.take() is False
        assert torch.equal(before, model.weight) is (bad and skip)
        assert all(p.grad is None for p in model.parameters())


def test_norm_is_torchs(tmp_path: Path) -> None:
    model, wrapper, guard = watched(False)
    take_step(model, wrapper, guard, 2.)
    # d/dw of 2 (w x + b): 2, 2, 2 and 2.
    assert guard.grad_norm.item() == pytest.approx(4)
    guard.detach()
    assert not {'step', 'backward'} & set(vars(wrapper))


def test_a_scheduler_goes_on_counting_steps() -> None:
    model = nn.Linear(3, 1)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    scheduler = LinearLR(wrapper, start_factor=0.5, by_epoch=False, end=4)
    guard = FiniteStepGuard(wrapper, model, False)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        take_step(model, wrapper, guard, 1.)
        scheduler.step()
    assert wrapper._global_step == 0
    guard.detach()
    wrapper.step()
    assert wrapper._global_step == 1


def test_a_scheduler_made_later_counts_steps() -> None:
    model, wrapper, guard = watched(True)
    of_torch = torch.optim.lr_scheduler.LinearLR(wrapper.optimizer, 0.5)
    scheduler = LinearLR(wrapper, start_factor=0.5, by_epoch=False, end=4)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for factor, bad in ((1., False), (float('nan'), True)):
            before = model.weight.clone()
            assert take_step(model, wrapper, guard, factor) is bad
            assert torch.equal(before, model.weight) is bad
            scheduler.step()
            of_torch.step()
        assert wrapper._global_step == 1
        # Still counted, no longer watched; another guard may follow.
        guard.detach()
        wrapper.step()
        assert wrapper._global_step == 2 and not guard.take()
        scheduler.step()
        second = FiniteStepGuard(wrapper, model, True)
        assert take_step(model, wrapper, second, float('nan'))
        assert not guard.take() and wrapper._global_step == 2
        second.detach()
        wrapper.step()
    assert wrapper._global_step == 3


def test_one_optimizer_is_needed() -> None:
    wrapper = OptimWrapperDict(a=watched(False)[1])
    with pytest.raises(TypeError, match='OptimWrapperDict'):
        FiniteStepGuard(wrapper, nn.Linear(1, 1), False)


def alone_bad() -> List[object]:
    """Step of a process of which only the second one's loss is NaN."""
    model, wrapper, guard = watched(True)
    factor = float('nan') if get_rank() == 1 else 1.
    before = model.weight.clone()
    found = take_step(model, wrapper, guard, factor)
    return [found, torch.equal(before, model.weight)]


def train_together(folder: str) -> str:
    """A training in which one process has the bad clip."""
    runner = build(Path(folder), bad=(5, ) if get_rank() == 1 else ())
    try:
        runner.train()
    except FloatingPointError as error:
        return str(error)
    return ''


@pytest.mark.ddp
def test_all_processes_decide_alike(tmp_path: Path) -> None:
    assert run_distributed(alone_bad, 2) == [[True, True]] * 2
    messages = run_distributed(train_together, 2, str(tmp_path))
    assert all('step 1 ' in m and 'clip4' in m for m in messages)
    lines = (tmp_path / 'non_finite.jsonl').read_text().splitlines()
    assert len(lines) == 1 and lines[0].count('clip') == 8
