"""Shuffled sounds, negatives, subsets and files of all metrics of maps."""
import json
import pickle
from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch
from mmengine.evaluator import Evaluator

from fnac_mm.evaluation import read_results, score_again
from fnac_mm.evaluation.metrics import map_metric, retrieval_metric
from fnac_mm.evaluation.metrics.sample_metric import pair_features
from fnac_mm.functional import (PROTOCOLS, boxes_to_target, consensus_iou,
                                draw_partners, localization_map,
                                summarize_cious)
from fnac_mm.registry import METRICS as METRIC_REGISTRY
from fnac_mm.structures import AVDataSample
from ..ddp_helpers import run_distributed
from .samples import VGGSS, complete_samples, evaluate, evaluate_shard

METRICS = ('RetrievalMetric', 'LocalizationMetric', 'SegmentationMetric',
           'ExtendedLocalizationMetric', 'NegativeAudioMetric')


def test_shuffled_sounds_by_hand() -> None:
    samples = complete_samples(9)[::2]
    found = evaluate(
        metric='LocalizationMetric', samples=samples, adaptive=True)
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
    alone = evaluate(metric='LocalizationMetric', samples=samples[:1])
    assert not any('shuffled' in key for key in alone)
    for sample in samples:
        del sample.visual_feature, sample.audio_feature
    found = evaluate(metric='LocalizationMetric', samples=samples)
    assert not any('shuffled' in key for key in found)
    assert 'audio_visual/auc' in found


@pytest.mark.parametrize('metric, kept', [('LocalizationMetric', 1),
                                          ('RetrievalMetric', 1),
                                          ('NegativeAudioMetric', 0)])
def test_features_are_kept_where_they_are_used(
        metric: str, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample's own, not its batch's; a sound travels as its numbers."""
    channels, size = 512, 7
    bytes_of_sound = 4 * channels
    bytes_of_features = bytes_of_sound * (1 + size * size)
    visual = torch.rand(32, channels, size, size)
    audio = torch.rand(32, channels)
    samples = [
        AVDataSample(metainfo=dict(sample_id=f'{i:02}')).set_gt_boxes(
            [[0., 0., 1., 1.]]).set_pred_map(torch.rand(size, size))
        .set_features(visual[i], audio[i]).to_dict() for i in range(4)
    ]  # yapf: disable
    own = METRIC_REGISTRY.build(dict(type=f'fnac_mm.{metric}'))
    own.dataset_meta = VGGSS
    own.process(None, samples)
    pickled = len(pickle.dumps(own._features)) / 4
    assert kept * bytes_of_features <= pickled
    assert pickled < kept * bytes_of_features + 2000
    sent: List[int] = []

    def gather(item: Any) -> List[Any]:
        sent.append(len(pickle.dumps(item)))
        return [item]

    for module in (map_metric, retrieval_metric):
        monkeypatch.setattr(module, 'all_gather_object', gather)
    own.finish(own.results, own._features)
    assert sum(sent) < kept * 4 * (bytes_of_sound + 1000) + 1


def test_metrics_of_one_test_share_features() -> None:
    batch = torch.rand(8, 4, 7, 7), torch.rand(8, 4)
    sample = AVDataSample(metainfo=dict(sample_id='a')).set_features(
        batch[0][2], batch[1][2]).to_dict()
    first, second = pair_features(sample), pair_features(sample)
    assert torch.equal(first[0], batch[0][2])
    assert first[0].data_ptr() == second[0].data_ptr()
    assert first[0].untyped_storage().nbytes() == first[0].nbytes


def test_deaf_model_gains_nothing() -> None:
    """All sounds alike: the shuffled score is the score."""
    samples = complete_samples(6)[::2]
    for sample in samples:
        sample.set_features(sample.visual_feature, samples[0].audio_feature)
        sample.set_pred_map(
            localization_map(sample.visual_feature[None],
                             sample.audio_feature[None])[0])
    found = evaluate(metric='ExtendedLocalizationMetric', samples=samples)
    for key in ('loc_acc', 'standard/ap', 'slavc/max_f1'):
        assert found[f'shuffled_audio/{key}'] == found[f'audio_visual/{key}']


def evaluate_shards(count: int, folder: str) -> List[Dict[str, float]]:
    """All metrics in one group: starting processes is what takes time."""
    return [
        evaluate_shard(
            complete_samples(11)[:count],
            dict(metric=metric, out_file=f'{folder}/{metric}.json'))
        for metric in METRICS
    ]


@pytest.mark.ddp
@pytest.mark.parametrize('world_size, count', [(2, 21), (3, 22)])
def test_number_of_processes_does_not_matter(tmp_path: Path, world_size: int,
                                             count: int) -> None:
    """Some processes repeat a sample, some have none of a kind."""
    found = run_distributed(evaluate_shards, world_size, count, str(tmp_path))
    for metric, *parts in zip(METRICS, *found):
        alone = tmp_path / 'alone.json'
        expected = evaluate(
            complete_samples(11)[:count], metric=metric, out_file=str(alone))
        assert parts == [expected] * world_size
        together = (tmp_path / f'{metric}.json').read_text()
        assert together == alone.read_text()


def test_negatives_and_subset() -> None:
    """Padding is told by the place in the data set, not among the chosen."""
    samples = complete_samples(5)
    positives = samples[::2]
    expected = evaluate(metric='LocalizationMetric', samples=positives)
    assert evaluate(
        metric='LocalizationMetric', samples=samples, negatives=[]) == expected
    evaluator = Evaluator(dict(type='fnac_mm.LocalizationMetric'))
    evaluator.dataset_meta = VGGSS
    evaluator.metrics[0].subset = {s.sample_id for s in positives[1:3]}
    evaluator.process(samples + samples[:3], None)
    found = evaluator.evaluate(len(samples))
    assert found == evaluate(
        metric='LocalizationMetric', samples=positives[1:3])


@pytest.mark.parametrize('metric', METRICS)
def test_file_gives_the_same_numbers(tmp_path: Path, metric: str) -> None:
    path = tmp_path / 'out.json'
    found = evaluate(complete_samples(7), metric=metric, out_file=str(path))
    content = read_results(path)
    assert content['metric']['type'] == metric
    again = score_again(content)
    assert again.summarize(again.results) == found


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
    evaluate(
        metric='SegmentationMetric',
        samples=complete_samples(2),
        out_file=str(path))
    content = json.loads(path.read_text())
    content['results'][0]['map'][0][0] += 1e-9
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='out.json was changed.*sha256'):
        read_results(path)
    content['metric']['type'] = 'Other'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="unknown metric 'Other'"):
        read_results(path)
