"""ExtendedLocalizationMetric: the toy of the specification, and edges."""
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from fnac_mm.functional import resize_map
from fnac_mm.registry import METRICS
from fnac_mm.structures import AVDataSample
from .samples import VGGSS
from .samples import evaluate as evaluate_metric
from .samples import make_sample, random_samples

POSITIVE = [1, 1, 1, 1, 0, 0, 0, 0]
CIOUS = [.7, .4, .6, .9, 0, 0, 0, 0]
evaluate = partial(evaluate_metric, metric='ExtendedLocalizationMetric')
CONFIDENCE = [.9, .8, .7, .4, .85, .6, .5, .3]


def build(**kwargs: object) -> object:
    metric = METRICS.build(
        dict(type='fnac_mm.ExtendedLocalizationMetric', **kwargs))
    metric.dataset_meta = VGGSS
    return metric


def test_toy_of_the_specification() -> None:
    """benchmarks.md 3.6."""
    rows = [
        dict(
            sample_id=str(i),
            positive=bool(p),
            pixels=2000.,
            scores=dict(audio_visual=(c, f)))
        for i, (p, c, f) in enumerate(zip(POSITIVE, CIOUS, CONFIDENCE))
    ]
    metrics = build().summarize(rows)
    assert metrics['audio_visual/slavc/ap'] == pytest.approx(35.119, abs=1e-3)
    assert metrics['audio_visual/slavc/max_f1'] == pytest.approx(60)
    assert metrics['audio_visual/loc_acc'] == 75
    assert metrics['audio_visual/loc_acc_medium'] == 75
    assert 'audio_visual/loc_acc_huge' not in metrics
    assert (metrics['n_positive'], metrics['n_negative']) == (4, 4)


def confident(sample_id: str, boxes: list, cosine: float) -> AVDataSample:
    """Finds the left half, with a mean cosine of the upper quarter."""
    map = np.full((2, 2), -1.)
    map[:, 0] = cosine
    return make_sample(sample_id, boxes, map)


def test_confidence_is_that_of_the_raw_map() -> None:
    """All positives are found; only the confidences rank the negatives."""
    left = [[0., 0., 0.5, 1.]]
    cosines = [.9, .2, .6, .7, .1]
    boxes = [left, [], left, [], left]
    samples = [
        confident(str(i), b, c)
        for i, (b, c) in enumerate(zip(boxes, cosines))
    ]
    metrics = evaluate(samples)
    assert metrics['audio_visual/loc_acc'] == 100
    expected = average_precision_score([bool(b) for b in boxes], cosines)
    assert metrics['audio_visual/standard/ap'] == pytest.approx(100 * expected)
    assert metrics['oracle_cap/standard/ap'] == 100
    # All confidences of a blind guess are equal.
    assert metrics['whole_image/standard/ap'] == pytest.approx(60)
    assert 'whole_image/slavc/ap' not in metrics


def test_fused_confidence() -> None:
    """(cos + 1) / 2 and object / 2.5 in the protocol's weights."""
    sample = random_samples(1)[0]
    metric = build()
    metric.process(None, [sample.to_dict()])
    large = [
        resize_map(m.data, 224, 'bicubic', True)[0].double().numpy()
        for m in (sample.pred_map, sample.pred_object_map)
    ]
    score = .9 * (large[0] + 1) / 2 + .1 * large[1] / 2.5
    expected = np.sort(score.ravel())[-12544:].mean()
    found = metric.results[0]['scores']['fused'][1]
    assert found == pytest.approx(expected, abs=1e-6)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match='none of the 1 samples has a box'):
        evaluate([make_sample('a', [], torch.eye(7))])
    with pytest.raises(ValueError, match='absolute threshold'):
        build(protocol='vssl_eval')
    metrics = evaluate(random_samples(4))
    assert metrics['n_negative'] == 0
    assert metrics['fused/slavc/ap'] <= 100
