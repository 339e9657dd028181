"""compare_results.py: scipy's answer, and what can't be compared."""
import json
from pathlib import Path
from types import ModuleType
from typing import Callable, Optional

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from scipy import stats

from fnac_mm.evaluation import write_results
from tools.analysis_tools import compare_results, plot_success_curves
from ..test_evaluation.samples import (FLICKR, VGGSS, complete_samples,
                                       evaluate, random_samples)


def write(path: Path,
          seed: int,
          count: int = 30,
          meta: dict = VGGSS,
          group_size: Optional[int] = None,
          **kwargs: object) -> Path:
    """Results of one annotation with maps of this seed."""
    samples = random_samples(count)
    for index, (sample,
                other) in enumerate(zip(samples, random_samples(count, seed))):
        sample.set_pred_map(other.pred_map.data[0],
                            other.pred_object_map.data[0])
        if group_size:
            sample.set_metainfo(dict(group=f'g{index // group_size}'))
            meta = dict(meta, group_key='image')
    evaluate(samples, meta, out_file=str(path), **kwargs)
    return path


def run(first: Path, second: Path, capsys: pytest.CaptureFixture) -> dict:
    capsys.readouterr()
    compare_results.main([str(first), str(second)])
    return json.loads(capsys.readouterr().out)


def test_equals_scipy(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    files = [write(tmp_path / f'{seed}.json', seed) for seed in (1, 2)]
    found = run(*files, capsys)
    assert (found['n'], found['n_units']) == (30, 30)
    cious = [[
        row['ciou']['fused'] for row in json.loads(f.read_text())['results']
    ] for f in files]
    change = 100 * np.subtract(cious[1], cious[0])
    score = found['scores']['fused/mean_ciou']
    assert score['difference'] == pytest.approx(change.mean())
    expected = stats.permutation_test((change, ),
                                      np.mean,
                                      permutation_type='samples',
                                      n_resamples=20000,
                                      random_state=0).pvalue
    assert score['p_value'] == pytest.approx(expected, abs=0.03)
    right = np.array(cious) >= 0.5
    only = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
    test = found['scores']['fused/ciou@0.5']['mcnemar']
    assert (test['only_first'], test['only_second']) == only
    assert 'oracle_cap/auc' not in found['scores']


def test_same_file_has_no_difference(tmp_path: Path,
                                     capsys: pytest.CaptureFixture) -> None:
    path = write(tmp_path / 'a.json', 1, adaptive=True)
    found = run(path, path, capsys)['scores']
    assert 'audio_visual_adaptive/auc' in found
    for score in found.values():
        assert score['difference'] == 0
        assert score['p_value'] == 1


def test_groups_change_together(tmp_path: Path,
                                capsys: pytest.CaptureFixture) -> None:
    """Three groups have eight patterns of signs: p is a multiple of 1/8."""
    files = [
        write(tmp_path / f'{seed}.json', seed, group_size=10)
        for seed in (1, 2)
    ]
    found = run(*files, capsys)
    assert found['n_units'] == 3
    score = found['scores']['fused/mean_ciou']
    assert (score['p_value'] * 8) % 1 == 0
    assert 'mcnemar' not in found['scores']['fused/ciou@0.5']


def edit(path: Path, change: Callable[[dict], None]) -> Path:
    content = json.loads(path.read_text())
    change(content)
    for key in ('version', 'sha256', 'provenance'):
        del content[key]
    write_results(path, content)
    return path


def rename(content: dict) -> None:
    content['results'][3]['sample_id'] = 'other'


def move_box(content: dict) -> None:
    content['results'][3]['boxes'] = [[0., 0., 1., 1.]]


@pytest.mark.parametrize('change,message',
                         [(rename, '2 samples are in one file only.*003'),
                          (move_box, "'003': its boxes differs")])
def test_other_samples_are_refused(tmp_path: Path, change: Callable,
                                   message: str) -> None:
    first = write(tmp_path / 'a.json', 1)
    second = edit(write(tmp_path / 'b.json', 2), change)
    with pytest.raises(SystemExit, match=message):
        compare_results.main([str(first), str(second)])


@pytest.mark.parametrize('tool', [compare_results, plot_success_curves])
def test_another_list_is_refused(tmp_path: Path, tool: ModuleType) -> None:
    """Of the same samples, as it happens, but other ids were asked for."""
    files = [
        str(
            write(
                tmp_path / f'{name}.json',
                1,
                count=4,
                meta=dict(VGGSS, list_sha256=name * 64))) for name in 'ab'
    ]
    out = [] if tool is compare_results else ['--out', str(tmp_path / 'x.png')]
    with pytest.raises(SystemExit, match='list_sha256 aaaaaaaaaaaa and bbbb'):
        tool.main([*files, *out])
    assert not (tmp_path / 'x.png').exists()


def test_other_tests_are_refused(tmp_path: Path) -> None:
    first = str(write(tmp_path / 'a.json', 1))
    flickr = write(tmp_path / 'flickr.json', 1, meta=FLICKR)
    with pytest.raises(SystemExit, match='differ in dataset combine'):
        compare_results.main([first, str(flickr)])
    lvs = write(tmp_path / 'lvs.json', 1, protocol='lvs')
    with pytest.raises(SystemExit, match='protocol align_corners.*bring both'):
        compare_results.main([first, str(lvs)])
    with pytest.raises(SystemExit, match='absent.json'):
        compare_results.main([first, str(tmp_path / 'absent.json')])


@pytest.mark.parametrize('metric', [
    'SegmentationMetric', 'ExtendedLocalizationMetric', 'NegativeAudioMetric',
    'RetrievalMetric'
])
def test_every_metric_can_be_compared(tmp_path: Path,
                                      capsys: pytest.CaptureFixture,
                                      metric: str) -> None:
    """The values are those of the evaluations; equal models don't differ."""
    found = []
    for seed in (1, 2):
        evaluator = Evaluator(
            dict(
                type=f'fnac_mm.{metric}',
                out_file=str(tmp_path / f'{seed}.json')))
        evaluator.dataset_meta = VGGSS
        evaluator.process(complete_samples(12, seed), None)
        scores = evaluator.evaluate(24)
        prefix = f'{evaluator.metrics[0].prefix}/'
        found.append({k.removeprefix(prefix): v for k, v in scores.items()})
    files = [tmp_path / f'{seed}.json' for seed in (1, 2)]
    result = run(*files, capsys)
    assert result['metric'] == metric
    assert result['scores']
    for key, score in result['scores'].items():
        assert score['first'] == pytest.approx(found[0][key]), key
        assert score['second'] == pytest.approx(found[1][key]), key
        change = found[1][key] - found[0][key]
        assert score['difference'] == pytest.approx(change, abs=1e-9), key
    for key, score in run(files[0], files[0], capsys)['scores'].items():
        assert (score['difference'], score['p_value']) == (0, 1), key
    with pytest.raises(SystemExit, match='differ in metric type'):
        other = write(tmp_path / 'other.json', 1)
        compare_results.main([str(files[0]), str(other)])
