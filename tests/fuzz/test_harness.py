"""The harness finds what it is there to find."""
import os
import random
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from .harness import Limits, Report, Target, fuzz
from .mutator import mutate

_SEED = b'{"a": [1, 2.5, "text"]}\n' * 3
_QUICK = Limits(memory=2**28, processor=0.3, wall=3.0)


def run(tmp_path: Path, body: Callable[[Path], Any], **kwargs: Any) -> Report:
    """Fuzz a parser that accepts the whole file."""

    def read(path: Path) -> Any:
        content = path.read_bytes()
        return content if content == _SEED else body(path)

    target = Target('bad', '.txt', lambda: [_SEED], read, **kwargs)
    return fuzz(target, 2, tmp_path, limits=_QUICK)


def _raise(error: BaseException) -> None:
    raise error


def _spin() -> None:
    while True:
        pass


@pytest.mark.parametrize('wrong, body', [
    ('undocumented KeyError', lambda path: {}[1]),
    ('no file name', lambda path: _raise(ValueError('bad input'))),
    ('message of', lambda path: _raise(ValueError(f'{path}' * 5000))),
    ('undocumented MemoryError', lambda path: bytes(2**29)),
    ('crash: SIGABRT', lambda path: os.abort()),
    ('exit code 3', lambda path: os._exit(3)),
    ('hangs: too much processor', lambda path: _spin()),
    ('forbidden: os.system', lambda path: os.system('true')),
    ('forbidden: subprocess', lambda path: subprocess.run(['true'])),
    ('forbidden: socket', lambda path: socket.create_connection(
        ('127.0.0.1', 9))),
    ('forbidden: open', lambda path: (path.parents[2] / 'x').write_text('')),
    ('forbidden: os.mkdir', lambda path: (path.parents[2] / 'x').mkdir()),
    ('forbidden: os.symlink', lambda path:
     (path.parents[2] / 'x').symlink_to(path)),
    ('forbidden: exec', lambda path: eval('1 + 1')),
])
def test_found(tmp_path: Path, wrong: str, body: Callable) -> None:
    report = run(tmp_path / 'fuzz', body)
    assert [f['wrong'].startswith(wrong)
            for f in report.findings] == [True] * 2
    assert [f['number'] for f in report.findings] == [0, 1]
    assert not (tmp_path / 'x').exists()
    assert (tmp_path / 'fuzz' / 'found_1.txt').read_bytes()


def test_a_parser_that_waits_is_found(tmp_path: Path) -> None:
    target = Target('bad', '.txt', lambda: [_SEED],
                    lambda path: path.read_bytes() == _SEED or time.sleep(99))
    report = fuzz(target, 1, tmp_path, limits=Limits(wall=0.5))
    assert report.findings[0]['wrong'].startswith('hangs: no end')


def test_what_may_not_be_accepted_is_found(tmp_path: Path) -> None:

    def check(content: bytes) -> None:
        assert content == _SEED, 'a changed number'

    report = run(tmp_path, Path.read_bytes, check=check)
    assert report.accepted == 2 and len(report.findings) == 2
    assert 'a changed number' in report.findings[0]['wrong']


def test_documented_errors_are_no_findings(tmp_path: Path) -> None:
    report = run(tmp_path, lambda path: _raise(ValueError(f'{path}: no')))
    assert report == Report(accepted=0, refused=2)


def test_a_seed_that_is_refused_is_an_error(tmp_path: Path) -> None:
    target = Target('bad', '.txt', lambda: [b''], lambda path: 1 / 0)
    with pytest.raises(RuntimeError, match='seed was not accepted'):
        fuzz(target, 1, tmp_path)


@pytest.mark.parametrize('content', [b'', b'x', _SEED])
@pytest.mark.parametrize('is_text', [True, False])
def test_damage_is_repeatable_and_bounded(content: bytes,
                                          is_text: bool) -> None:
    damaged = [[
        mutate(content, random.Random(f'{seed}'), is_text)
        for seed in range(300)
    ] for _ in range(2)]
    assert damaged[0] == damaged[1]
    assert max(map(len, damaged[0])) <= 2**21
    assert len(set(damaged[0])) > (30 if content else 5)
