"""benchmark.py eval: equal numbers or no table."""
import json
import sys
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest

from ..conftest import ROOT, run_python

TOOL = 'tools/analysis_tools/benchmark.py'


@pytest.fixture()
def part(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, as benchmark.py imports it."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools/analysis_tools'))
    from benchmark_parts import eval as module
    yield module
    for name in [n for n in sys.modules if n.startswith('benchmark_parts')]:
        del sys.modules[name]


@pytest.mark.parametrize('options', [(), ('--packed', )])
def test_both_ways_find_the_same(tmp_path: Path, options: tuple) -> None:
    out = tmp_path / 'table.json'
    done = run_python(TOOL, 'eval', '--network', 'tiny', '--num-clips', 5,
                      '--batch-size', 2, '--num-workers', 0, '--rounds', 2,
                      '--out', out, *options)
    assert done.returncode == 0, done.stderr
    assert 'same numbers' in done.stdout
    rows = {row['part']: row for row in json.loads(out.read_text())['rows']}
    assert {'reading', 'scoring', 'forward', 'whole chain'} <= set(rows)
    for row in rows.values():
        assert row['both: fnac_mm, ms'] >= row['first pass: fnac_mm, ms'] > 0


def found(value: float, number: float) -> tuple:
    """cIoUs of three clips and a number of all."""
    return (dict(fused=np.array([0.1, value, 0.9])), {'fused/auc': number})


def test_a_difference_is_refused(part: Any) -> None:
    assert part.check_equal(found(.5, 50), found(.5, 50), 0) == 0
    assert part.check_equal(found(.5, 50), found(.5004, 50.004),
                            1e-3) == pytest.approx(4e-4)
    with pytest.raises(RuntimeError, match='fused: cIoU of clip 1 is 0.5'):
        part.check_equal(found(.5, 50), found(.502, 50), 1e-3)
    with pytest.raises(RuntimeError, match='fused: cIoU of clip 1'):
        part.check_equal(found(.5, 50), found(float('nan'), 50), 1e-3)
    with pytest.raises(RuntimeError, match='fused/auc is 50'):
        part.check_equal(found(.5, 50), found(.5, 50.01), 1e-3)


def test_a_wrong_score_gives_no_table(part: Any, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault: one of the ways weighs the fusion otherwise."""
    from benchmark_parts import one_by_one
    monkeypatch.setattr(one_by_one, 'ALPHA', 0.6)
    args = part.argparse.Namespace(
        num_clips=3,
        batch_size=2,
        num_workers=0,
        network='tiny',
        device='cpu',
        rounds=1,
        packed=False,
        data_root=tmp_path)
    with pytest.raises(RuntimeError, match='fused: cIoU of clip'):
        part.run(args)
