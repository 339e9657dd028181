"""A folder of packed media: its description, and reading from it."""
import json
import os
import zlib
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import lmdb
from mmengine.fileio import LmdbBackend, get_file_backend
from rich.progress import track

from fnac_mm.utils.files import write_atomically
from .record import Fields, packed_key, read_record

MANIFEST = 'pack.json'
DATABASE = 'data.mdb'
INDEX = 'index'
VERSION = 1

# Number of the file that is open, by real path.
_NUMBERS: Dict[str, int] = {}


class PackedDataError(ValueError):
    """Packed media that are damaged or not finished."""


def _checksum(content: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def read_manifest(folder: Union[str, Path]) -> Optional[Dict[str, Any]]:
    """Read what ``pack.json`` says of packed media.

    Args:
        folder (str | Path): What ``pack_dataset.py`` has written.

    Returns:
        dict | None: ``complete``, ``steps``, the formats, counts and sizes.
        None: there is no such file.

    Raises:
        PackedDataError: If it is damaged or of another version.
    """
    path = Path(folder, MANIFEST)
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_bytes())
        intact = content.pop('crc32') == _checksum(content)
    except (ValueError, KeyError, AttributeError, TypeError,
            RecursionError) as error:
        raise PackedDataError(f'{path} is damaged ({error!s:.200}); delete '
                              'it and pack again') from error
    if not intact:
        raise PackedDataError(f'{path} is damaged or was edited (checksum); '
                              'delete it and pack again')
    if content['version'] != VERSION:
        raise PackedDataError(f'{path}: version {content["version"]}, but '
                              f'this is a reader of version {VERSION}')
    return content


def _open(folder: str) -> LmdbBackend:
    path = os.path.realpath(folder)
    # One for all: LMDB refuses to open a file twice in a process.
    backend = get_file_backend(
        backend_args=dict(backend='lmdb', db_path=path), enable_singleton=True)
    number = os.stat(os.path.join(path, DATABASE)).st_ino
    if _NUMBERS.setdefault(path, number) != number and backend._client:
        # It was deleted and made again.
        backend._client.close()
        backend._client = None
    _NUMBERS[path] = number
    return backend


def write_manifest(folder: Union[str, Path], content: Mapping[str,
                                                              Any]) -> None:
    """Write ``pack.json``, see :func:`read_manifest`, at once."""
    # Through JSON, so that tuples don't change the checksum.
    plain = json.loads(json.dumps(content))
    text = json.dumps(dict(plain, crc32=_checksum(plain)), indent=1)
    write_atomically(Path(folder, MANIFEST), f'{text}\n', durable=True)


class PackedMedia:
    """Files of a packed data set, read one at a time and in any order.

    An LMDB, read through MMEngine's :class:`~mmengine.fileio.LmdbBackend`,
    which is opened at the first reading. Each file is checked whenever it is
    read. Forked processes share what is open: without locks and writing, LMDB
    keeps no state in it.

    Args:
        folder (str | Path): Folder of ``pack.json`` and ``data.mdb``.

    Raises:
        FileNotFoundError: If there is no such pack.
        PackedDataError: If its description is damaged, packing was not
            finished, or the database is not as long as it was written.
    """

    def __init__(self, folder: Union[str, Path]) -> None:
        self.folder = os.fspath(folder)
        self.path = os.path.join(self.folder, DATABASE)
        manifest = read_manifest(folder)
        if manifest is None:
            raise FileNotFoundError(
                f'{self.folder}: no {MANIFEST} there; make packed data with '
                'tools/dataset_converters/pack_dataset.py')
        if not manifest['complete']:
            raise PackedDataError(
                f'{self.folder}: packing was not finished; run '
                'tools/dataset_converters/pack_dataset.py again with the '
                'same arguments to go on with it')
        self.manifest = manifest
        self._backend: Optional[LmdbBackend] = None
        if not os.path.isfile(self.path):
            raise FileNotFoundError(f'{self.path}: no such file; copy it '
                                    f'beside {MANIFEST}')
        size = os.path.getsize(self.path)
        if size != manifest['bytes']:
            raise PackedDataError(
                f'{self.path} has {size} bytes, but {manifest["bytes"]} were '
                'written: it was cut short or changed; copy or pack it again')

    def __getstate__(self) -> Dict[str, Any]:
        # An open database can't be sent to another process.
        return dict(self.__dict__, _backend=None)

    def get(self, key: str) -> Tuple[Fields, memoryview]:
        """Fields and array of a record, see :func:`.record.read_record`.

        Raises:
            KeyError: If there is none.
            PackedDataError: If it is damaged.
        """
        try:
            if self._backend is None:
                self._backend = _open(self.folder)
            record = self._backend.get(key)
            if record is not None:
                return read_record(key, record)
        except (lmdb.Error, ValueError) as error:
            raise PackedDataError(f'{self.path}: {key!r} is damaged: {error}; '
                                  'copy or pack the file again') from error
        raise KeyError(f'{self.path}: {key!r} is not packed')

    def names(self, kind: str) -> List[str]:
        """Paths of a kind of files below its folder of ``data_prefix``."""
        _, content = self.get(f'{INDEX}/{kind}')
        return json.loads(bytes(content))

    def verify(self) -> List[str]:
        """Read everything; returns what is damaged or absent, by name."""
        faults = []
        for kind in self.manifest['bytes_by_kind']:
            for name in track(self.names(kind), f'verifying {kind}'):
                try:
                    self.get(packed_key(kind, name))
                except (KeyError, ValueError) as error:
                    faults.append(str(error.args[0]))
        return faults
