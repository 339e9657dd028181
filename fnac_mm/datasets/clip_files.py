"""Which files of the clips are there: folders, listed once and matched."""
import os
from collections import Counter
from typing import (Callable, Dict, Iterable, List, Mapping, Optional,
                    Sequence, Set, Union)

from mmengine.logging import MMLogger

from fnac_mm.media import is_hidden, media_kind
from .text_files import PathLike, shorten

Suffixes = Union[str, Sequence[str]]


def as_suffixes(suffixes: Suffixes, argument: str) -> Sequence[str]:
    """One or several suffixes of a config's argument, checked.

    Raises:
        ValueError: If there is none, or one does not start with a dot.
    """
    known = (suffixes, ) if isinstance(suffixes, str) else tuple(suffixes)
    if not known or any(len(s) < 2 or s[0] != '.' for s in known):
        raise ValueError(f"{argument} must be suffixes like '.jpg', got "
                         f'{suffixes!r}')
    return known


def list_folder(folder: PathLike, argument: str) -> List[str]:
    """Names in a folder, hidden ones left out, without touching the files.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder of media; set '
                                f'data_root or data_prefix[{argument!r}]')
    with os.scandir(folder) as entries:
        return [item.name for item in entries if not is_hidden(item.name)]


def match_suffixes(names: Sequence[str],
                   suffixes: Sequence[str],
                   folder: str = '') -> Dict[str, str]:
    """Path of each id: the name without its suffix, in upper or lower case.

    If one id has several, the first of ``suffixes`` wins. ``folder`` is put
    before the names.
    """
    prefix = os.path.join(folder, '')
    found: Dict[str, str] = {}
    for suffix in reversed(suffixes):
        cut, lower = -len(suffix), suffix.lower()
        matching = [name for name in names if name[cut:].lower() == lower]
        # The case that was asked for comes last and wins.
        matching.sort(key=lambda name: name.endswith(suffix))
        found.update({name[:cut]: prefix + name for name in matching})
    return found


def describe_suffixes(names: Sequence[str]) -> str:
    """The most frequent suffixes with their counts, for a message."""
    counts = Counter(os.path.splitext(name)[1] or '(none)' for name in names)
    return ', '.join(f'{suffix} x{count}'
                     for suffix, count in counts.most_common(5)) or 'no files'


def count_torn_groups(name: str, listed: Mapping[str, Mapping],
                      found: Sequence[Mapping[str, str]]) -> int:
    """Count, and log, groups of which some members were not found.

    A score of groups takes what is left as the whole: such a group is easier
    than the published one.
    """
    left = Counter(item['group'] for item in found)
    wanted = Counter(item['group'] for item in listed.values())
    torn = [group for group in sorted(left) if left[group] < wanted[group]]
    if torn:
        MMLogger.get_current_instance().warning(
            f'{name}: {len(torn)} of {len(left)} groups are incomplete, so '
            f'that scores of groups are not comparable: {shorten(torn)}')
    return len(torn)


class ClipFiles:
    """Frames, recordings and masks in their folders, found by id.

    Each folder is listed once, also when it holds several kinds.

    Args:
        folders (Mapping[str, str]): ``img_path``, ``audio_path`` and,
            where masks are used, ``mask_path``.
        suffixes (Mapping[str, Sequence[str]]): Suffixes of the same.
        stems (Mapping[str, Mapping[str, str]], optional): For each id the
            path of its files below these folders, without suffix. None
            (default): the files are called as the id.
        lister (Callable[[str, str], list[str]], optional): What lists a
            folder. None (default): :func:`list_folder`.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If a folder has no file with such a suffix.
    """

    _WORDS = dict(
        img_path='a frame', audio_path='a recording', mask_path='a mask')

    def __init__(
            self,
            folders: Mapping[str, str],
            suffixes: Mapping[str, Sequence[str]],
            stems: Optional[Mapping[str, Mapping[str, str]]] = None,
            lister: Optional[Callable[[str, str], List[str]]] = None) -> None:
        self._folders = {
            key: folders[key] or '.'
            for key in self._WORDS if key in folders
        }
        self._suffixes = suffixes
        self._list = lister or list_folder
        self._stems = stems
        self._listings: Dict[str, List[str]] = {}
        self._paths = {
            key:
            self._match(key, folder) if stems is None else self._match_stems(
                key, {
                    i: s[key]
                    for i, s in stems.items()
                })
            for key, folder in self._folders.items()
        }

    def _match(self, key: str, folder: str) -> Dict[str, str]:
        """Path of each name without its suffix in a folder."""
        if folder not in self._listings:
            self._listings[folder] = self._list(folder, key)
        names, suffixes = self._listings[folder], self._suffixes[key]
        found = match_suffixes(names, suffixes, folder)
        if not found and self._stems is None:
            raise ValueError(
                f'{folder}: no file with suffix {list(suffixes)}; the folder '
                f'holds {describe_suffixes(names)}')
        return found

    def _match_stems(self, key: str, stems: Mapping[str,
                                                    str]) -> Dict[str, str]:
        """Path of each id in a tree; a folder that is absent has no file."""
        root = self._folders[key]
        self._list(root, key)
        found: Dict[str, str] = {}
        for below in {os.path.dirname(stem) for stem in stems.values()}:
            try:
                names = self._match(key, os.path.join(root, below))
            except FileNotFoundError:
                continue
            found.update({
                os.path.join(below, name): path
                for name, path in names.items()
            })
        return {i: found[stem] for i, stem in stems.items() if stem in found}

    def left_out(self) -> Dict[str, List[str]]:
        """By folder, the media there that have none of the suffixes."""
        known = tuple(
            {s.lower()
             for key in self._folders
             for s in self._suffixes[key]})
        names = {
            folder:
            sorted(name for name in listing
                   if not name.lower().endswith(known) and media_kind(name))
            for folder, listing in self._listings.items()
        }
        return {folder: files for folder, files in names.items() if files}

    def paths(self, ids: Sequence[str]) -> List[Dict[str, str]]:
        """``sample_id`` and files of the clips that have all of them."""
        found: Iterable[str] = ids
        for table in self._paths.values():
            found = [i for i in found if i in table]
        keys = ('sample_id', *self._paths)
        columns = [map(t.__getitem__, found) for t in self._paths.values()]
        return [dict(zip(keys, row)) for row in zip(found, *columns)]

    def ids(self) -> Set[str]:
        """Ids that have all files."""
        return set.intersection(*map(set, self._paths.values()))

    def any_ids(self) -> Set[str]:
        """Ids that have at least one of the files."""
        return set().union(*self._paths.values())

    def missing(self, ids: Sequence[str]) -> Dict[str, Dict[str, str]]:
        """For each key the ids without such a file, and where it would be."""
        return {
            key: {
                i:
                os.path.join(folder,
                             (self._stems[i][key] if self._stems else i) +
                             self._suffixes[key][0])
                for i in ids if i not in self._paths[key]
            }
            for key, folder in self._folders.items()
        }

    def describe_missing(self, ids: Sequence[str]) -> str:
        """Which of these clips lack which file, for a message."""
        return ', '.join(
            f'{len(absent)} without {self._WORDS[key]} '
            f'{list(self._suffixes[key])} in {self._folders[key]} '
            f'({shorten(list(absent))})'
            for key, absent in self.missing(ids).items() if absent)
