"""What a folder remembers: options, journal of a run, manifest.

``preparation.json`` holds the options that the files depend on,
``manifest.jsonl`` one object a line and clip, sorted by id. While a run is on
its way its results stand in ``journal.jsonl``, so that a stopped one goes on
where it stood.
"""
import fcntl
import json
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, Mapping

from fnac_mm.utils.files import UNFINISHED, write_atomically
from .media import source_sizes
from .pictures import Record
from .plan import Clip

OPTIONS, MANIFEST, JOURNAL = ('preparation.json', 'manifest.jsonl',
                              'journal.jsonl')


def to_lines(items: Iterable[str]) -> str:
    """Content of a text file, one item a line."""
    return ''.join(f'{item}\n' for item in items)


def read_lines(path: Path) -> Iterator[Any]:
    """Json of each line of a file, if it is there; torn lines are left out."""
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def read_records(path: Path) -> Dict[str, Record]:
    """Records by id, the last of each.

    What is damaged is ignored: its clip is made anew.
    """
    records: Dict[str, Record] = {}
    for record in read_lines(path):
        try:
            if isinstance(record['id'], str) and all(
                    isinstance(output['path'], str) and 'bytes' in output
                    for output in record.get('outputs', [])):
                records[record['id']] = record
        except (AttributeError, KeyError, TypeError):
            continue
    return records


def compare_options(path: Path, options: Mapping[str, Any]) -> str:
    """Write what a folder is made of; where that stands, compare it.

    Args:
        path (Path): File in the folder.
        options (dict): What the files depend on, as json types.

    Returns:
        str: In what the folder differs from them; '' if in nothing.

    Raises:
        SystemExit: If the file is damaged, or missing in a folder that is
            not empty.
    """
    folder = path.parent
    if not path.is_file():
        if folder.exists() and (not folder.is_dir()
                                or any(not p.name.startswith(UNFINISHED)
                                       for p in folder.iterdir())):
            raise SystemExit(
                f'error: out_dir {folder} is not an empty folder and has no '
                f'{path.name}: name a new or an empty folder')
        write_atomically(path, f'{json.dumps(dict(options), indent=2)}\n')
    try:
        old = dict(json.loads(path.read_text()))
    except (ValueError, TypeError, RecursionError) as error:
        raise SystemExit(f'error: {path} is damaged ({error!s:.200}): delete '
                         'this folder') from error
    return '; '.join(
        f'{key}: {old.get(key)!r} there, {options.get(key)!r} asked for'
        for key in sorted({*old, *options})
        if old.get(key) != options.get(key))


def remove_leftovers(folder: Path) -> None:
    """Delete the unfinished files of killed runs in a folder and below."""
    for path in folder.rglob(f'{UNFINISHED}*'):
        path.unlink(missing_ok=True)


class PreparedFolder:
    """The folder that is made, held by one process at a time.

    Args:
        folder (Path): New, empty or prepared before with the same options.
        options (dict): What the files depend on, as json types.

    Raises:
        SystemExit: If the folder holds something else, was prepared with
            other options, or another process is at work in it.
    """

    def __init__(self, folder: Path, options: Mapping[str, Any]) -> None:
        self.folder = folder
        path = folder / OPTIONS
        differences = compare_options(path, options)
        if differences:
            raise SystemExit(
                f'error: out_dir {folder} was prepared with other options '
                f'({differences}): name another folder, or delete this one')
        # Held until this process ends, however it ends. Nothing may read the
        # file by its name from here on: to close it would end the lock.
        self._lock = open(path, 'r+')
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise SystemExit(f'error: out_dir {folder}: another process '
                             'prepares this folder') from error
        self.records = read_records(folder / MANIFEST)
        # What a stopped run said.
        self.records.update(read_records(folder / JOURNAL))
        self._journal = open(folder / JOURNAL, 'a')
        # The line before may have been torn by a kill.
        self._journal.write('\n')

    def add(self, record: Record) -> None:
        """Note what became of a clip; it survives a kill from here on."""
        self.records[record['id']] = record
        self._journal.write(f'{json.dumps(record)}\n')
        self._journal.flush()

    def has_outputs(self, clip_id: str) -> bool:
        """Whether all files of a clip are there, by names and sizes."""
        record = self.records.get(clip_id, {})
        paths = [(self.folder / output['path'], output['bytes'])
                 for output in record.get('outputs', ())]
        return bool(paths) and all(
            path.is_file() and path.stat().st_size == size
            for path, size in paths)

    def made(self) -> Dict[str, Record]:
        """Records of all clips that were made, sorted by id."""
        made = {i: r for i, r in self.records.items() if r['status'] == 'made'}
        return dict(sorted(made.items()))

    def is_made(self, clip: Clip, source: Path) -> bool:
        """Whether the files of a clip are there, made of these sources."""
        if not self.has_outputs(clip.clip_id):
            return False
        record = self.records[clip.clip_id]
        return [o['path'] for o in record['outputs']] == [
            o.path for o in clip.outputs
        ] and record['sources'] == source_sizes(clip, source)

    def finish(self, clips: Iterable[Clip],
               missing: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the manifest, at once, and end the journal.

        Args:
            clips (Iterable[Clip]): All clips of the plan.
            missing (dict[str, dict]): Listed ids that were not found, with
                their notes.
        """
        for clip in clips:
            self.records[clip.clip_id].update(clip.note)
        for clip_id, note in missing.items():
            # Raw media may be deleted once a clip is made.
            if not self.has_outputs(clip_id):
                self.records[clip_id] = dict(
                    id=clip_id, status='not_found', **note)
        lines = [json.dumps(self.records[i]) for i in sorted(self.records)]
        write_atomically(self.folder / MANIFEST, to_lines(lines))
        self._journal.close()
        (self.folder / JOURNAL).unlink()
