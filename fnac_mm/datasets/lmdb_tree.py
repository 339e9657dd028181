"""Checksum of the search tree of an LMDB file.

LMDB has no checksums, and a flipped bit in a page of its tree can crash the
process that follows it. Its values lie in pages of their own and carry the
checksum of :mod:`.packed_record`; the tree itself is about 0.03 % of a file
of frames. Layout: ``lmdb.h`` and ``mdb.c`` of LMDB 0.9, 64 bits,
little-endian (``MDB_meta``, ``MDB_db``, ``MDB_page``, ``MDB_node``).
"""
import struct
import zlib
from typing import BinaryIO, List, Sequence

_PAGE_HEADER = 16
_ROOT, _TXN_ID, _DEPTH = 128, 144, 94
_EMPTY = 2**64 - 1


def _read(file: BinaryIO, page: int, size: int) -> bytes:
    file.seek(page * size)
    return file.read(size)


def _children(page: bytes) -> List[int]:
    """Pages that a branch page points to."""
    lower, = struct.unpack_from('<H', page, 12)
    count = (lower - _PAGE_HEADER) // 2
    pages = []
    for offset in struct.unpack_from(f'<{count}H', page, _PAGE_HEADER):
        low, high, highest = struct.unpack_from('<3H', page, offset)
        pages.append(low | high << 16 | highest << 32)
    return pages


def tree_pages(path: str, page_size: int) -> List[int]:
    """Pages of the tree of the main database, and the two meta pages.

    Args:
        path (str): ``data.mdb`` of a closed environment.
        page_size (int): Bytes in a page, ``stat()['psize']``.

    Returns:
        list[int]: Their numbers, in the order of the file.
    """
    with open(path, 'rb') as file:
        metas = [_read(file, number, page_size) for number in (0, 1)]
        newest = max(metas, key=lambda m: struct.unpack_from('<Q', m, _TXN_ID))
        depth, = struct.unpack_from('<H', newest, _DEPTH)
        root, = struct.unpack_from('<Q', newest, _ROOT)
        level = [] if root == _EMPTY else [root]
        pages = {0, 1, *level}
        for _ in range(depth - 1):
            level = [
                child for number in level
                for child in _children(_read(file, number, page_size))
            ]
            pages.update(level)
    return sorted(pages)


def checksum_pages(path: str, page_size: int, pages: Sequence[int]) -> int:
    """CRC-32 of some pages.

    Args:
        path (str): File.
        page_size (int): Bytes in a page.
        pages (Sequence[int]): Of :func:`tree_pages`.

    Returns:
        int: The checksum.
    """
    crc = 0
    with open(path, 'rb', buffering=0) as file:
        for number in pages:
            crc = zlib.crc32(_read(file, number, page_size), crc)
    return crc
