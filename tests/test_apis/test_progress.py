"""Bars, and what a caller has instead."""
import pytest

from fnac_mm.apis.progress import progress_bar


def test_the_callers_own() -> None:
    told = []
    with progress_bar('a', lambda *args: told.append(args), True) as advance:
        advance(1.0, 2.0)
    assert told == [(1.0, 2.0)]


@pytest.mark.parametrize('show', [True, False])
@pytest.mark.parametrize('total', [4.0, None])
def test_a_bar(capfd: pytest.CaptureFixture, show: bool, total: float) -> None:
    with progress_bar('film', None, show) as advance:
        advance(2.0, total)
    printed = capfd.readouterr()
    assert printed.out == ''
    assert ('film' in printed.err) == show
    assert ('50%' in printed.err) == (show and total is not None)
