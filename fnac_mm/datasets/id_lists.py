"""Lists of ids: which clips are asked for, and which are left out."""
import os
import re
from typing import Collection, Dict, Iterable, List, Optional, Set

from mmengine.logging import MMLogger

from fnac_mm.media import media_kind
from .text_files import PathLike, check_id, read_text, shorten

# A row of vggsound.csv: youtube id, start in seconds, label, split.
_VGGSOUND_ROW = re.compile(r'([\w-]{11}),(\d{1,6}),(.+),(?:train|test)')
_VIDEO_AND_START = re.compile(r'([\w-]{11})[_ ,;](\d{1,6})(?![\w-])')
# Ids that can be told from others.
_FORMS = {
    '<youtube id>_<start in 6 digits>': re.compile(r'[\w-]{11}_\d{6}'),
    '<number>': re.compile(r'\d+')
}


def _unquoted(text: str) -> str:
    return text.strip().strip('"')


def read_id_list(path: PathLike) -> Dict[str, Optional[str]]:
    """Read the ids of a list in the published formats.

    A ``.csv`` holds ``id``, ``id,class`` or rows of VGG-Sound
    (``youtube,start,class,split``), without a header; anything else one id a
    line. CRLF, a BOM and a missing last newline are accepted.

    Returns:
        dict[str, str | None]: Class of each id, in the order of the file;
        None where the list names none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty or not text, or an id is blank,
            unsafe as a file name or listed twice; names file and line.
    """
    ids: Dict[str, Optional[str]] = {}
    lines = read_text(path).split('\n')
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise ValueError(f'{path}: the list is empty')
    is_csv = os.fspath(path).lower().endswith('.csv')
    repeated = []
    for number, line in enumerate(lines, start=1):
        sample_id, class_name = line.strip(), None
        if is_csv:
            row = _VGGSOUND_ROW.fullmatch(sample_id)
            if row:
                sample_id, rest = f'{row[1]}_{int(row[2]):06d}', row[3]
            else:
                sample_id, _, rest = sample_id.partition(',')
            sample_id = _unquoted(sample_id)
            class_name = _unquoted(rest) or None
        check_id(sample_id, f'{path}, line {number}')
        if sample_id in ids:
            repeated.append(sample_id)
        ids[sample_id] = class_name
    if repeated:
        raise ValueError(f'{path}: {len(repeated)} line(s) repeat an id: '
                         f'{shorten(repeated)}; list each id once')
    return ids


def _plain_id(entry: str, known: Collection[str]) -> str:
    """The id that an entry of another form means.

    Known are a file's name (``id.mp4``), a row in a file that is not called
    ``.csv`` (``id,class``), and a start that is not of six digits.
    """
    name = _unquoted(entry.partition(',')[0])
    name = os.path.splitext(name)[0] if media_kind(name) else name
    video = _VIDEO_AND_START.match(entry)
    if video and name not in known:
        return f'{video[1]}_{int(video[2]):06d}'
    return name


def _form_of(ids: Collection[str]) -> Optional[str]:
    """The form that all ids have."""
    for form, pattern in _FORMS.items():
        if ids and all(map(pattern.fullmatch, ids)):
            return form
    return None


def read_exclusions(paths: Iterable[PathLike],
                    ids: Collection[str]) -> Set[str]:
    """Which ids the lists of what is left out name.

    An entry in another known form than the ids (with the suffix of a file,
    with the class in a ``.txt``, a start without zeros) means the id. A list
    that leaves nothing out is named in the log.

    Args:
        paths (Iterable[str | Path]): See :func:`read_id_list`.
        ids (Collection[str]): Of these, those on a list are returned.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a list is malformed, or its entries can't be ids of
            the clips, so that it would leave nothing out.
    """
    paths, known = list(paths), set(ids)
    form = _form_of(known) if paths else None
    excluded: Set[str] = set()
    for path in paths:
        entries = set(read_id_list(path))
        plain = {_plain_id(entry, known) for entry in entries - known}
        found = known & (entries | plain)
        excluded |= found
        others: List[str] = sorted(e for e in plain
                                   if form and not _FORMS[form].fullmatch(e))
        if others:
            raise ValueError(
                f'{path}: {len(others)} of {len(entries)} entries can\'t be '
                f'ids of the clips, which are {form}: {shorten(others)}. They '
                'would exclude nothing; list the ids as they stand in the '
                'list of clips')
        if known and not found:
            MMLogger.get_current_instance().warning(
                f'{path}: none of its {len(entries)} entries '
                f'({shorten(sorted(entries), 2)}) is one of the {len(known)} '
                f'clips ({shorten(sorted(known), 2)}): it excludes nothing')
    return excluded
