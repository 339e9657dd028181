"""Config hash and code version."""
import shutil
import subprocess
from pathlib import Path

import pytest
from mmengine.config import Config

import fnac_mm
from fnac_mm.engine import provenance
from fnac_mm.engine.launch import load_config, split_batch

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
    ('default_hooks.health.on_non_finite', 'skip'),
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
    file = tmp_path / 'fnac_mm' / 'engine' / 'provenance.py'
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
    inner = tmp_path / 'env' / 'fnac_mm' / 'engine' / 'provenance.py'
    inner.parent.mkdir(parents=True)
    monkeypatch.setattr(provenance, '__file__', str(inner))
    assert found() == dict(fnac_mm=fnac_mm.__version__)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(provenance, '__file__', str(file))
    assert found() == dict(fnac_mm=fnac_mm.__version__)


def test_a_run_is_described_without_time_and_place(root: Path) -> None:
    facts = provenance.describe_run(Config.fromfile(root / CONFIG).to_dict())
    assert set(facts) == {'config_sha256', 'code', 'hardware'}
    assert set(facts['hardware']) == {'device', 'torch'}
