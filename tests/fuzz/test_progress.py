"""A long run of fuzzing that is stopped and taken up."""
import sys
from pathlib import Path

import pytest

from . import __main__ as tool
from .harness import Target
from .progress import Piece, Progress


def piece(first: int, **kwargs: int) -> Piece:
    values = dict(seed=0, count=5, accepted=2, refused=3, findings=0)
    return Piece('a', first=first, seconds=1.5, **{**values, **kwargs})


def test_pieces_add_up(tmp_path: Path) -> None:
    path = tmp_path / 'progress.jsonl'
    progress = Progress(path, seed=0)
    progress.add(piece(0))
    Progress(path, seed=1).add(piece(0, seed=1, count=9))
    again = Progress(path, seed=0)
    again.add(piece(5, findings=1))
    assert again.done('a') == 10 and again.done('b') == 0
    assert again.total('a') == Piece('a', 0, 0, 10, 4, 6, 1, 3.0)
    assert again.table().splitlines()[2] == '| a | 10 | 4 | 6 | 1 |'
    with pytest.raises(AssertionError, match='gap'):
        again.add(piece(20))


def test_a_half_line_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / 'progress.jsonl'
    Progress(path, seed=0).add(piece(0))
    whole = path.read_text()
    for end in (1, 30, len(whole) - 1):
        path.write_text(whole +
                        whole.replace('"first": 0', '"first": 5')[:end])
        again = Progress(path, seed=0)
        assert again.done('a') == 5
        again.add(piece(5, findings=1))
        assert Progress(path, seed=0).total('a').findings == 1
    path.write_text(whole[:9])
    assert Progress(path, seed=0).done('a') == 0
    # Damage elsewhere is not of a stopped run.
    path.write_text('{"parser\n' + whole)
    with pytest.raises(ValueError):
        Progress(path, seed=0)


def run(monkeypatch: pytest.MonkeyPatch, out: Path, *options: str) -> list:
    """Numbers of the files that a parser has met."""
    met = []

    class Noting(Target):

        def make(self, seed: int, number: int) -> bytes:
            met.append(number)
            return super().make(seed, number)

    def broken(path: Path) -> None:
        if path.read_bytes() != b'seed':
            raise KeyError(path.name)

    target = Noting('broken', '.txt', [b'seed'], broken)
    monkeypatch.setattr(tool, 'all_targets', lambda *args: [target])
    monkeypatch.setattr(
        sys, 'argv',
        ['fuzz', '--out', str(out), '--piece', '4', *options])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 1
    # Those that are kept, written by the parent.
    return met


def test_a_stopped_run_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, tmp_path, '--count', '6') == list(range(6))
    assert run(monkeypatch, tmp_path, '--count', '9') == [6, 7, 8]
    assert run(monkeypatch, tmp_path, '--count', '9') == []
    found = sorted(path.name for path in tmp_path.rglob('found_*'))
    assert found == [f'found_{number}.txt' for number in range(9)]
    assert '| broken | 9 | 0 | 9 | 9 |' in capsys.readouterr().out
