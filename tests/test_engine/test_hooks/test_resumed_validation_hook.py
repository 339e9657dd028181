"""A validation that was cut off is made up for, and no other."""
from pathlib import Path
from typing import List

from mmengine.hooks import Hook
from mmengine.runner import Runner

from fnac_mm.registry import HOOKS
from tests.faults.toy_run import toy_config


@HOOKS.register_module()
class StopHook(Hook):
    """Ends a run while an epoch is validated, and notes which ones are."""

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch
        self.validated: List[int] = []

    def before_val_epoch(self, runner: Runner) -> None:
        """In the validation of that epoch."""
        self.validated.append(runner.epoch)
        if runner.epoch == self.epoch:
            raise InterruptedError


def validated(work: Path, epochs: int, stop: int = 0, **options) -> List[int]:
    """Train on; the epochs that were validated."""
    cfg = toy_config(
        work,
        epochs,
        default_hooks__stop__type='StopHook',
        default_hooks__stop__epoch=stop,
        **options)
    cfg.experiment_name = f'{work.name}_{epochs}_{stop}_{len(options)}'
    runner = Runner.from_cfg(cfg)
    try:
        runner.train()
    except InterruptedError:
        pass
    return next(h for h in runner.hooks if isinstance(h, StopHook)).validated


def test_only_what_was_cut_off_is_validated_again(tmp_path: Path) -> None:
    assert validated(tmp_path, 2) == [1, 2]
    assert validated(tmp_path, 4, stop=4) == [3, 4]
    assert validated(tmp_path, 5) == [4, 5]
    # The last epoch of a training too, which is validated whatever the
    # interval.
    every = dict(train_cfg__val_interval=4)
    assert validated(tmp_path, 6, stop=6, **every) == [6]
    assert validated(tmp_path, 6, **every) == [6]
    logs = [p.read_text() for p in tmp_path.glob('*/vis_data/scalars.json')]
    assert any('toy/score' in log for log in logs)
    assert not any('validated' in log for log in logs)


def test_another_checkpoint_of_that_epoch_is_validated(tmp_path) -> None:
    assert validated(tmp_path, 2) == [1, 2]
    other = tmp_path / 'other.pth'
    (tmp_path / 'epoch_2.pth').rename(other)
    assert validated(tmp_path, 3, load_from=str(other)) == [2, 3]


def test_schedules_that_follow_the_score_hear_it(tmp_path: Path) -> None:
    follow = dict(param_scheduler=[
        dict(type='ReduceOnPlateauLR', monitor='toy/score', by_epoch=True)
    ])
    assert validated(tmp_path, 1, **follow) == [1]
    assert validated(tmp_path, 2, **follow) == [1, 2]


def test_without_validation_there_is_nothing_to_do(tmp_path: Path) -> None:
    none = dict(val_cfg=None, val_dataloader=None, val_evaluator=None)
    none['default_hooks__checkpoint__save_best'] = None
    assert validated(tmp_path, 1, **none) == validated(tmp_path, 2, **
                                                       none) == []
