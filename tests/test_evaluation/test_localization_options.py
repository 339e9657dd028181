"""LocalizationMetric with adaptive scores, groups and masks."""
import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from fnac_mm.evaluation import LocalizationMetric
from fnac_mm.functional import PROTOCOLS, boxes_to_target
from fnac_mm.structures import AVDataSample
from tools.analysis_tools import eval_metric
from .samples import VGGSS, evaluate, random_samples

GROUPED = dict(VGGSS, group_key='image')


def with_groups(size: int = 3) -> list:
    """Seven samples, in groups of three but for the last."""
    samples = random_samples(7)
    for index, sample in enumerate(samples):
        sample.set_metainfo(dict(group=f'g{index // size}'))
    return samples


def adaptive_by_hand(map: np.ndarray, target: np.ndarray) -> float:
    """SSL-Alignment's rule for one sample, in plain numpy."""
    count = np.count_nonzero(target) or target.size // 2
    limit = np.sort(map.ravel())[map.size - count]
    chosen = map > limit
    hit = (chosen * target).sum()
    total = target.sum() + (chosen & (target == 0)).sum()
    return hit / total if total else 0.


def test_adaptive() -> None:
    samples = random_samples(9)
    metrics = evaluate(samples, adaptive=True)
    plain = evaluate(samples)
    assert {k: v for k, v in metrics.items() if '_adaptive' not in k} == plain
    expected = []
    for sample in samples:
        target = boxes_to_target(sample.gt_boxes).numpy()
        large = PROTOCOLS['fnac_test'].maps(sample.pred_map.data)
        expected.append(
            adaptive_by_hand(large['audio_visual'][0].numpy(), target))
    assert metrics['audio_visual_adaptive/mean_ciou'] == pytest.approx(
        100 * np.mean(expected))
    assert metrics['audio_visual_adaptive/ciou@0.5'] == pytest.approx(
        100 * np.mean(np.array(expected) >= 0.5))
    assert 'centre_adaptive/auc' in metrics


def test_two_protocols_in_one_test() -> None:
    """As docs/evaluation.md has it."""
    samples = random_samples(9)
    evaluator = Evaluator([
        dict(type='fnac_mm.LocalizationMetric'),
        dict(
            type='fnac_mm.LocalizationMetric',
            protocol='fnac_test_bicubic',
            prefix='bicubic')
    ])
    evaluator.dataset_meta = VGGSS
    evaluator.process(samples)
    found = evaluator.evaluate(len(samples))
    expected = evaluate(samples)
    other = evaluate(samples, protocol='fnac_test_bicubic')
    expected.update({f'bicubic/{key}': v for key, v in other.items()})
    assert found == expected
    key = 'audio_visual/mean_ciou'
    assert found[key] != found[f'bicubic/{key}']


def test_group_is_right_if_all_are(tmp_path: Path) -> None:
    samples = with_groups()
    out = tmp_path / 'out.json'
    metrics = evaluate(samples, GROUPED, out_file=str(out))
    rows = json.loads(out.read_text())['results']
    groups: dict = {}
    for row in rows:
        groups.setdefault(row['group'], []).append(row['ciou']['fused'])
    found = np.mean([all(c >= .5 for c in g) for g in groups.values()])
    assert metrics['fused/iiou@0.5'] == pytest.approx(100 * found)
    assert (metrics['n_groups'], metrics['n_single_groups']) == (3, 1)
    off = evaluate(samples, GROUPED, groups=False)
    assert off == evaluate(samples)
    # Alone, each sample is its group.
    single = evaluate(with_groups(1), GROUPED)
    for kind in ('fused', 'centre'):
        assert single[f'{kind}/iiou@0.5'] == single[f'{kind}/ciou@0.5']
        assert single[f'{kind}/iauc'] == pytest.approx(single[f'{kind}/auc'])


def test_groups_that_are_not_there() -> None:
    with pytest.raises(ValueError, match='vggss has no group_key'):
        evaluate(with_groups(), VGGSS, groups=True)
    samples = with_groups()
    samples[2].pop('group')
    with pytest.raises(ValueError, match="'002' has no group"):
        evaluate(samples, GROUPED)


def as_masks(samples: list) -> list:
    """The same samples, annotated by the pixels of their boxes."""
    masked = []
    for sample in samples:
        target = boxes_to_target(sample.gt_boxes)
        other = AVDataSample(metainfo=sample.metainfo)
        other.set_gt_mask(target)
        masked.append(
            other.set_pred_map(sample.pred_map.data[0],
                               sample.pred_object_map.data[0]))
    return masked


def test_mask_instead_of_boxes() -> None:
    samples = random_samples(6)
    assert evaluate(
        as_masks(samples), adaptive=True) == evaluate(
            samples, adaptive=True)


def test_results_can_be_scored_again(tmp_path: Path,
                                     capsys: pytest.CaptureFixture) -> None:
    """Masks, groups and adaptive scores all go through the file."""
    out, again = tmp_path / 'out.json', tmp_path / 'again.json'
    metrics = evaluate(
        as_masks(with_groups()), GROUPED, out_file=str(out), adaptive=True)
    capsys.readouterr()
    eval_metric.main([str(out), '--out', str(again), '--intervals'])
    assert again.read_text() == out.read_text()
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    intervals = found.pop('intervals')
    assert found == dict(metrics, protocol='fnac_test')
    assert 'over 3 groups' in printed.err
    for key, (low, high) in intervals.items():
        assert 0 <= low <= metrics[key] <= high <= 100
    assert 'audio_visual_adaptive/auc' in intervals


def test_table_tells_the_tasks_apart() -> None:
    metric = LocalizationMetric(adaptive=True)
    metric.dataset_meta = GROUPED
    samples = [sample.to_dict() for sample in with_groups()]
    metric.process(None, samples)
    lines = metric.report(metric.summarize(metric.results)).splitlines()
    head = lines.index('adaptive: told the size of the target, another task')
    assert 'IIoU@0.5' in lines[2]
    assert [line.split()[0] for line in lines[head + 1:head + 5]
            ] == ['audio-visual', 'object', 'fused', 'centre']
    assert lines[-1] == 'IIoU and IAUC: 3 groups, 1 of one sample'
