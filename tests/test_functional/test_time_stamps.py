"""Time stamps of containers that tell them badly."""
from typing import List, Optional, Tuple

import pytest

from fnac_mm.functional.time_stamps import TimeStamps


@pytest.mark.parametrize('distrust, pairs, expected', [
    (False, [(0, -1), (2, 0), (4, 2)], [0, 2, 4]),
    (True, [(1, 1), (4, 2), (3, 3), (None, 4), (6, None)], [1, 2, 3, 4, 6]),
    (False, [(5, None), (None, None), (None, 8)], [5, None, 8]),
    (False, [(1, 1), (1, 2), (1, 3)], [1, 2, 3]),
])
def test_best(distrust: bool, pairs: List[Tuple[Optional[int], Optional[int]]],
              expected: List[Optional[int]]) -> None:
    stamps = TimeStamps(distrust)
    assert [stamps.best(*pair) for pair in pairs] == expected
