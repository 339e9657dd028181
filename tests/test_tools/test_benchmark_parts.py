"""benchmark.py: each part, measured on something tiny."""
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.conftest import ROOT, run_well

TOOL = 'tools/analysis_tools/benchmark.py'


def _table(tmp_path: Path, *options: object) -> dict:
    out = tmp_path / 'rows.json'
    run_well(TOOL, *options, '--out', out)
    return json.loads(out.read_text())


def _rows(tmp_path: Path, *options: object) -> list:
    return _table(tmp_path, *options)['rows']


@pytest.fixture()
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A part of the tool, which is a script and no package."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools' / 'analysis_tools'))
    yield lambda name: importlib.import_module(f'benchmark_parts.{name}')
    for name in [n for n in sys.modules if n.startswith('benchmark_parts')]:
        del sys.modules[name]


def test_dense_loss_is_the_published_one(shared: Path, part) -> None:
    usual = part('usual_step')
    golden = np.load(shared / 'golden' / 'loss.npz')
    visual, audio = (
        F.normalize(torch.from_numpy(golden[f'case0_{name}']), dim=1)
        for name in ('visual', 'audio'))
    losses = usual.dense_losses(visual, audio, float(golden['case0_tau']))
    assert usual.total(losses).item() == pytest.approx(
        float(golden['case0_total_w100']), rel=1e-9)


def test_loss(tmp_path: Path) -> None:
    ours, dense = _rows(tmp_path, 'loss', '--versus', 'dense', '--batch-size',
                        '24', '--channels', '8', '--side', '3', '--dtype',
                        'float64', '--repeats', '1')
    assert (ours['loss'], dense['loss']) == ('ours', 'dense')
    assert ours['from dense'] < 1e-10 > ours['from float64']
    assert dense['from dense'] == 0
    assert ours['ms'] > 0 and dense['times as fast'] == 1


def test_train(tmp_path: Path) -> None:
    """A small network, with the switches; memory in a process of its own."""
    row, default = _rows(tmp_path, 'train', '--config',
                         'configs/fnac_synthetic.py', '--batch-size', '4',
                         '--image-size', '64', '--repeats', '1',
                         '--micro-batch', '2', '--channels-last', '--amp',
                         'bf16', '--versus', 'default', '--neighbours', '1')
    assert row['step'] == 'ours' and row['peak MB'] > 0
    assert default['step'] == 'default' and default['times as fast'] == 1
    assert row['clips/s'] == pytest.approx(4000 / row['ms'])
    assert row['times as long'] == row['ms beside 1'] / row['ms']


def test_loader(tmp_path: Path) -> None:
    """It compares like with like."""
    rows = _rows(tmp_path, 'loader', '--num-clips', 3, '--batch-size', 2,
                 '--repeats', 1, '--workers', 0)
    assert [row['what'] for row in rows] == ['usual', 'ours', 'packed']
    usual, ours, packed = rows
    assert usual['times_usual'] == 1 and packed['times_usual'] > 0
    for key, limit in (('grey', 2.001), ('pixels', 0.01), ('audio', 1e-3)):
        assert packed[key] == ours[key] <= limit


def test_other_samples_are_refused(part, tmp_path: Path) -> None:
    loader = part('loader')
    loader.make_clips(tmp_path, 2)
    datasets = loader.build_datasets(tmp_path)
    ours = datasets['ours']
    loader.differences(datasets['usual'], ours)
    ours.pipeline.transforms[1].start = 3.4
    with pytest.raises(ValueError, match='not the samples'):
        loader.differences(datasets['usual'], ours)


def test_every_part_of_an_evaluation_is_stated(tmp_path: Path) -> None:
    table = _table(tmp_path, 'eval', '--network', 'tiny', '--num-clips', 5,
                   '--batch-size', 2)
    rows = {row['what']: row['value'] for row in table['rows']}
    assert list(rows) == [
        'reading', 'preprocessing', 'forward', 'scoring',
        'preprocessing and scoring', 'peak of the process'
    ]
    assert min(rows.values()) > 0 and table['hardware']['threads'] == 1
    assert rows['preprocessing and scoring'] == pytest.approx(
        rows['preprocessing'] + rows['scoring'])
