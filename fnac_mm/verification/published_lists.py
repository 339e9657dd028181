"""Published lists and annotations, recognised by what they hold.

Facts only: how many entries each list has, and a digest of them.
"""
import csv
import json
import os
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional, Union

from fnac_mm.datasets.extended import read_negative_list
from fnac_mm.datasets.id_lists import read_id_list
from fnac_mm.datasets.text_files import read_json_list, read_text
from fnac_mm.utils.files import list_digest

_PAIR_HEADER = 'video,audio,'


class PublishedList(NamedTuple):
    """A list as its authors published it.

    Attributes:
        name (str): Name of the file without suffix.
        publisher (str): Whose repositories hold it.
        size (int): Number of entries.
        remark (str): What to know about it.
        digest (str): See :func:`fnac_mm.utils.list_digest`, of
            :func:`list_entries`.
    """
    name: str
    publisher: str
    size: int
    remark: str
    digest: str


class ListFacts(NamedTuple):
    """A list file, and what is known of it.

    Attributes:
        size (int): Number of entries.
        digest (str): As in :class:`PublishedList`.
        published (PublishedList, optional): The list that it is.
        description (str): The same in words, for example ``"this is
            vggss_144k of FNAC (holds 3,715 VGG-SS test clips)"``.
    """
    size: int
    digest: str
    published: Optional[PublishedList]
    description: str


def _read_published() -> Iterator[PublishedList]:
    """Rows of the table beside this module."""
    path = Path(__file__).with_suffix('.csv')
    with open(path, encoding='utf-8', newline='') as file:
        for row in csv.DictReader(file):
            yield PublishedList(row['name'], row['publisher'],
                                int(row['size']), row['remark'], row['digest'])


PUBLISHED_LISTS = tuple(_read_published())


def list_entries(path: Union[str, Path]) -> List[str]:
    """Entries of a list or annotation file in one form.

    Args:
        path (str | Path): ``.txt`` or ``.csv`` of ids, ``.csv`` of pairs
            with the header ``video,audio,label``, or ``.json`` with a list.

    Returns:
        list[str]: Ids (classes play no part), pairs as ``video+audio``, or
        the entries as JSON with sorted keys; sorted.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed; names file and line.
    """
    if os.fspath(path).lower().endswith('.json'):
        return sorted(
            json.dumps(entry, sort_keys=True)
            for entry in read_json_list(path))
    if read_text(path).startswith(_PAIR_HEADER):
        return sorted(read_negative_list(path))
    return sorted(read_id_list(path))


def recognize_list(path: Union[str, Path]) -> ListFacts:
    """Say which published list a file is; errors: :func:`list_entries`."""
    entries = list_entries(path)
    digest = list_digest(entries)
    size, known = len(entries), None
    words, name = 'not a published list', Path(path).stem
    others = []
    for published in PUBLISHED_LISTS:
        if published.digest == digest:
            known = published
            words = f'this is {known.name} of {known.publisher} ' \
                    f'({known.remark})'
        elif published.name == name:
            others.append(f'that of {published.publisher} '
                          f'({published.size:,})')
    if others and known is None:
        words = f'named as a published list, but not {" or ".join(others)}'
    return ListFacts(size, digest, known, words)
