"""SegmentationMetric against plain numpy, scikit-learn and closed forms."""
from functools import partial
from typing import List

import numpy as np
import pytest
import torch

from fnac_mm.registry import METRICS
from fnac_mm.structures import AVDataSample
from .samples import evaluate as evaluate_metric

evaluate = partial(evaluate_metric, metric='SegmentationMetric', batch_size=2)


def make_samples(count: int = 5) -> List[AVDataSample]:
    """Random maps and masks; the last frame has no object."""
    rng = np.random.default_rng(7)
    samples = []
    for index in range(count):
        mask = torch.zeros(224, 224)
        top, left = rng.integers(0, 120, 2)
        if index != count - 1:
            mask[top:top + 90, left:left + 60 + 9 * index] = 1
        sample = AVDataSample(metainfo=dict(sample_id=f'v_{index}'))
        sample.set_gt_mask(mask)
        samples.append(
            sample.set_pred_map(
                torch.from_numpy(rng.uniform(-1, 1, (7, 7))).float()))
    return samples


def test_perfect_map_and_baselines() -> None:
    """The left half is sounding, and found."""
    mask = torch.zeros(224, 224)
    mask[:, :112] = 1
    sample = AVDataSample(metainfo=dict(sample_id='a'))
    sample.set_gt_mask(mask).set_pred_map(mask)
    metrics = evaluate([sample])
    for key in ('miou', 'max_f', 'pixel_ap'):
        assert metrics[f'audio_visual/{key}'] == pytest.approx(100, abs=1e-3)
    assert metrics['whole_image/miou'] == pytest.approx(50, abs=1e-3)
    assert metrics['whole_image/pixel_ap'] == pytest.approx(50, abs=1e-3)
    # P = 1/2, R = 1: 1.3 / 2 / (0.15 + 1)
    assert metrics['whole_image/max_f'] == pytest.approx(65 / 1.15, abs=1e-3)
    assert 'oracle_cap/miou' not in metrics
    capped = evaluate([sample], threshold=None)
    assert capped['oracle_cap/miou'] == pytest.approx(100, abs=1e-3)


def test_frames_without_object_only() -> None:
    metrics = evaluate(make_samples(1), threshold=None)
    assert metrics['audio_visual/miou'] == pytest.approx(50, abs=1e-3)
    assert metrics['oracle_cap/miou'] == pytest.approx(50, abs=1e-3)
    assert np.isnan(metrics['audio_visual/max_f'])
    assert metrics['n_empty'] == 1


def test_bad_input() -> None:
    samples = make_samples(2)
    bare = AVDataSample(metainfo=dict(sample_id='x')).set_gt_boxes([])
    bare.set_pred_map(torch.eye(7))
    with pytest.raises(ValueError, match="'x' has no gt_mask"):
        evaluate(samples + [bare])
    small = AVDataSample(metainfo=dict(sample_id='y'))
    small.set_gt_mask(torch.eye(9)).set_pred_map(torch.eye(7))
    with pytest.raises(ValueError, match=r"'y': its mask is of size \[9, 9\]"):
        evaluate(samples + [small])
    samples[1].pred_map.data[0, 3, 3] = float('nan')
    with pytest.raises(ValueError, match="'v_1': its pred_map holds NaN"):
        evaluate(samples)
    for wrong in (dict(protocol='vssl_eval'), dict(threshold=2.)):
        with pytest.raises(ValueError, match='threshold|normalise'):
            METRICS.build(dict(type='fnac_mm.SegmentationMetric', **wrong))
