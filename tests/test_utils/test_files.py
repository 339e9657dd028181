"""Files are there whole or not at all."""
import errno
import os
from pathlib import Path

import pytest

from fnac_mm.utils.files import (UNFINISHED, atomic_path, file_digest,
                                 remove_unfinished, write_atomically)


def test_text_and_bytes_in_new_folders(tmp_path) -> None:
    path = tmp_path / 'new' / 'a.txt'
    write_atomically(path, 'grün')
    assert path.read_text(encoding='utf-8') == 'grün'
    write_atomically(path, b'12')
    assert path.read_bytes() == b'12'
    assert os.listdir(tmp_path / 'new') == ['a.txt']


def test_a_draft_has_the_suffix_whatever_the_length_of_the_name(
        tmp_path) -> None:
    path = tmp_path / ('a' * 251 + '.mp4')
    with atomic_path(path) as draft:
        assert draft.suffix == '.mp4' and draft.parent == tmp_path
        draft.write_bytes(b'film')
        assert not path.exists()
    assert os.listdir(tmp_path) == [path.name]


def test_digest_of_a_file(tmp_path) -> None:
    """The standard's value for 'abc' (FIPS 180-2, B.1)."""
    (tmp_path / 'a').write_bytes(b'abc')
    assert file_digest(tmp_path / 'a') == (
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')


def test_others_may_read_as_the_mask_says(tmp_path) -> None:
    previous = os.umask(0o027)
    try:
        write_atomically(tmp_path / 'a', b'')
    finally:
        os.umask(previous)
    assert (tmp_path / 'a').stat().st_mode & 0o777 == 0o640


def test_a_failure_keeps_the_previous_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / 'a'
    write_atomically(path, b'old', durable=True)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space'):
        write_atomically(path, b'new', durable=True)
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['a']


def test_the_order_is_write_sync_rename_sync(tmp_path, monkeypatch) -> None:
    calls = []
    for name in ('fsync', 'replace'):
        real = getattr(os, name)
        monkeypatch.setattr(
            os,
            name,
            lambda *a, name=name, real=real: (calls.append(name), real(*a)))
    write_atomically(tmp_path / 'a', b'x', durable=True)
    assert calls == ['fsync', 'replace', 'fsync']


def test_what_a_kill_left_is_removed(tmp_path) -> None:
    for name in (UNFINISHED + 'x', 'epoch_1.pth'):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ['epoch_1.pth']


def test_a_stop_as_the_draft_appears_leaves_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch = Path.touch

    def stop(path: Path, **kwargs: bool) -> None:
        touch(path, **kwargs)
        raise SystemExit(143)

    monkeypatch.setattr(Path, 'touch', stop)
    with pytest.raises(SystemExit):
        write_atomically(tmp_path / 'a.json', '{}')
    assert not list(tmp_path.iterdir())
