"""Which clips are asked for, and which are there: lists and folders."""
import os
import re
from collections import Counter
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Set, Union

PathLike = Union[str, Path]

# An id becomes part of a path: no separators, no control characters.
_UNSAFE = re.compile(r'[/\\\x00-\x1f\x7f]|\.\.')


def _decode(path: PathLike) -> str:
    """Text of a file without its BOM; ValueError names the line."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such list file')
    content = Path(path).read_bytes()
    try:
        return content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise ValueError(f'{path}, line {line}: not UTF-8 text '
                         f'({error.reason})') from error


def read_id_list(path: PathLike) -> Dict[str, Optional[str]]:
    """Read the ids of a list in the published formats.

    A ``.csv`` holds ``id`` or ``id,class`` without a header, anything else
    one id a line. CRLF, a BOM and a missing last newline are accepted.

    Args:
        path (str | Path): List file.

    Returns:
        dict[str, str | None]: Class of each id, in the order of the file;
        None where the list names none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is empty or not text, or an id is blank,
            unsafe as a file name or listed twice; names file and line.
    """
    ids: Dict[str, Optional[str]] = {}
    lines = _decode(path).split('\n')
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise ValueError(f'{path}: the list is empty')
    is_csv = os.fspath(path).lower().endswith('.csv')
    repeated = []
    for number, line in enumerate(lines, start=1):
        sample_id, class_name = line.strip(), None
        if is_csv:
            sample_id, _, rest = sample_id.partition(',')
            sample_id = sample_id.strip().strip('"')
            class_name = rest.strip().strip('"') or None
        if not sample_id:
            raise ValueError(f'{path}, line {number}: blank id')
        if _UNSAFE.search(sample_id):
            raise ValueError(f'{path}, line {number}: {sample_id!r} is not '
                             'an id: it holds a path separator, "..", or a '
                             'control character')
        if sample_id in ids:
            repeated.append(sample_id)
        ids[sample_id] = class_name
    if repeated:
        raise ValueError(f'{path}: {len(repeated)} line(s) repeat an id: '
                         f'{shorten(repeated)}; list each id once')
    return ids


def shorten(names: Sequence[str], count: int = 5) -> str:
    """The first names of a list, for a message.

    Args:
        names (Sequence[str]): All names.
        count (int): How many to show. Defaults to 5.

    Returns:
        str: ``'a', 'b', ...``.
    """
    return ', '.join(map(
        repr, names[:count])) + (', ...' if len(names) > count else '')


def list_folder(folder: PathLike, argument: str) -> List[str]:
    """Names in a folder, hidden ones left out, without touching the files.

    Args:
        folder (str | Path): Folder of media.
        argument (str): Where the folder was given, for the message.

    Returns:
        list[str]: File names, in no particular order.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder of media; set '
                                f'data_root or data_prefix[{argument!r}]')
    with os.scandir(folder) as entries:
        return [item.name for item in entries if item.name[0] != '.']


def match_suffixes(names: Sequence[str],
                   suffixes: Sequence[str],
                   folder: str = '') -> Dict[str, str]:
    """Ids of the files with a known suffix; only that suffix is removed.

    Args:
        names (Sequence[str]): File names.
        suffixes (Sequence[str]): For example ``('.jpg', '.png')``. If one id
            has several, the first of these wins.
        folder (str): Put before the names. Defaults to ''.

    Returns:
        dict[str, str]: Path of each id.
    """
    prefix = os.path.join(folder, '')
    found: Dict[str, str] = {}
    for suffix in reversed(suffixes):
        cut = -len(suffix)
        found.update({
            name[:cut]: prefix + name
            for name in names if name.endswith(suffix)
        })
    return found


def describe_suffixes(names: Sequence[str]) -> str:
    """Suffixes in a folder with their counts, for a message.

    Args:
        names (Sequence[str]): File names.

    Returns:
        str: The most frequent ones first, or ``'no files'``.
    """
    counts = Counter(os.path.splitext(name)[1] or '(none)' for name in names)
    return ', '.join(f'{suffix} x{count}'
                     for suffix, count in counts.most_common(5)) or 'no files'


class ClipFiles:
    """Frames and recordings in their folders, found by id.

    Each folder is listed once, also when it holds both.

    Args:
        folders (Mapping[str, str]): ``img_path`` and ``audio_path``.
        suffixes (Mapping[str, Sequence[str]]): Suffixes of the same two.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If a folder has no file with such a suffix.
    """

    _WORDS = dict(img_path='a frame', audio_path='a recording')

    def __init__(self, folders: Mapping[str, str],
                 suffixes: Mapping[str, Sequence[str]]) -> None:
        self._folders = {key: folders[key] or '.' for key in self._WORDS}
        self._suffixes = suffixes
        self._paths: Dict[str, Dict[str, str]] = {}
        listings: Dict[str, List[str]] = {}
        for key, folder in self._folders.items():
            if folder not in listings:
                listings[folder] = list_folder(folder, key)
            self._paths[key] = match_suffixes(listings[folder], suffixes[key],
                                              folder)
            if not self._paths[key]:
                raise ValueError(
                    f'{folder}: no file with suffix {list(suffixes[key])}; '
                    f'the folder holds {describe_suffixes(listings[folder])}')

    def paths(self, ids: Sequence[str]) -> List[Dict[str, str]]:
        """Files of the clips that have both.

        Args:
            ids (Sequence[str]): Ids wanted.

        Returns:
            list[dict[str, str]]: ``sample_id``, ``img_path`` and
            ``audio_path``, in the order of ``ids``.
        """
        images, sounds = self._paths['img_path'], self._paths['audio_path']
        return [{
            'sample_id': i,
            'img_path': images[i],
            'audio_path': sounds[i]
        } for i in ids if i in images and i in sounds]

    def ids(self) -> Set[str]:
        """Ids that have both files.

        Returns:
            set[str]: The ids.
        """
        images, sounds = self._paths['img_path'], self._paths['audio_path']
        return images.keys() & sounds.keys()

    def describe_missing(self, ids: Sequence[str]) -> str:
        """Which of these clips lack which file, for a message.

        Args:
            ids (Sequence[str]): Ids wanted.

        Returns:
            str: Counts, the first ids, suffixes and folders.
        """
        parts = []
        for key, folder in self._folders.items():
            absent = [i for i in ids if i not in self._paths[key]]
            if absent:
                parts.append(f'{len(absent)} without {self._WORDS[key]} '
                             f'{list(self._suffixes[key])} in {folder} '
                             f'({shorten(absent)})')
        return ', '.join(parts)
