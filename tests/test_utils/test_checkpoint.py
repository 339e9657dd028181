"""Checkpoints are read, code in them is not run."""
import os
from pathlib import Path

import pytest
import torch

from fnac_mm.utils import load_plain_checkpoint, safe_loading
from tests.payload import Payload


def test_code_is_refused_even_where_weights_only_is_off(
        tmp_path: Path) -> None:
    torch.save(
        dict(model=Payload(os.mkdir, str(tmp_path / 'ran'))),
        tmp_path / 'bad.pth')
    with pytest.raises(ValueError, match=r'bad\.pth: refused.*mkdir'):
        with safe_loading('bad.pth'):
            torch.load(tmp_path / 'bad.pth', weights_only=False)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('content', [b'', b'garbage', b'PK\x03\x04broken'])
def test_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'broken.pth').write_bytes(content)
    with pytest.raises(ValueError, match=r'broken\.pth: '):
        with safe_loading('broken.pth'):
            torch.load(tmp_path / 'broken.pth')


@pytest.mark.parametrize('previous', [None, '0'])
def test_environment_is_restored(monkeypatch: pytest.MonkeyPatch,
                                 previous: str) -> None:
    key = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
    monkeypatch.delenv(key, raising=False)
    if previous is not None:
        monkeypatch.setenv(key, previous)
    with safe_loading('x'):
        assert os.environ[key] == '1'
    assert os.environ.get(key) == previous


def test_plain_checkpoint_is_read_and_anything_else_named(
        tmp_path: Path) -> None:
    torch.save(dict(epoch=3), tmp_path / 'good.pth')
    assert load_plain_checkpoint(str(tmp_path / 'good.pth')) == dict(epoch=3)
    torch.save([1], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match=r'list\.pth: expected a dict'):
        load_plain_checkpoint(str(tmp_path / 'list.pth'))
    torch.save(Payload(os.mkdir, str(tmp_path / 'ran')), tmp_path / 'code.pth')
    with pytest.raises(ValueError, match=r'code\.pth: refused'):
        load_plain_checkpoint(str(tmp_path / 'code.pth'))
    assert not (tmp_path / 'ran').exists()
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        load_plain_checkpoint(str(tmp_path / 'none.pth'))
