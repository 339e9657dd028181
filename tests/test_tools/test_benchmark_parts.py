"""The loss and the training step, measured on something tiny."""
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.conftest import ROOT, run_python

TOOL = 'tools/analysis_tools/benchmark.py'


def _rows(tmp_path: Path, *options: object) -> list:
    out = tmp_path / 'rows.json'
    done = run_python(TOOL, *options, '--out', out)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(out.read_text())['rows']


def test_dense_loss_is_the_published_one(shared: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'tools' / 'analysis_tools'))
    monkeypatch.delitem(sys.modules, 'benchmark_parts', raising=False)
    from benchmark_parts.usual_step import dense_losses, total
    golden = np.load(shared / 'golden' / 'loss.npz')
    visual, audio = (
        F.normalize(torch.from_numpy(golden[f'case0_{name}']), dim=1)
        for name in ('visual', 'audio'))
    losses = dense_losses(visual, audio, float(golden['case0_tau']))
    assert total(losses).item() == pytest.approx(
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
