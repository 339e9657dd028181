"""A bar that neither changes nor hides what passes."""
import pytest

from fnac_mm.utils.progress import track


def test_items_pass_and_are_counted_once(
        capsys: pytest.CaptureFixture) -> None:
    """Without a terminal there is one line, however many items."""
    failed = []
    items = track(range(300), 300, 'clips', lambda: f', {len(failed)} failed')
    assert [failed.append(i) or i for i in items] == list(range(300))
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith('clips ') and ' 300/300 ' in line
    assert ', 300 failed' in line


def test_errors_pass(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError):
        list(track((1 // n for n in (1, 0)), 2, 'clips'))
    assert ' 1/2 ' in capsys.readouterr().err
