"""The loader's measurement compares like with like."""
import importlib
import json
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_python

TOOL = ROOT / 'tools' / 'analysis_tools'


@pytest.fixture()
def loader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(TOOL))
    yield importlib.import_module('benchmark_parts.loader')
    for name in [n for n in sys.modules if n.startswith('benchmark_parts')]:
        del sys.modules[name]


def test_table(tmp_path: Path):
    done = run_python(TOOL / 'benchmark.py', 'loader', '--num-clips', 3,
                      '--batch-size', 2, '--repeats', 1, '--workers', 0,
                      '--out', tmp_path / 'a.json')
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / 'a.json').read_text())['rows']
    assert [row['what'] for row in rows] == ['usual', 'ours', 'packed']
    usual, ours, packed = rows
    assert usual['times_usual'] == 1 and packed['times_usual'] > 0
    for key, limit in (('grey', 2.001), ('pixels', 0.01), ('audio', 1e-3)):
        assert packed[key] == ours[key] <= limit


def test_other_samples_are_refused(loader, tmp_path: Path):
    loader.make_clips(tmp_path, 2)
    datasets = loader.build_datasets(tmp_path)
    ours = datasets['ours']
    loader.differences(datasets['usual'], ours)
    ours.pipeline.transforms[1].start = 3.4
    with pytest.raises(ValueError, match='not the samples'):
        loader.differences(datasets['usual'], ours)
