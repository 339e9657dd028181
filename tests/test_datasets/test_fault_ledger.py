"""Counting unreadable samples."""
import copy

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


def test_a_sample_counts_once_and_the_error_names_samples():
    ledger = FaultLedger(20, 0.1)
    for _ in range(5):
        ledger.record(7, 20, 'seven.jpg: truncated', lambda i: f'id{i}')
    ledger.record(3, 20, 'three.jpg', lambda i: f'id{i}')
    with pytest.raises(RuntimeError) as caught:
        ledger.record(11, 20, 'eleven.jpg: truncated', lambda i: f'id{i}')
    message = str(caught.value)
    assert '3 of 20' in message and "'id3', 'id7', 'id11'" in message
    assert 'eleven.jpg: truncated' in message


def test_a_copy_counts_for_itself_in_shared_memory():
    ledger = FaultLedger(20, 0.1)
    ledger.record(1, 20, 'a', str)
    other = copy.deepcopy(ledger)
    other.record(2, 20, 'b', str)
    assert (ledger.count, other.count) == (1, 1)
    assert other._flags.is_shared()


@pytest.mark.parametrize('fraction', [-0.1, 1.5])
def test_fraction_out_of_range(fraction: float):
    with pytest.raises(ValueError, match='max_bad_fraction'):
        FaultLedger(1, fraction)
