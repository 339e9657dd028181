"""The loader's measurement compares like with like."""
import importlib
import json
import sys
from pathlib import Path

import pytest

from fnac_mm.registry import DATASETS
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
    assert [row['what'] for row in rows
            ] == ['usual', 'pillow', 'ours', 'packed', 'preprocessor (CPU)']
    pillow, ours, packed = rows[1:4]
    assert pillow['max_grey_levels'] == 0 and ours['max_grey_levels'] <= 1
    assert ours['pixels_differing'] <= 0.01
    assert ours['max_log_spectrogram'] < 1e-3
    same = ('max_grey_levels', 'pixels_differing', 'max_log_spectrogram')
    assert [packed[k] for k in same] == [ours[k] for k in same]


def test_other_samples_are_refused(loader, tmp_path: Path):
    loader.make_clips(tmp_path, 2)
    config = loader.config_of_files(tmp_path)
    usual = loader.UsualClips(tmp_path)
    loader.differences(usual, DATASETS.build(config))
    config['pipeline'][1]['start'] = 3.4
    with pytest.raises(ValueError, match='not the samples'):
        loader.differences(usual, DATASETS.build(config))
