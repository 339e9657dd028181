"""Counting unreadable samples."""

import pytest

from fnac_mm.datasets.fault_ledger import FaultLedger


@pytest.mark.parametrize('size, fraction, limit', [
    (144000, 0.01, 1440),
    (150, 0.01, 1),
    (10, 0.01, 1),
    (10, 0.0, 0),
    (100, 0.29, 29),
    (10, 1.0, 10),
])
def test_limit(size: int, fraction: float, limit: int):
    ledger = FaultLedger(size, fraction)
    for index in range(limit):
        ledger.record(index, size, f'{index}.jpg', str)
    assert ledger.count == limit
    if limit < size:
        with pytest.raises(RuntimeError, match='max_bad_fraction'):
            ledger.record(limit, size, 'one.jpg', str)
