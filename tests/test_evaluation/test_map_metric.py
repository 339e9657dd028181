"""Shuffled sounds, negatives, subsets and files of all metrics of maps."""
import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.evaluator import Evaluator

from fnac_mm.evaluation import read_results, score_again
from fnac_mm.functional import (PROTOCOLS, boxes_to_target, consensus_iou,
                                draw_partners, localization_map,
                                summarize_cious)
from fnac_mm.structures import AVDataSample
from ..ddp_helpers import run_distributed
from .samples import VGGSS, complete_samples

METRICS = ('LocalizationMetric', 'SegmentationMetric',
           'ExtendedLocalizationMetric', 'NegativeAudioMetric')


def evaluate(metric: str, samples: List[AVDataSample],
             **kwargs: Any) -> Dict[str, float]:
    """Score in batches of 5."""
    evaluator = Evaluator(dict(type=f'fnac_mm.{metric}', **kwargs))
    evaluator.dataset_meta = VGGSS
    for start in range(0, len(samples), 5):
        evaluator.process(samples[start:start + 5], None)
    return evaluator.evaluate(len(samples))


def evaluate_shard(metric: str, count: int) -> Dict[str, float]:
    """This process's part, padded as mmengine pads."""
    samples = complete_samples(count)[:2 * count - 1]
    evaluator = Evaluator(dict(type=f'fnac_mm.{metric}'))
    evaluator.dataset_meta = VGGSS
    for index in DefaultSampler(samples, shuffle=False):
        evaluator.process([samples[index]], None)
    return evaluator.evaluate(len(samples))


def test_shuffled_sounds_by_hand() -> None:
    samples = complete_samples(9)[::2]
    found = evaluate('LocalizationMetric', samples, adaptive=True)
    ids = [s.sample_id for s in samples]
    partners = draw_partners(ids, ids)
    audio = {s.sample_id: s.audio_feature for s in samples}
    maps = localization_map(
        torch.stack([s.visual_feature for s in samples]),
        torch.stack([audio[p] for p in partners]))
    targets = torch.stack([boxes_to_target(s.gt_boxes) for s in samples])
    large = PROTOCOLS['fnac_test'].maps(maps)['audio_visual']
    expected = summarize_cious(consensus_iou(large, targets))
    for key, value in expected.items():
        assert found[f'shuffled_audio/{key}'] == pytest.approx(value)
    assert 'shuffled_audio_adaptive/auc' in found


def test_no_baseline_without_features_or_another_clip() -> None:
    samples = complete_samples(3)[::2]
    alone = evaluate('LocalizationMetric', samples[:1])
    assert not any('shuffled' in key for key in alone)
    for sample in samples:
        del sample.visual_feature, sample.audio_feature
    found = evaluate('LocalizationMetric', samples)
    assert not any('shuffled' in key for key in found)
    assert 'audio_visual/auc' in found


def test_deaf_model_gains_nothing() -> None:
    """All sounds alike: the shuffled score is the score."""
    samples = complete_samples(6)[::2]
    for sample in samples:
        sample.set_features(sample.visual_feature, samples[0].audio_feature)
        sample.set_pred_map(
            localization_map(sample.visual_feature[None],
                             sample.audio_feature[None])[0])
    found = evaluate('ExtendedLocalizationMetric', samples)
    for key in ('loc_acc', 'standard/ap', 'slavc/max_f1'):
        assert found[f'extended/shuffled_audio/{key}'] == found[
            f'extended/audio_visual/{key}']


@pytest.mark.ddp
@pytest.mark.parametrize('metric', METRICS)
def test_number_of_processes_does_not_matter(metric: str) -> None:
    """21 samples on 3 processes, of which some are not scored anywhere."""
    expected = evaluate(metric, complete_samples(11)[:21])
    found = run_distributed(evaluate_shard, 3, metric, 11)
    assert found == [expected] * 3


def test_negatives_and_subset() -> None:
    """Padding is told by the place in the data set, not among the chosen."""
    samples = complete_samples(5)
    positives = samples[::2]
    expected = evaluate('LocalizationMetric', positives)
    assert evaluate('LocalizationMetric', samples, negatives=[]) == expected
    evaluator = Evaluator(dict(type='fnac_mm.LocalizationMetric'))
    evaluator.dataset_meta = VGGSS
    evaluator.metrics[0].subset = {s.sample_id for s in positives[1:3]}
    evaluator.process(samples + samples[:3], None)
    found = evaluator.evaluate(len(samples))
    assert found == evaluate('LocalizationMetric', positives[1:3])


@pytest.mark.parametrize('metric', METRICS)
def test_file_gives_the_same_numbers(tmp_path: Path, metric: str) -> None:
    path = tmp_path / 'out.json'
    found = evaluate(metric, complete_samples(7), out_file=str(path))
    content = read_results(path)
    assert content['metric']['type'] == metric
    again = score_again(content)
    prefix = f'{again.prefix}/' if again.prefix else ''
    assert {
        f'{prefix}{k}': v
        for k, v in again.summarize(again.results).items()
    } == found


@pytest.mark.parametrize('metric', METRICS)
def test_intervals_are_around_the_numbers(metric: str) -> None:
    samples = complete_samples(12)
    evaluator = Evaluator(dict(type=f'fnac_mm.{metric}', intervals=True))
    evaluator.dataset_meta = VGGSS
    evaluator.process(samples, None)
    found = evaluator.evaluate(len(samples))
    own = evaluator.metrics[0]
    prefix = f'{own.prefix}/' if own.prefix else ''
    assert own.found_intervals
    for key, (low, high) in own.found_intervals.items():
        # SLAVC's numbers take every n-th threshold and are not smooth.
        if 'slavc' not in key:
            assert low <= found[f'{prefix}{key}'] <= high, key


def test_edited_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'out.json'
    evaluate('SegmentationMetric', complete_samples(2), out_file=str(path))
    content = json.loads(path.read_text())
    content['results'][0]['map'][0][0] += 1e-9
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='out.json was changed.*sha256'):
        read_results(path)
    content['metric']['type'] = 'Other'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="unknown metric 'Other'"):
        read_results(path)
