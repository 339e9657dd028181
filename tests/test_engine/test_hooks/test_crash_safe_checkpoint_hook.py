"""Nothing is removed before what replaces it is there."""
from pathlib import Path

import pytest
from mmengine.fileio import LocalBackend
from mmengine.runner import Runner

from fnac_mm.engine import AtomicLocalBackend, CrashSafeCheckpointHook
from tests.faults.toy_run import STEPS, toy_config


def _runner(work: Path, epochs: int = 1, **options) -> Runner:
    cfg = toy_config(work, epochs, **options)
    cfg.experiment_name = f'toy_of_{work.name}'
    return Runner.from_cfg(cfg)


def test_there_are_always_as_many_as_asked_for(tmp_path, monkeypatch) -> None:
    """Looked at whenever a file is written or removed."""
    seen = []

    def look(method, kind):

        def wrapped(self, *args):
            method(self, *args)
            names = {path.stem[:5] for path in tmp_path.glob('*.pth')}
            epochs = list(tmp_path.glob('epoch_*.pth'))
            seen.append((kind, len(epochs), 'best_' in names))

        return wrapped

    monkeypatch.setattr(AtomicLocalBackend, 'put',
                        look(AtomicLocalBackend.put, 'put'))
    monkeypatch.setattr(LocalBackend, 'remove',
                        look(LocalBackend.remove, 'remove'))
    _runner(
        tmp_path,
        5,
        default_hooks__checkpoint__max_keep_ckpts=2,
        default_hooks__checkpoint__rule='less').train()
    assert ('remove', 2, True) in seen
    counts = [count for _, count, _ in seen]
    assert max(counts) == 3 and min(counts[counts.index(2):]) == 2
    best = [there for _, _, there in seen]
    assert all(best[best.index(True):])
    assert (tmp_path / 'last_checkpoint').read_text().endswith('epoch_5.pth')
    assert len(list(tmp_path.glob('best_*'))) == 1


def test_an_interval_that_splits_an_accumulation_is_refused(tmp_path) -> None:
    runner = _runner(
        tmp_path,
        default_hooks__checkpoint__by_epoch=False,
        default_hooks__checkpoint__interval=3,
        optim_wrapper__accumulative_counts=2)
    with pytest.raises(ValueError, match='every 3 steps.*accumulations of 2'):
        runner.train()


def test_by_epochs_that_is_a_warning(tmp_path, capfd) -> None:
    _runner(tmp_path, optim_wrapper__accumulative_counts=2).train()
    out, error = capfd.readouterr()
    assert f'every {STEPS} steps splits' in out + error


def test_another_backend_stays(tmp_path) -> None:
    arguments = dict(backend='local')
    hook = CrashSafeCheckpointHook(backend_args=arguments)
    assert hook.backend_args == arguments
    assert CrashSafeCheckpointHook(out_dir='s3://a').backend_args is None
    assert CrashSafeCheckpointHook().backend_args == dict(
        backend='atomic_local')
