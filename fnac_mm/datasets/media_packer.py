"""Writing packed media: encoded in several processes, written by one."""
import json
import os
import shutil
from pathlib import Path
from typing import (Any, Dict, Iterable, Iterator, List, Mapping, Optional,
                    Sequence, Set, Tuple, Union)

import lmdb
import numpy as np
import torch
from mmengine.dataset import BaseDataset
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader

from .lmdb_tree import checksum_pages, tree_pages
from .media_encoder import MediaEncoder, MediaFile, PackedFile, list_files
from .packed_media import (DATABASE, INDEX, KINDS, VERSION, PackedDataError,
                           PackedMedia, read_manifest, write_manifest)
from .packed_record import Fields, read_record, write_record
from .transforms.packed import PACKABLE, packable_steps, plain_step, step_name

_COMMIT_BYTES = 64 * 2**20
_PROBES = 16
_STATS = 'stats'
_INEXACT = 'inexact'
# Longer records hold an array.
_FAILURE_BYTES = 4096
_GIB = 2**30


class PackingError(RuntimeError):
    """Packing stopped; what was written is kept and can be gone on with."""


def _batches(results: Iterable[PackedFile]) -> Iterator[List[PackedFile]]:
    """Results by about the bytes that are committed at once."""
    batch: List[PackedFile] = []
    size = 0
    for result in results:
        batch.append(result)
        size += len(result.record)
        if size >= _COMMIT_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _commit(env: lmdb.Environment, batch: Sequence[PackedFile]) -> None:
    """Write some records, and the counts, or nothing at all."""
    with env.begin(write=True) as txn:
        stats = _stats(txn)
        stats[_INEXACT] += sum(result.inexact for result in batch)
        for kind in KINDS:
            stats[kind] += sum(
                len(r.record) for r in batch if r.file.kind == kind)
        for result in batch:
            if result.record:
                txn.put(result.file.key.encode(), result.record)
        txn.put(_STATS.encode(), write_record(_STATS, stats))


def _read(txn: lmdb.Transaction, key: str) -> Optional[Tuple[Fields, bytes]]:
    """A record, None if there is none."""
    record = txn.get(key.encode())
    if record is None:
        return None
    fields, content = read_record(key, bytes(record))
    return fields, bytes(content)


def _names(txn: lmdb.Transaction, kind: str) -> List[str]:
    """Names of the files of a kind."""
    found = _read(txn, f'{INDEX}/{kind}')
    return json.loads(found[1]) if found else []


def _stats(txn: lmdb.Transaction) -> Fields:
    """Counts of what was written."""
    found = _read(txn, _STATS)
    return found[0] if found else dict.fromkeys((_INEXACT, *KINDS), 0)


def _commit_names(env: lmdb.Environment,
                  names: Mapping[str, Sequence[str]]) -> None:
    """Add to the names of the files."""
    with env.begin(write=True) as txn:
        for kind, added in names.items():
            key = f'{INDEX}/{kind}'
            content = json.dumps(sorted({*_names(txn, kind), *added}))
            txn.put(key.encode(), write_record(key, {}, content.encode()))


