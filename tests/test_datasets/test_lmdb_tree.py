"""Pages of an LMDB tree, against what LMDB says of itself."""
from pathlib import Path

import lmdb
import numpy as np
import pytest

from fnac_mm.datasets.lmdb_tree import checksum_pages, tree_pages


def write(folder: Path, count: int, size: int = 5000) -> dict:
    with lmdb.open(str(folder), map_size=2**28) as env:
        for start in range(0, count, 50):
            with env.begin(write=True) as txn:
                for i in range(start, min(start + 50, count)):
                    txn.put(b'%040d' % i, bytes(size))
        return env.stat()


@pytest.mark.parametrize('count, size', [(0, 1), (1, 5000), (30, 5000),
                                         (3000, 5000), (9000, 100)])
def test_finds_as_many_pages_as_lmdb_counts(tmp_path: Path, count: int,
                                            size: int):
    stat = write(tmp_path, count, size)
    pages = tree_pages(str(tmp_path / 'data.mdb'), stat['psize'])
    assert len(pages) == 2 + stat['branch_pages'] + stat['leaf_pages']
    assert pages[:2] == [0, 1]


def test_any_flipped_bit_of_them_changes_the_checksum(tmp_path: Path):
    size = write(tmp_path, 500)['psize']
    path = tmp_path / 'data.mdb'
    pages = tree_pages(str(path), size)
    good = checksum_pages(str(path), size, pages)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for page in pages:
        place = page * size + rng.integers(size)
        content[place] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        assert checksum_pages(str(path), size, pages) != good
        content = bytearray(content)
        path.write_bytes(content)
        good = checksum_pages(str(path), size, pages)
