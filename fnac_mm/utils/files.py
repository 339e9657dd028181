"""Files that are there whole or not at all, and their digests."""
import hashlib
import json
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterable, Iterator, Union

PathLike = Union[str, Path]

UNFINISHED = '.unfinished_'


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_path(path: PathLike, durable: bool = False) -> Iterator[Path]:
    """A draft beside a file, which takes its name when the block ends well.

    Whoever fails or is killed meanwhile leaves the previous file as it was.

    Args:
        path (str | Path): The file; its folder is made.
        durable (bool): Outlast a power failure too. Defaults to False.

    Yields:
        Path: An empty file of the same folder and suffix, to be written.

    Raises:
        OSError: If the disk is full, the folder read-only, ...
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Named before it is there, so that whatever ends us can remove it.
    draft = path.with_name(
        f'{UNFINISHED}{secrets.token_hex(8)}{path.suffix[:16]}')
    try:
        draft.touch(exist_ok=False)
        yield draft
        if durable:
            _sync(draft)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        _sync(path.parent)


def write_atomically(path: PathLike,
                     content: Union[bytes, str],
                     durable: bool = False) -> None:
    """Write a file that is there whole or not at all.

    Args:
        path (str | Path): The file; its folder is made.
        content (bytes | str): Text is written as UTF-8.
        durable (bool): See :func:`atomic_path`. Defaults to False.

    Raises:
        OSError: See :func:`atomic_path`.
    """
    if isinstance(content, str):
        content = content.encode()
    with atomic_path(path, durable) as draft:
        draft.write_bytes(content)


def remove_unfinished(folder: PathLike) -> None:
    """Delete the drafts that a killed process left in a folder.

    Args:
        folder (str | Path): Where nobody writes at the moment.
    """
    for path in Path(folder).glob(f'{UNFINISHED}*'):
        path.unlink(missing_ok=True)


def file_digest(path: PathLike) -> str:
    """SHA-256 of a file, by which it is known again.

    Args:
        path (str | Path): File.

    Returns:
        str: 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def json_digest(value: Any) -> str:
    """SHA-256 of plain values, whatever the order of their keys.

    Args:
        value (Any): What json can hold; other values by their ``str``.

    Returns:
        str: 64 hexadecimal digits.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(',', ':'), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def list_digest(ids: Iterable[str]) -> str:
    """SHA-256 of the ids of a list, in whatever order.

    Args:
        ids (Iterable[str]): Sample ids.

    Returns:
        str: 64 hexadecimal digits.
    """
    return json_digest(sorted(ids))
