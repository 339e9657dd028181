"""Writing packed media: encoded in several processes, written by one."""
import json
import os
import shutil
from pathlib import Path
from typing import (Any, Dict, Iterable, Iterator, List, Mapping, Optional,
                    Sequence, Tuple, Union)

import lmdb
from mmengine.dataset import BaseDataset
from rich.progress import track

from fnac_mm.registry import TRANSFORMS
from fnac_mm.utils.process_map import process_map
from ..transforms.packed import PACKABLE, packable_steps, plain_step, step_name
from .reader import (DATABASE, INDEX, VERSION, PackedDataError, PackedMedia,
                     read_manifest, write_manifest)
from .record import (ARRAYS, MediaEncoder, MediaFile, list_files, read_record,
                     write_record)

_COMMIT_BYTES = 64 * 2**20
# Of address space; the file is as long as what is in it.
_MAP_BYTES = 2**40
# Longer records hold an array.
_FAILURE_BYTES = 4096
_GIB = 2**30

Batch = List[Tuple[str, bytes]]


class PackingError(ValueError):
    """Packing stopped; what was written is kept and can be gone on with."""


class _Contents:
    """What a database holds: sizes, and which files could not be read."""

    def __init__(self) -> None:
        self.keys: set = set()
        self.failed: Dict[str, str] = {}
        self.bytes_by_kind = dict.fromkeys(ARRAYS, 0)

    def add(self, key: str, record: memoryview) -> None:
        """Count a record; a long one is not looked at."""
        kind = key.partition('/')[0]
        if kind not in ARRAYS:
            return
        self.keys.add(key)
        self.bytes_by_kind[kind] += len(record)
        if len(record) < _FAILURE_BYTES:
            fields, _ = read_record(key, bytes(record))
            if 'load_error' in fields:
                self.failed[key] = fields['load_error']


def _batches(results: Iterable[Tuple[str, bytes]]) -> Iterator[Batch]:
    """Keys and records by about the bytes that are committed at once."""
    batch: Batch = []
    size = 0
    for key, record in results:
        batch.append((key, record))
        size += len(record)
        if size >= _COMMIT_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


def _commit(env: lmdb.Environment, batch: Batch) -> None:
    """Write some records, or nothing at all."""
    with env.begin(write=True) as txn:
        for key, record in batch:
            txn.put(key.encode(), record)


def _names(env: lmdb.Environment, kind: str) -> List[str]:
    """Names of the files of a kind that are in a database."""
    key = f'{INDEX}/{kind}'
    with env.begin() as txn:
        record = txn.get(key.encode())
    return json.loads(bytes(read_record(key, record)[1])) if record else []


