"""A few hundred damaged files for each parser; more by ``-m tests.fuzz``."""
from pathlib import Path

import pytest

from .harness import Target, fuzz
from .parsers import PARSERS

COUNT = 200
# A decoder starts for each of these.
SLOW = ('film', 'film preparation')


@pytest.mark.parametrize('target', PARSERS, ids=lambda target: target.name)
def test_damaged_files_are_refused_or_harmless(target: Target,
                                               tmp_path: Path) -> None:
    count = COUNT // 2 if target.name in SLOW else COUNT
    report = fuzz(target, count, tmp_path, seed=1)
    assert not report.findings
    assert report.accepted + report.refused == count
