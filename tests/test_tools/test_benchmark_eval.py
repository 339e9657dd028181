"""benchmark.py eval: what each part of an evaluation takes."""
import json
from pathlib import Path

from ..conftest import run_python

TOOL = 'tools/analysis_tools/benchmark.py'


def test_every_part_is_stated(tmp_path: Path) -> None:
    out = tmp_path / 'table.json'
    done = run_python(TOOL, 'eval', '--network', 'tiny', '--num-clips', 5,
                      '--batch-size', 2, '--out', out)
    assert done.returncode == 0, done.stderr
    table = json.loads(out.read_text())
    rows = {row['what']: row['value'] for row in table['rows']}
    assert list(rows) == [
        'reading', 'preprocessing', 'forward', 'scoring',
        'preprocessing and scoring', 'peak of the process'
    ]
    assert min(rows.values()) > 0 and table['hardware']['threads'] == 1
    assert rows['preprocessing and scoring'] == (
        rows['preprocessing'] + rows['scoring'])
