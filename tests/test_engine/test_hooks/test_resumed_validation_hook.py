"""A validation that was cut off is made up for."""
from types import SimpleNamespace

import pytest

from fnac_mm.engine import ResumedValidationHook


class _Hub:

    def __init__(self, **info) -> None:
        self.runtime_info = info

    def update_info(self, key, value) -> None:
        self.runtime_info[key] = value


def _runner(epoch: int, interval: int = 1, **info) -> SimpleNamespace:
    calls = []
    return SimpleNamespace(
        epoch=epoch,
        calls=calls,
        hooks=[],
        logger=SimpleNamespace(info=print),
        message_hub=_Hub(**info),
        train_loop=SimpleNamespace(val_begin=1, val_interval=interval),
        val_loop=SimpleNamespace(run=lambda: calls.append(1)))


@pytest.mark.parametrize('runner, expected', [
    (_runner(0), 0),
    (_runner(3), 1),
    (_runner(3, validated_epoch=2), 1),
    (_runner(3, validated_epoch=3), 0),
    (_runner(3, interval=2), 0),
    (_runner(4, interval=2), 1),
])
def test_validates_what_was_due(runner, expected) -> None:
    ResumedValidationHook().before_train(runner)
    assert len(runner.calls) == expected


def test_remembers_the_validated_epoch() -> None:
    runner = _runner(5)
    ResumedValidationHook().after_val_epoch(runner, {})
    ResumedValidationHook().before_train(runner)
    assert runner.calls == []


def test_without_validation_there_is_nothing_to_do() -> None:
    runner = _runner(3)
    runner.val_loop = None
    ResumedValidationHook().before_train(runner)
