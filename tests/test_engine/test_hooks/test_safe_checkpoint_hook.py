"""Checkpoints are whole, hold plain data and fit the model."""
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import LocalBackend
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import Runner
from torch import nn

from fnac_mm.engine import AtomicLocalBackend, SafeCheckpointHook
from fnac_mm.engine.checkpoint_contents import to_plain
from tests.conftest import ROOT
from tests.faults.toy_run import STEPS, final_state, same, toy_config


def _runner() -> SimpleNamespace:
    return SimpleNamespace(
        model=nn.Linear(3, 2), _load_from='x.pth', _resume=False, work_dir='.')


def _checkpoint() -> dict:
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    return dict(
        state_dict=nn.Linear(3, 2).state_dict(),
        meta=dict(seed=np.int64(3), epoch=1, score=np.float64(0.5)),
        message_hub=dict(
            log_scalars=OrderedDict(loss=buffer),
            runtime_info=OrderedDict(
                best_score=np.float64(41.5), hist=np.arange(3)),
            resumed_keys=OrderedDict(loss=True)),
        optimizer=dict(state={0: dict(step=torch.tensor(1.))}))


def test_what_is_saved_has_no_unsafe_global(tmp_path) -> None:
    checkpoint = _checkpoint()
    SafeCheckpointHook().before_save_checkpoint(_runner(), checkpoint)
    path = tmp_path / 'a.pth'
    torch.save(checkpoint, path)
    unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    assert unsafe == []
    loaded = torch.load(path, weights_only=True)
    assert loaded['meta'] == dict(seed=3, epoch=1, score=0.5)
    info = loaded['message_hub']['runtime_info']
    assert info['best_score'] == 41.5 and info['hist'] == [0, 1, 2]


def test_the_running_buffers_survive_saving() -> None:
    checkpoint = _checkpoint()
    scalars = checkpoint['message_hub']['log_scalars']
    SafeCheckpointHook().before_save_checkpoint(_runner(), checkpoint)
    assert list(scalars) == ['loss']


def test_nothing_is_announced_that_is_not_kept(monkeypatch) -> None:
    """MMEngine warns of each key that a checkpoint names but has not."""
    said: list = []
    monkeypatch.setattr('mmengine.logging.message_hub.print_log',
                        lambda message, *args, **kwargs: said.append(message))
    before, after = (MessageHub(name) for name in ('before', 'after'))
    before.update_scalar('train/loss', 1.5)
    before.update_info('best_score', 41.5)
    before.update_info('code', 'of this start', resumed=False)
    keys = dict(before._resumed_keys)
    checkpoint = dict(message_hub=before.state_dict())
    SafeCheckpointHook().before_save_checkpoint(_runner(), checkpoint)
    after.update_info('code', 'of the next', resumed=False)
    after.load_state_dict(checkpoint['message_hub'])
    assert said == []
    assert after.runtime_info == dict(best_score=41.5, code='of the next')
    assert after._resumed_keys == dict(best_score=True, code=False)
    assert before._resumed_keys == keys
    checkpoint['message_hub']['runtime_info'].clear()
    MessageHub('damaged').load_state_dict(checkpoint['message_hub'])
    assert len(said) == 1 and 'best_score is not defined' in said[0]


def test_to_plain_keeps_tensors_and_tuples() -> None:
    tensor = torch.ones(2)
    plain = to_plain(dict(a=(np.float32(1), tensor), b=[np.bool_(True)]))
    assert plain['a'][1] is tensor
    assert type(plain['a'][0]) is float and plain['b'] == [True]


@pytest.mark.parametrize('change, message', [
    (lambda s: s.pop('bias'), 'missing: bias'),
    (lambda s: s.update(extra=torch.ones(1)), 'unexpected: extra'),
    (lambda s: s.update(weight=torch.ones(2, 4)), r'weight \(2, 4\) instead'),
])
def test_a_checkpoint_that_does_not_fit_is_listed(change, message) -> None:
    state = nn.Linear(3, 2).state_dict()
    change(state)
    with pytest.raises(ValueError, match='x.pth.*does not fit') as error:
        SafeCheckpointHook().after_load_checkpoint(_runner(),
                                                   dict(state_dict=state))
    assert error.match(message)
    SafeCheckpointHook(strict=False).after_load_checkpoint(
        _runner(), dict(state_dict=state))


def test_parallel_prefix_fits_and_published_files_are_explained() -> None:
    state = {f'module.{k}': v for k, v in nn.Linear(3, 2).state_dict().items()}
    SafeCheckpointHook().after_load_checkpoint(_runner(),
                                               dict(state_dict=state))
    with pytest.raises(ValueError, match='convert_official'):
        SafeCheckpointHook().after_load_checkpoint(_runner(),
                                                   dict(model=state))


def _saved(path, **content) -> str:
    torch.save(dict(state_dict=nn.Linear(3, 2).state_dict(), **content), path)
    return str(path)


