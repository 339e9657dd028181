"""Text and tables of lists, with messages that name file and line."""
import csv
import io
import json
import os
import re
import reprlib
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

PathLike = Union[str, Path]

# An id becomes part of a path: no separators, no control characters, and
# nothing that UTF-8 can't say.
_UNSAFE = re.compile(r'[/\\\x00-\x1f\x7f\ud800-\udfff]|\.\.|\A\.\Z')

# A damaged file may hold a line of megabytes, or a thousand lists in lists.
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 120


def brief(value: Any) -> str:
    """``repr`` of what was found, with ``...`` where it is long or deep."""
    return _BRIEF.repr(value)


def shorten(names: Sequence[str], count: int = 5) -> str:
    """The first names of a list, for a message: ``'a', 'b', ...``."""
    return ', '.join(map(
        brief, names[:count])) + (', ...' if len(names) > count else '')


def read_text(path: PathLike) -> str:
    """Text of a list file, without a BOM.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not UTF-8; names file and line.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}: no such list file')
    content = Path(path).read_bytes()
    try:
        return content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise ValueError(f'{path}, line {line}: not UTF-8 text '
                         f'({error.reason})') from error


def check_id(sample_id: str, where: str) -> str:
    """Check an id that becomes part of a path.

    Raises:
        ValueError: If it is blank or unsafe as a file name.
    """
    if not sample_id:
        raise ValueError(f'{where}: blank id')
    if _UNSAFE.search(sample_id):
        raise ValueError(f'{where}: {brief(sample_id)} is not an id: it holds '
                         'a path separator, "..", or a control character')
    return sample_id


def read_table(path: PathLike, columns: Sequence[str]) -> List[Dict[str, str]]:
    """Stripped values of each row of a ``.csv`` with a header.

    Args:
        path (str | Path): File; CRLF and a BOM are accepted.
        columns (Sequence[str]): Columns that must be there; others may.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not text, lacks a column, holds no row, or
            a row is shorter or longer than the header; names file and line.
    """
    # Strict: a quote without its partner would swallow the rows after it.
    reader = csv.DictReader(
        io.StringIO(read_text(path), newline=''), strict=True)
    try:
        header, table = list(reader.fieldnames or []), list(reader)
    except csv.Error as error:
        raise ValueError(f'{path}, line {reader.line_num}: not a table '
                         f'({error})') from error
    if not set(columns) <= set(header) or len(set(header)) < len(header):
        raise ValueError(f'{path}: the header must have the columns '
                         f'{list(columns)}, each once, got {brief(header)}')
    rows = []
    for number, row in enumerate(table, start=2):
        # DictReader fills short rows with None, puts what is over under None.
        if None in row or None in row.values():
            raise ValueError(f'{path}, line {number}: expected '
                             f'{len(header)} values')
        rows.append({key: value.strip() for key, value in row.items()})
    if not rows:
        raise ValueError(f'{path}: the list is empty')
    return rows


def read_json_list(path: PathLike) -> List[Any]:
    """Read an annotation file that holds a list.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not valid JSON, or no list with entries.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such annotation file')
    try:
        entries = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: not valid JSON: {error}') from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(f'{path}: expected a list of objects, got '
                         f'{brief(entries)}')
    return entries
