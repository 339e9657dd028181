"""Config hash, code version, and who is told."""
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub

import fnac_mm
from fnac_mm.engine import ProvenanceHook, SafeCheckpointHook
from fnac_mm.engine.hooks import provenance_hook as provenance
from fnac_mm.engine.launch import load_config, split_batch
from fnac_mm.utils import file_digest
from ..health_runs import build

CONFIG = 'configs/fnac_synthetic.py'


def digest(root: Path, **options: object) -> str:
    cfg = load_config(str(root / CONFIG), cfg_options=options)
    return provenance.config_digest(cfg.to_dict())


def test_places_and_shares_do_not_matter(root: Path, tmp_path: Path,
                                         monkeypatch) -> None:
    cfg = load_config(
        str(root / CONFIG),
        data_root=str(tmp_path),
        work_dir=str(tmp_path),
        cfg_options={
            'train_dataloader.num_workers': 7,
            'default_hooks.logger.interval': 3,
            'resume': True
        })
    monkeypatch.setenv('WORLD_SIZE', '4')
    split_batch(cfg, 'pytorch')
    assert cfg.train_dataloader.batch_size == 16
    assert provenance.config_digest(cfg.to_dict()) == digest(root)


@pytest.mark.parametrize('option, value', [
    ('randomness.seed', 5),
    ('optim_wrapper.optimizer.lr', 0.1),
    ('global_batch_size', 32),
    ('model.loss.temperature', 0.1),
    ('default_hooks.randomness.type', 'Hook'),
])
def test_what_decides_a_number_does(root: Path, option: str, value) -> None:
    assert digest(root, **{option: value}) != digest(root)


def test_order_of_keys_does_not() -> None:
    one = Config(dict(a=dict(x=1, y=[2, 3]), b=None))
    two = Config(dict(b=None, a=dict(y=[2, 3], x=1)))
    assert provenance.config_digest(one.to_dict()) == provenance.config_digest(
        two.to_dict())


def git(folder: Path, *args: str) -> str:
    """Of a commit by nobody in particular."""
    done = subprocess.run(
        ['git', '-c', 'user.name=a', '-c', 'user.email=a@b', *args],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True)
    return done.stdout.strip()


def test_commit_and_changes_of_a_checkout(tmp_path: Path, monkeypatch) -> None:
    if shutil.which('git') is None:
        pytest.skip('no git')
    file = tmp_path / 'fnac_mm' / 'engine' / 'hooks' / 'provenance_hook.py'
    file.parent.mkdir(parents=True)
    file.write_text('')
    monkeypatch.setattr(provenance, '__file__', str(file))
    found = provenance.code_version.__wrapped__
    assert found() == dict(fnac_mm=fnac_mm.__version__)
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-qm', 'a')
    commit = git(tmp_path, 'rev-parse', 'HEAD')
    assert found() == dict(
        fnac_mm=fnac_mm.__version__, commit=commit, dirty=False)
    file.write_text('# changed')
    assert found()['dirty'] is True
    # Installed into an environment inside somebody's repository.
    inner = tmp_path / 'env' / file.relative_to(tmp_path)
    inner.parent.mkdir(parents=True)
    monkeypatch.setattr(provenance, '__file__', str(inner))
    assert found() == dict(fnac_mm=fnac_mm.__version__)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(provenance, '__file__', str(file))
    assert found() == dict(fnac_mm=fnac_mm.__version__)


def test_a_run_is_described_without_time_and_place(root: Path) -> None:
    facts = provenance.describe_run(Config.fromfile(root / CONFIG).to_dict())
    assert set(facts) == {'config_sha256', 'code', 'hardware'}
    assert set(facts['hardware']) == {'device', 'torch', 'threads'}
    assert facts['hardware']['threads'] == torch.get_num_threads()


def test_a_checkpoint_says_what_it_comes_from(tmp_path: Path) -> None:
    hooks = (ProvenanceHook(), SafeCheckpointHook(interval=1))
    runner = build(tmp_path, hooks=hooks)
    runner.train()
    saved = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    facts = provenance.describe_run(runner.cfg.to_dict())
    assert saved['meta']['provenance'] == facts
    # What a resumed run would take for its own.
    assert 'provenance' not in saved['message_hub']['runtime_info']
    assert runner.message_hub.get_info('provenance') == facts


def test_a_test_names_the_weights(tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    path.write_bytes(b'weights')
    hub = MessageHub.get_instance('a_test_names_the_weights')
    runner = SimpleNamespace(
        cfg=Config(dict(a=1)), message_hub=hub, _load_from=str(path))
    ProvenanceHook().before_test(runner)
    told = hub.get_info('provenance')
    assert told['checkpoint_sha256'] == file_digest(path)
    assert set(told) == {
        'config_sha256', 'code', 'hardware', 'checkpoint_sha256'
    }
