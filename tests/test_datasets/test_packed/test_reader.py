"""Reading packed files; damage of any kind is refused by name."""
import json
import multiprocessing
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mmengine import fileio

from fnac_mm.datasets.packed.reader import (PackedDataError, PackedMedia,
                                            read_manifest, write_manifest)
from fnac_mm.datasets.packed.record import packed_key
from ..packs import pack, records, synthetic_config


@pytest.fixture(scope='module')
def packed(synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('packed') / 'train'
    pack(synthetic_config(synthetic), folder)
    return folder


def test_mmengine_reads_the_file(synthetic: Path, packed: Path):
    """By its backend and the documented layout alone."""
    name = PackedMedia(packed).names('audio_path')[3]
    record = fileio.get(
        f'audio_path/{name}',
        backend_args=dict(backend='lmdb', db_path=str(packed)))
    length = int.from_bytes(record[4:8], 'little')
    header = json.loads(record[8:8 + length])
    assert header['encoding'] == 'int16'
    samples, rate = soundfile.read(
        synthetic / 'train' / 'audio' / name, dtype='int16')
    middle = (len(samples) - int(0.8 * rate)) // 2
    np.testing.assert_array_equal(
        np.frombuffer(record[8 + length:], np.int16),
        samples[middle:][:int(0.8 * rate)])
    assert header['results'] == dict(sample_rate=rate)


def _length_of(media: PackedMedia, key: str, queue) -> None:
    queue.put(len(media.get(key)[1]))


def test_another_process_reads_after_this_one_has(packed: Path):
    media = PackedMedia(packed)
    key = packed_key('img_path', media.names('img_path')[0])
    length = len(media.get(key)[1])
    context = multiprocessing.get_context('fork')
    queue = context.Queue()
    process = context.Process(target=_length_of, args=(media, key, queue))
    process.start()
    assert queue.get(timeout=60) == length
    process.join()
    assert len(pickle.loads(pickle.dumps(media)).get(key)[1]) == length
    assert len(media.get(key)[1]) == length


def copy(packed: Path, target: Path) -> Path:
    shutil.copytree(packed, target)
    return target / 'data.mdb'


@pytest.mark.parametrize('keep', [0, 4096, 0.5, -1])
def test_a_file_cut_short(packed: Path, tmp_path: Path, keep: float):
    path = copy(packed, tmp_path / 'cut')
    content = path.read_bytes()
    path.write_bytes(content[:int(keep *
                                  len(content)) if 0 < keep < 1 else keep])
    with pytest.raises(PackedDataError, match='cut short') as error:
        PackedMedia(path.parent)
    assert str(path) in str(error.value)
    path.unlink()
    with pytest.raises(FileNotFoundError, match='data.mdb'):
        PackedMedia(path.parent)


def test_a_flipped_byte_in_any_record(packed: Path, tmp_path: Path):
    path = copy(packed, tmp_path / 'flipped')
    good = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for key, record in list(records(path.parent).items())[:20]:
        place = good.index(record) + rng.integers(len(record))
        good[place] ^= 1 << rng.integers(8)
        path.write_bytes(good)
        with pytest.raises(PackedDataError, match='is damaged') as error:
            PackedMedia(path.parent).get(key.decode())
        assert str(path) in str(error.value) and key.decode() in str(
            error.value)


def test_a_damaged_description(packed: Path, tmp_path: Path):
    copy(packed, tmp_path / 'x')
    path = tmp_path / 'x' / 'pack.json'
    text = path.read_text()
    for bad in (text[:100], text.replace('"raw"', '"png"'), '[]', ''):
        path.write_text(bad)
        with pytest.raises(PackedDataError, match='pack.json is damaged'):
            PackedMedia(path.parent)
    path.unlink()
    with pytest.raises(FileNotFoundError, match='pack_dataset'):
        PackedMedia(path.parent)


def test_an_unfinished_or_newer_pack(packed: Path, tmp_path: Path):
    manifest = read_manifest(packed)
    write_manifest(tmp_path, dict(manifest, complete=False))
    with pytest.raises(PackedDataError, match='not finished'):
        PackedMedia(tmp_path)
    write_manifest(tmp_path, dict(manifest, version=99))
    with pytest.raises(PackedDataError, match='version 99'):
        PackedMedia(tmp_path)


def test_a_name_that_is_not_packed(packed: Path):
    with pytest.raises(KeyError, match='is not packed'):
        PackedMedia(packed).get('img_path/nobody.jpg')
