"""Packing: what stops it leaves something to go on with."""
import os
import resource
import shutil
import signal
from pathlib import Path
from typing import Callable

import pytest

from fnac_mm.datasets.packed import writer
from fnac_mm.datasets.packed.reader import (PackedDataError, PackedMedia,
                                            read_manifest)
from fnac_mm.datasets.packed.record import MediaEncoder, MediaFile, packed_key
from fnac_mm.datasets.packed.writer import MediaPacker, PackingError
from ..packs import build, pack, records, synthetic_config


@pytest.fixture()
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, '_COMMIT_BYTES', 200_000)


@pytest.fixture()
def encoded(monkeypatch: pytest.MonkeyPatch) -> list:
    """Keys in the order in which they are encoded."""
    keys, encode = [], MediaEncoder.__call__

    def spy(self: MediaEncoder, file: MediaFile):
        keys.append(file.key)
        return encode(self, file)

    monkeypatch.setattr(MediaEncoder, '__call__', spy)
    return keys


def in_a_child(work: Callable[[], None]) -> int:
    """Status of a forked process that does this; its errors are printed."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except PackingError as error:
            print(error)
            os._exit(3)
        finally:
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_killed_and_run_again(synthetic: Path, tmp_path: Path, encoded: list,
                              small_commits: None,
                              monkeypatch: pytest.MonkeyPatch):
    config = synthetic_config(synthetic)
    pack(config, tmp_path / 'whole')
    everything = set(encoded)
    commit, calls = writer._commit, []

    def deadly(*args: object) -> None:
        commit(*args)
        calls.append(0)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        monkeypatch.setattr(writer, '_commit', deadly)
        pack(config, tmp_path / 'torn')

    assert in_a_child(work) == -signal.SIGKILL
    done = {key.decode() for key in records(tmp_path / 'torn')}
    assert 5 < len(done & everything) < len(everything)
    with pytest.raises(PackedDataError, match='not finished'):
        PackedMedia(tmp_path / 'torn')
    encoded.clear()
    manifest = pack(config, tmp_path / 'torn')
    assert manifest['complete']
    assert set(encoded) == everything - done
    assert records(tmp_path / 'torn') == records(tmp_path / 'whole')
    encoded.clear()
    assert pack(config, tmp_path / 'torn') == manifest
    assert not encoded


def test_a_disk_that_fills_up(synthetic: Path, tmp_path: Path,
                              small_commits: None,
                              capfd: pytest.CaptureFixture):
    config = synthetic_config(synthetic)

    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        pack(config, tmp_path / 'full')

    assert in_a_child(work) == 3
    message = capfd.readouterr().out
    assert str(tmp_path / 'full') in message and 'same command' in message
    assert 'GiB are free' in message
    assert len(records(tmp_path / 'full')) > 3
    pack(config, tmp_path / 'full')
    pack(config, tmp_path / 'whole')
    assert records(tmp_path / 'full') == records(tmp_path / 'whole')
    assert PackedMedia(tmp_path / 'full').verify() == []


def test_a_disk_that_is_too_small(synthetic: Path, tmp_path: Path,
                                  monkeypatch: pytest.MonkeyPatch):
    usage = writer.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(writer.shutil, 'disk_usage',
                        lambda folder: usage._replace(free=1000))
    with pytest.raises(PackingError, match='still needed, 0.000 GiB') as error:
        pack(synthetic_config(synthetic), tmp_path / 'x')
    assert str(tmp_path / 'x') in str(error.value)


def test_workers_give_the_same_records(synthetic: Path, tmp_path: Path):
    config = synthetic_config(synthetic)
    packer = MediaPacker(tmp_path / 'two', config['pipeline'])
    packer.pack(build(config, pipeline=[]), workers=2)
    pack(config, tmp_path / 'none')
    assert records(tmp_path / 'two') == records(tmp_path / 'none')


def test_a_larger_list_is_added(synthetic: Path, tmp_path: Path):
    config = synthetic_config(synthetic)
    first = (synthetic / 'metadata' / 'train.txt').read_text().split()[:9]
    (tmp_path / 'nine.txt').write_text('\n'.join(first))
    nine = dict(config, list_file=str(tmp_path / 'nine.txt'))
    assert pack(nine, tmp_path / 'p')['files']['img_path'] == 9
    assert pack(config, tmp_path / 'p')['files']['img_path'] == 24
    assert pack(nine, tmp_path / 'p')['files']['img_path'] == 24
    assert PackedMedia(tmp_path / 'p').verify() == []


def test_a_pack_that_was_read(synthetic: Path, tmp_path: Path):
    """It can't be gone on with; made again, the new one is read."""
    config, folder = synthetic_config(synthetic), tmp_path / 'p'
    for image_format, encoding in (('raw', 'planes'), ('png', 'png')):
        pack(config, folder, image_format=image_format)
        media = PackedMedia(folder)
        key = packed_key('img_path', media.names('img_path')[0])
        assert media.get(key)[0]['encoding'] == encoding
        with pytest.raises(PackingError, match='was read by this process'):
            pack(config, folder, image_format=image_format)
        shutil.rmtree(folder)


def test_other_arguments_and_other_folders(synthetic: Path, tmp_path: Path):
    config = synthetic_config(synthetic)
    manifest = pack(config, tmp_path / 'p')
    with pytest.raises(PackingError, match="image_format: raw there, png as"):
        pack(config, tmp_path / 'p', image_format='png')
    with pytest.raises(PackingError, match='not packed data'):
        pack(config, synthetic)
    writer.write_manifest(tmp_path / 'p', dict(manifest, audio_format='pcm16'))
    with pytest.raises(PackingError, match='pcm16 there'):
        pack(config, tmp_path / 'p')
    assert PackedMedia(tmp_path / 'p').manifest['complete']
    for length, complete in ((100_000, False), (8192, True)):
        writer.write_manifest(tmp_path / 'p',
                              dict(manifest, complete=complete))
        os.truncate(tmp_path / 'p' / 'data.mdb', length)
        with pytest.raises(PackedDataError, match='cut short'):
            pack(config, tmp_path / 'p')


def test_an_unreadable_test_file(tmp_path: Path, make_clip: Callable):
    for name in 'abc':
        make_clip(tmp_path, name)
    (tmp_path / 'frames' / 'b.jpg').write_bytes(b'no picture')
    (tmp_path / 'list.txt').write_text('a\nb\nc\n')
    config = dict(
        type='AVLocalizationDataset',
        data_root=str(tmp_path),
        list_file='list.txt',
        test_mode=True,
        pipeline=[dict(type='LoadImage'),
                  dict(type='LoadAudio')])
    with pytest.raises(PackingError, match='1 file.s. of 6') as error:
        pack(config, tmp_path / 'p')
    assert str(tmp_path / 'frames' / 'b.jpg') in str(error.value)
    assert not read_manifest(tmp_path / 'p')['complete']
    make_clip(tmp_path, 'b')
    assert pack(config, tmp_path / 'p')['files'] == dict(
        img_path=3, audio_path=3)