class MediaPacker:
    """Packs the media of a data set, or goes on with it.

    Whatever is killed or fails, the last commit stands, and the next run
    packs what is absent and tries again what could not be read. Keys and
    records don't depend on where a run was interrupted.

    Args:
        folder (str | Path): Where to write; made if absent.
        pipeline (Sequence[dict]): That of the data set, see
            :func:`~fnac_mm.datasets.transforms.packed.packable_steps`.
        image_format (str): ``'raw'``, ``'png'`` or ``'jpeg'``, see
            :func:`~fnac_mm.datasets.packed_record.encode_image`. Defaults to
            'raw'.
        audio_format (str): ``'lossless'`` or ``'pcm16'``, see
            :func:`~fnac_mm.datasets.packed_record.encode_audio`. Defaults to
            'lossless'.
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
                 audio_format: str = 'lossless',
                 jpeg_quality: int = 95) -> None:
        self.folder = Path(folder)
        self.database = self.folder / DATABASE
        self.steps = packable_steps(pipeline)
        self.formats = dict(
            image_format=image_format,
            audio_format=audio_format,
            jpeg_quality=jpeg_quality)
        self._plan = dict(
            version=VERSION,
            steps=[plain_step(step) for step in self.steps],
            **self.formats)
        self._needed = 0
        self._check_folder()

    def _check_folder(self) -> None:
        """Raise if something else is there, or it is damaged."""
        old = read_manifest(self.folder)
        if old is None:
            if self.folder.exists() and (not self.folder.is_dir()
                                         or any(self.folder.iterdir())):
                raise PackingError(f'{self.folder} exists and is not packed '
                                   'data; name a new or an empty folder')
            return
        other = [
            f'{key}: {old[key]} there, {value} asked for'
            for key, value in self._plan.items() if old[key] != value
        ]
        if other:
            raise PackingError(
                f'{self.folder} was packed with other arguments '
                f'({"; ".join(other)}); name another folder or delete it')
        if old['complete']:
            PackedMedia(self.folder).check()

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
        kinds = {PACKABLE[step_name(step)] for step in self.steps}
        files, names = list_files(dataset, sorted(kinds))
        done, failed = self._packed()
        todo = [f for f in files if f.key not in done or f.key in failed]
        old = read_manifest(self.folder)
        if old is not None and old['complete'] and not todo:
            return old
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_manifest(self.folder, dict(self._plan, complete=False))
            broken = self._write(todo, names, workers)
            if not broken:
                return self._finish(sorted(kinds), dataset.metainfo)
        except (lmdb.Error, OSError) as error:
            raise PackingError(
                f'{self.folder} could not be written to: {error}; '
                f'{self._room()}. Make room if it is full and run the same '
                'command again: what is packed is kept') from error
        raise PackingError('\n  '.join([
            f'{len(broken)} file(s) of {len(files)} can\'t be read:', *broken
        ]) + '\nThe others are packed. Repair these and run the same command '
                           'again')

    def _room(self) -> str:
        free = shutil.disk_usage(self.folder).free
        return (f'about {self._needed / _GIB:.3f} GiB are still needed, '
                f'{free / _GIB:.3f} GiB are free')

    def _packed(self) -> Tuple[Set[str], Dict[str, str]]:
        """Keys in the file, and of those that are failures the causes."""
        done: Set[str] = set()
        failed: Dict[str, str] = {}
        if not self.database.is_file():
            return done, failed
        with lmdb.open(str(self.folder), readonly=True, lock=False) as env:
            end = (env.info()['last_pgno'] + 1) * env.stat()['psize']
            if self.database.stat().st_size < end:
                raise PackedDataError(
                    f'{self.database} was cut short: it should have at least '
                    f'{end} bytes; delete its folder and pack again')
            with env.begin(buffers=True) as txn:
                for raw, value in txn.cursor():
                    key = bytes(raw).decode()
                    done.add(key)
                    if len(value) < _FAILURE_BYTES:
                        fields, _ = read_record(key, bytes(value))
                        if 'load_error' in fields:
                            failed[key] = fields['load_error']
        return done, failed

    def _estimate(self, todo: Sequence[MediaFile]) -> int:
        """Bytes that these files will take, by a few of each kind."""
        total = 0.0
        for kind in KINDS:
            some = [file for file in todo if file.kind == kind]
            if some:
                probes = some[::-(-len(some) // _PROBES)]
                encoder = MediaEncoder(probes, self.steps, self.formats)
                sizes = [len(encoder[i].record) for i in range(len(probes))]
                # Each record begins a page.
                total += len(some) * (sum(sizes) / len(sizes) + 4096)
        return int(total)

    def _write(self, todo: Sequence[MediaFile],
               names: Mapping[str, Sequence[str]], workers: int) -> List[str]:
        """Encode and write; returns what could not be read."""
        self._needed = self._estimate(todo)
        if self._needed > shutil.disk_usage(self.folder).free:
            raise PackingError(f'{self.folder}: {self._room()}. Make room, '
                               'or pack to another disk')
        used = self.database.stat().st_size if self.database.is_file() else 0
        # Iterated at once: processes are forked before the bar's thread is.
        results = iter(
            DataLoader(
                MediaEncoder(todo, self.steps, self.formats),
                batch_size=None,
                num_workers=workers,
                collate_fn=_share))
        broken: List[str] = []
        with lmdb.open(
                str(self.folder),
                map_size=used + 2 * self._needed + _GIB) as env:
            for batch in _batches(
                    track(map(_unshare, results), 'packing', len(todo))):
                _commit(env, batch)
                broken += [r.error for r in batch if not r.record]
                self._needed -= sum(len(r.record) for r in batch)
            _commit_names(env, names)
        return broken

    def _finish(self, kinds: Sequence[str],
                metainfo: Mapping[str, Any]) -> Dict[str, Any]:
        """Describe what is there."""
        _, failed = self._packed()
        (self.folder / 'lock.mdb').unlink(missing_ok=True)
        with lmdb.open(str(self.folder), readonly=True, lock=False) as env:
            page_size = env.stat()['psize']
            with env.begin() as txn:
                stats = _stats(txn)
                files = {kind: len(_names(txn, kind)) for kind in kinds}
        path = str(self.database)
        pages = tree_pages(path, page_size)
        manifest = dict(
            self._plan,
            complete=True,
            metainfo=metainfo,
            files=files,
            bytes_by_kind={kind: stats[kind]
                           for kind in kinds},
            inexact_sounds=stats[_INEXACT],
            failed=failed,
            bytes=os.path.getsize(path),
            tree=dict(
                page_size=page_size,
                pages=pages,
                crc32=checksum_pages(path, page_size, pages)))
        write_manifest(self.folder, manifest)
        return manifest


def _share(result: Any) -> Tuple[PackedFile, Tensor]:
    """Put the record in shared memory.

    Bytes would fill the worker's pipe, and it would wait there for ever if
    the writer is killed.
    """
    content = np.frombuffer(bytearray(result.record), np.uint8)
    return result._replace(record=b''), torch.from_numpy(content)


def _unshare(pair: Tuple[PackedFile, Tensor]) -> PackedFile:
    return pair[0]._replace(record=pair[1].numpy().tobytes())
