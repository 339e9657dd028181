"""VGG-Sound and VGG-SS from clips as downloaded."""
import csv
import io
import re
from argparse import Namespace
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Dict, List, Optional, Sequence, Tuple

from fnac_mm.datasets.text_files import brief
from fnac_mm.utils.files import write_atomically
from .arguments import video_options
from .plan import (Clip, Plan, choose_source, find_files, frame_and_sound,
                   read_ids)
from .runner import prepare
from .state import PreparedFolder

_YOUTUBE = re.compile(r'[A-Za-z0-9_-]{11}')
_START = re.compile(r'[0-9]{1,6}')
_REST = re.compile(r'_(\d+)(?:_(\d+))?')

# Label and split of each id; None if there is no vggsound.csv.
Table = Optional[Dict[str, Dict[str, str]]]


def make_id(youtube: str, start: int) -> str:
    """Id of a clip: ``AbCdEfGhIjK_000030``."""
    return f'{youtube}_{start:06d}'


def read_csv(path: Path) -> Dict[str, Dict[str, str]]:
    """``label`` and ``split`` of each id in ``vggsound.csv``.

    Without header, as published: YouTube id, start second, label, split. A
    malformed row ends the tool with file and line.
    """
    table = {}
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SystemExit(f'error: {path}: {error}') from error
    for number, row in enumerate(rows, start=1):
        values = [value.strip() for value in row]
        if len(values) != 4 or not (_YOUTUBE.fullmatch(values[0])
                                    and _START.fullmatch(values[1])
                                    and values[3].isidentifier()):
            raise SystemExit(
                f'error: {path}, row {number}: expected YouTube '
                f'id, start second, label, split, got {brief(row)}')
        youtube, start, label, split = values
        table[make_id(youtube, int(start))] = dict(label=label, split=split)
    return table


def candidate_ids(stem: str) -> List[str]:
    """Ids that a file name without suffix may mean, the likeliest first.

    A second number is the end; numbers are seconds or, in multiples of 1000,
    perhaps milliseconds. Empty if it does not begin with a YouTube id.
    """
    youtube, rest = stem[:11], stem[11:]
    found = _REST.fullmatch(rest)
    if not _YOUTUBE.fullmatch(youtube) or not found:
        return []
    start, end = int(found[1]), found[2]
    seconds, milliseconds = make_id(youtube,
                                    start), make_id(youtube, start // 1000)
    if start >= 10**6:
        return [milliseconds]
    if end is None:
        # Six digits are the published form; five may be anything.
        padded = len(found[1]) == 6 or start % 1000
        return [seconds] if padded else [seconds, milliseconds]
    if start % 1000 == 0 and int(end) - start >= 1000:
        return [milliseconds]
    return [seconds]


def identify(paths: Sequence[str],
             table: Table) -> Tuple[Dict[str, List[str]], List[str]]:
    """Files of each id, and those whose name means no clip.

    The table of :func:`read_csv` decides where a name may mean several
    clips, and names those without a start.
    """
    starts: Dict[str, List[str]] = defaultdict(list)
    for clip_id in table or ():
        starts[clip_id[:11]].append(clip_id)
    found: Dict[str, List[str]] = defaultdict(list)
    unknown = []
    for path in paths:
        stem = PurePosixPath(path).stem
        ids = candidate_ids(stem)
        if table is not None:
            if not ids and len(starts.get(stem, ())) == 1:
                ids = starts[stem]
            ids = [i for i in ids if i in table] or ids
        if ids:
            found[ids[0]].append(path)
        else:
            unknown.append(path)
    return found, unknown


def make_plan(args: Namespace) -> Plan:
    """Find the listed clips among the files."""
    table = read_csv(args.csv) if args.csv else None
    ignored: Dict[str, List[str]] = {}
    paths = find_files(args.source, ignored, 'video')
    found, unknown = identify(paths, table)
    if unknown:
        ignored['names that are no clip'] = unknown
    wanted = read_ids(args.list)
    if wanted is None:
        wanted = list(found if table is None else table)
    unlisted = sorted(set(found) - set(wanted))
    if unlisted:
        ignored['not listed'] = [found[i][0] for i in unlisted]
    notes = {i: dict((table or {}).get(i, {})) for i in wanted}
    clips = []
    for clip_id in sorted(set(wanted) & set(found)):
        source, *others = choose_source(found[clip_id])
        if others:
            ignored.setdefault('other files of the same clip',
                               []).extend(others)
        clips.append(
            Clip(
                clip_id,
                frame_and_sound(clip_id, source, args.frame,
                                args.image_format),
                note=notes[clip_id]))
    missing = {i: notes[i] for i in wanted if i not in found}
    return Plan(clips, missing, ignored)


def _write_lists(folder: PreparedFolder) -> None:
    """Write ``id,label`` of the clips that are there, one list a split."""
    rows: Dict[str, List[Tuple[str, str]]] = defaultdict(list)
    for clip_id, record in folder.made().items():
        if 'split' in record:
            rows[record['split']].append((clip_id, record['label']))
    for split, items in sorted(rows.items()):
        text = io.StringIO()
        csv.writer(text, lineterminator='\n').writerows(items)
        name = f'metadata/vggsound_{split}.csv'
        write_atomically(folder.folder / name, text.getvalue())
        print(f'list {name}: {len(items)} clips')


def prepare_vggsound(args: Namespace) -> None:
    """Prepare what is missing and list what is there, as the arguments say."""
    _write_lists(
        prepare(args, make_plan(args), 'prepare_vggsound',
                **video_options(args)))
