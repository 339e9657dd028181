"""Files are there whole or not at all."""
import errno
import os

import pytest
from mmengine.fileio import get_file_backend, join_path

from fnac_mm.engine.atomic_backend import (TEMPORARY, AtomicLocalBackend,
                                           remove_unfinished)


def test_it_is_a_backend_of_mmengine(tmp_path) -> None:
    arguments = dict(backend='atomic_local')
    backend = get_file_backend(str(tmp_path), backend_args=arguments)
    path = join_path(str(tmp_path), 'new', 'a.txt', backend_args=arguments)
    backend.put_text('grün', path)
    assert backend.get_text(path) == 'grün'
    backend.put(b'12', path)
    assert backend.get(path) == b'12'
    assert os.listdir(tmp_path / 'new') == ['a.txt']


def test_others_may_read_as_the_mask_says(tmp_path) -> None:
    previous = os.umask(0o027)
    try:
        AtomicLocalBackend().put(b'', tmp_path / 'a')
    finally:
        os.umask(previous)
    assert (tmp_path / 'a').stat().st_mode & 0o777 == 0o640


def test_a_failure_keeps_the_previous_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / 'a'
    AtomicLocalBackend().put(b'old', path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space'):
        AtomicLocalBackend().put(b'new', path)
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['a']


def test_the_order_is_write_sync_rename_sync(tmp_path, monkeypatch) -> None:
    calls = []
    for name in ('fsync', 'replace'):
        real = getattr(os, name)
        monkeypatch.setattr(
            os,
            name,
            lambda *a, name=name, real=real: (calls.append(name), real(*a)))
    AtomicLocalBackend().put(b'x', tmp_path / 'a')
    assert calls == ['fsync', 'replace', 'fsync']


def test_what_a_kill_left_is_removed(tmp_path) -> None:
    for name in (TEMPORARY + 'x', 'epoch_1.pth'):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ['epoch_1.pth']
