"""Tables with a header."""
from pathlib import Path

import pytest

from fnac_mm.datasets.text_files import read_table


@pytest.mark.parametrize('content', [
    b'a,b\n1, 2 \n"x, y",\n', b'\xef\xbb\xbfa,b\r\n1,2\r\n"x, y",',
    b'b,a\n2,1\n,"x, y"\n'
])
def test_line_ends_bom_quotes_and_order(tmp_path: Path, content: bytes):
    path = tmp_path / 'table.csv'
    path.write_bytes(content)
    for needed in (('a', 'b'), ['b']):  # other columns stay
        assert read_table(
            path, needed) == [dict(a='1', b='2'),
                              dict(a='x, y', b='')]