class MediaPacker:
    """Packs the media of a data set, or goes on with it.

    Whatever is killed or fails, the last commit stands, and the next run
    packs what is absent and tries again what could not be read. Keys and
    records don't depend on where a run was interrupted.

    Args:
        folder (str | Path): Where to write; made if absent.
        pipeline (Sequence[dict]): That of the data set, see
            :func:`~fnac_mm.datasets.transforms.packed.packable_steps`.
        image_format (str): See :func:`~fnac_mm.datasets.packed.record.
            encode_array`. Defaults to 'raw'.
        jpeg_quality (int): Defaults to 95.

    Raises:
        PackingError: If the folder holds something else, or was packed with
            other arguments.
        PackedDataError: If what it holds is damaged.
    """

    def __init__(self,
                 folder: Union[str, Path],
                 pipeline: Sequence[Any],
                 image_format: str = 'raw',
                 jpeg_quality: int = 95) -> None:
        self.folder = Path(folder)
        self.steps = packable_steps(pipeline)
        self.formats = dict(
            image_format=image_format, jpeg_quality=jpeg_quality)
        self._plan = dict(
            version=VERSION,
            steps=[plain_step(step) for step in self.steps],
            **self.formats)
        self._old = self._read_folder()

    def _read_folder(self) -> Optional[Dict[str, Any]]:
        """What was packed before; raise if it is something else."""
        old = read_manifest(self.folder)
        if old is None:
            if self.folder.exists() and (not self.folder.is_dir()
                                         or any(self.folder.iterdir())):
                raise PackingError(f'{self.folder} exists and is not packed '
                                   'data; name a new or an empty folder')
            return None
        other = [
            f'{key}: {old[key]} there, {value} asked for'
            for key, value in self._plan.items() if old[key] != value
        ]
        if old.get('audio_format') == 'pcm16':
            other.append('audio_format: pcm16 there, sounds are packed '
                         'without loss')
        if other:
            raise PackingError(
                f'{self.folder} was packed with other arguments '
                f'({"; ".join(other)}); name another folder or delete it')
        if old['complete']:
            PackedMedia(self.folder)
        return old

    def pack(self, dataset: BaseDataset, workers: int = 0) -> Dict[str, Any]:
        """Pack what is not packed yet.

        Args:
            dataset (AVLocalizationDataset): Its samples name the files.
            workers (int): Processes that encode; 0: this one. Defaults to 0.

        Returns:
            dict: The description in ``pack.json``; ``failed`` says which
            files could not be read and why.

        Raises:
            PackingError: If the disk is too small or full, or a file can't
                be read whose transforms don't skip it.
        """
        kinds = sorted({PACKABLE[step_name(step)] for step in self.steps})
        files, names = list_files(dataset, kinds)
        try:
            there = self._read_database()
            todo = [
                f for f in files
                if f.key not in there.keys or f.key in there.failed
            ]
            if self._old is not None and self._old['complete'] and not todo:
                return self._old
            self.folder.mkdir(parents=True, exist_ok=True)
            write_manifest(self.folder, dict(self._plan, complete=False))
            broken = self._write(todo, names, workers)
        except (lmdb.Error, OSError) as error:
            if 'already open' in str(error):
                raise PackingError(
                    f'{self.folder} was read by this process, which keeps it '
                    'open; go on with it in another one') from error
            free = shutil.disk_usage(self.folder).free / _GIB
            raise PackingError(
                f'{self.folder} could not be written to: {error}; '
                f'{free:.3f} GiB are free. Make room if it is full and run '
                'the same command again: what is packed is kept') from error
        if broken:
            raise PackingError('\n  '.join([
                f'{len(broken)} file(s) of {len(files)} can\'t be read:',
                *broken
            ]) + '\nThe others are packed. Repair these and run the same '
                               'command again')
        return self._finish(kinds, dataset.metainfo)

    def _read_database(self) -> _Contents:
        """What is in the file."""
        found = _Contents()
        path = self.folder / DATABASE
        if not path.is_file():
            return found
        with lmdb.open(str(self.folder), readonly=True, lock=False) as env:
            end = (env.info()['last_pgno'] + 1) * env.stat()['psize']
            if path.stat().st_size < end:
                raise PackedDataError(
                    f'{path} was cut short: it should have at least {end} '
                    'bytes; delete its folder and pack again')
            with env.begin(buffers=True) as txn:
                for key, record in txn.cursor():
                    found.add(bytes(key).decode(), record)
        return found

    def _write(self, todo: Sequence[MediaFile],
               names: Mapping[str, Sequence[str]], workers: int) -> List[str]:
        """Encode and write; returns what could not be read."""
        steps: Dict[str, list] = {}
        for step in self.steps:
            steps.setdefault(PACKABLE[step_name(step)],
                             []).append(TRANSFORMS.build(dict(step)))
        encode = MediaEncoder(steps, self.formats)
        results = process_map(encode, todo, workers, chunk=4) if workers \
            else ((file, encode(file)) for file in todo)
        broken: List[str] = []

        def records() -> Iterator[Tuple[str, bytes]]:
            for file, result in track(results, 'packing', len(todo)):
                record, error = result or (b'', f'{file.item[file.kind]}: its '
                                           'decoder crashed')
                if record:
                    yield file.key, record
                else:
                    broken.append(error)

        with lmdb.open(str(self.folder), map_size=_MAP_BYTES) as env:
            done = 0
            for batch in _batches(records()):
                self._check_room(batch, len(todo) - done)
                _commit(env, batch)
                done += len(batch)
            for kind, added in names.items():
                key = f'{INDEX}/{kind}'
                content = json.dumps(sorted({*_names(env, kind), *added}))
                _commit(env, [(key, write_record(key, {}, content.encode()))])
        return broken

    def _check_room(self, batch: Batch, number: int) -> None:
        """Raise if the disk can't hold as many files of this size."""
        # Each record begins a page.
        size = sum(len(record) + 4096 for _, record in batch)
        needed = size / max(len(batch), 1) * number
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise PackingError(
                f'{self.folder}: about {needed / _GIB:.3f} GiB are still '
                f'needed, {free / _GIB:.3f} GiB are free. Make room and run '
                'the same command again, or pack to another disk')

    def _finish(self, kinds: Sequence[str],
                metainfo: Mapping[str, Any]) -> Dict[str, Any]:
        """Describe what is there."""
        (self.folder / 'lock.mdb').unlink(missing_ok=True)
        found = self._read_database()
        with lmdb.open(str(self.folder), readonly=True, lock=False) as env:
            files = {kind: len(_names(env, kind)) for kind in kinds}
        self._old = dict(
            self._plan,
            complete=True,
            metainfo=metainfo,
            files=files,
            bytes_by_kind={kind: found.bytes_by_kind[kind]
                           for kind in kinds},
            failed=found.failed,
            bytes=os.path.getsize(self.folder / DATABASE))
        write_manifest(self.folder, self._old)
        return self._old
