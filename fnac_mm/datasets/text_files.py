"""Text and tables of lists, with messages that name file and line."""
import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

PathLike = Union[str, Path]

# An id becomes part of a path: no separators, no control characters.
_UNSAFE = re.compile(r'[/\\\x00-\x1f\x7f]|\.\.')


def read_text(path: PathLike) -> str:
    """Text of a list file.

    Args:
        path (str | Path): UTF-8, with or without BOM.

    Returns:
        str: The text, without the BOM.

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

    Args:
        sample_id (str): The id.
        where (str): File and line, for the message.

    Returns:
        str: The id.

    Raises:
        ValueError: If it is blank or unsafe as a file name.
    """
    if not sample_id:
        raise ValueError(f'{where}: blank id')
    if _UNSAFE.search(sample_id):
        raise ValueError(f'{where}: {sample_id!r} is not an id: it holds a '
                         'path separator, "..", or a control character')
    return sample_id


def read_table(path: PathLike, columns: Sequence[str]) -> List[Dict[str, str]]:
    """Read a ``.csv`` with a header.

    Args:
        path (str | Path): File; CRLF and a BOM are accepted.
        columns (Sequence[str]): Columns that must be there; others may.

    Returns:
        list[dict[str, str]]: Stripped values of each row.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not text, lacks a column, holds no row, or
            a row is shorter or longer than the header; names file and line.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=''))
    header = reader.fieldnames or []
    if not set(columns) <= set(header):
        raise ValueError(f'{path}: the header must have the columns '
                         f'{list(columns)}, got {list(header)}')
    rows = []
    for row in reader:
        # DictReader fills short rows with None, puts what is over under None.
        if None in row or None in row.values():
            raise ValueError(f'{path}, line {reader.line_num}: expected '
                             f'{len(header)} values')
        rows.append({key: value.strip() for key, value in row.items()})
    if not rows:
        raise ValueError(f'{path}: the list is empty')
    return rows


def read_json_list(path: PathLike) -> List[Any]:
    """Read an annotation file that holds a list.

    Args:
        path (str | Path): The json file.

    Returns:
        list: Its entries, at least one.

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
                         f'{str(entries)[:80]}')
    return entries
