"""Groups that lost a member."""
from fnac_mm.datasets.groups import count_incomplete_groups


def test_only_torn_groups_count():
    listed = {f'{g}{k}': dict(group=g) for g in 'abc' for k in range(2)}
    listed['d0'] = dict(group='d')  # A group of one is complete.
    found = [listed[i] for i in ('a0', 'a1', 'b1', 'd0')]
    # Of c nothing is left: it does not enter a score at all.
    assert count_incomplete_groups('x', listed, found) == 1
    assert count_incomplete_groups('x', listed, list(listed.values())) == 0