def test_a_damaged_latest_checkpoint_falls_back(tmp_path) -> None:
    _saved(tmp_path / 'epoch_9.pth')
    whole = _saved(tmp_path / 'epoch_10.pth')
    cut = tmp_path / 'epoch_11.pth'
    cut.write_bytes((tmp_path / 'epoch_10.pth').read_bytes()[:500])
    (tmp_path / 'last_checkpoint').write_text('')
    runner = SimpleNamespace(
        _load_from=None, _resume=True, work_dir=str(tmp_path))
    SafeCheckpointHook().before_run(runner)
    assert runner._load_from == whole
    for name in ('epoch_9.pth', 'epoch_10.pth'):
        (tmp_path / name).write_bytes(b'')
    runner._load_from = None
    with pytest.raises(ValueError, match='none of its 3 checkpoints'):
        SafeCheckpointHook().before_run(runner)


def test_nothing_to_resume_starts_anew(tmp_path) -> None:
    runner = SimpleNamespace(
        _load_from=None, _resume=True, work_dir=str(tmp_path))
    SafeCheckpointHook().before_run(runner)
    assert runner._load_from is None and not runner._resume


def test_a_missing_checkpoint_is_named(tmp_path) -> None:
    runner = SimpleNamespace(
        _load_from=str(tmp_path / 'no.pth'), _resume=False)
    with pytest.raises(FileNotFoundError, match='no.pth'):
        SafeCheckpointHook().before_run(runner)


def test_a_config_that_mmengine_would_execute_is_dropped() -> None:
    checkpoint = dict(
        state_dict=nn.Linear(3, 2).state_dict(),
        meta=dict(config='raise SystemExit', cfg='a = 1'))
    SafeCheckpointHook().after_load_checkpoint(_runner(), checkpoint)
    assert checkpoint['meta'] == dict(cfg='a = 1')


def test_downloads_are_loaded_weights_only(monkeypatch, tmp_path) -> None:
    """torch.hub passes weights_only=False; the variable overrules it."""
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
    runner = SimpleNamespace(_load_from='https://x/y.pth', _resume=False)
    SafeCheckpointHook().before_run(runner)
    path = tmp_path / 'code.pth'
    torch.save(dict(a=SimpleNamespace()), path)
    with pytest.raises(Exception, match='[Ww]eights'):
        torch.load(path, weights_only=False)


def _toy(work: Path, epochs: int = 1, **options) -> Runner:
    work.mkdir(exist_ok=True)
    cfg = toy_config(work, epochs, **options)
    cfg.experiment_name = f'toy_of_{work}_{epochs}'.replace('/', '_')
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
    _toy(
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
    runner = _toy(
        tmp_path,
        default_hooks__checkpoint__by_epoch=False,
        default_hooks__checkpoint__interval=3,
        optim_wrapper__accumulative_counts=2)
    with pytest.raises(ValueError, match='every 3 steps.*accumulations of 2'):
        runner.train()


def test_by_epochs_that_is_a_warning(tmp_path, capfd) -> None:
    _toy(tmp_path, optim_wrapper__accumulative_counts=2).train()
    out, error = capfd.readouterr()
    assert f'every {STEPS} steps splits' in out + error


def test_another_backend_stays(tmp_path) -> None:
    arguments = dict(backend='local')
    hook = SafeCheckpointHook(backend_args=arguments)
    assert hook.backend_args == arguments
    assert SafeCheckpointHook(out_dir='s3://a').backend_args is None
    assert SafeCheckpointHook().backend_args == dict(backend='atomic_local')


SCHEDULE = str(ROOT / 'configs/_base_/schedules/synthetic.py')


def test_what_a_resumed_training_ignores_is_said(tmp_path, capfd) -> None:
    schedules = Config.fromfile(SCHEDULE).param_scheduler
    _toy(tmp_path, param_scheduler=schedules).train()
    assert 'without effect' not in ''.join(capfd.readouterr())
    _toy(tmp_path, 2, param_scheduler=schedules).train()
    assert 'without effect' not in ''.join(capfd.readouterr())
    schedules[1].update(T_max=20)
    _toy(
        tmp_path,
        3,
        param_scheduler=schedules,
        optim_wrapper__optimizer__lr=1e-6).train()
    said = ''.join(capfd.readouterr())
    assert 'optimizer.0.lr stays 0.01, not 1e-06' in said
    assert (f'param_scheduler.1.T_max stays {10 * STEPS}, not {20 * STEPS}'
            in said)
    assert said.count('stays') == 2


def test_one_epoch_and_one_more_are_two(tmp_path) -> None:
    schedules = Config.fromfile(SCHEDULE).param_scheduler
    for name, epochs in (('a', 1), ('a', 2), ('b', 2)):
        _toy(tmp_path / name, epochs, param_scheduler=schedules).train()
    one, two = (
        final_state(tmp_path / name, 'epoch_2.pth') for name in ('a', 'b'))
    assert same(one, two)
