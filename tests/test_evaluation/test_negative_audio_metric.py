"""NegativeAudioMetric: closed forms, held-out clips, refusals."""
from functools import partial
from typing import List

import numpy as np
import pytest

from fnac_mm.registry import METRICS
from fnac_mm.structures import AVDataSample
from .samples import VGGSS
from .samples import evaluate as evaluate_metric
from .samples import make_sample

LEFT = [[0., 0., 0.5, 1.]]
TYPE = 'fnac_mm.NegativeAudioMetric'
evaluate = partial(evaluate_metric, metric='NegativeAudioMetric', batch_size=1)


def stripe(share: float, low: float = -1.) -> np.ndarray:
    """Cosine 1 in the left share of the picture, at 224 x 224."""
    map = np.full((224, 224), low)
    map[:, :round(224 * share)] = 1
    return map


def negative(clip: str, kind: str, map: np.ndarray) -> AVDataSample:
    return make_sample(f'{clip}+{kind}', [], map, negative_kind=kind)


def test_closed_form() -> None:
    """Half found, a quarter and an eighth active: by hand."""
    samples = [
        make_sample('a', LEFT, stripe(0.25)),
        negative('a', 'silence', stripe(0.25)),
        negative('a', 'noise', stripe(0.125)),
    ]
    metrics = evaluate(samples, threshold=0.75)
    assert metrics['audio_visual/ciou_u'] == 50
    assert metrics['audio_visual/pia/silence'] == 25
    assert metrics['audio_visual/pia/noise'] == 12.5
    quiet = (75 + 87.5) / 2
    assert metrics['audio_visual/f_loc'] == pytest.approx(2 * 50 * quiet /
                                                          (50 + quiet))
    # Whoever does not listen is as active with any sound.
    assert metrics['deaf/pia/noise'] == 25
    assert metrics['deaf/f_loc'] == pytest.approx(60)
    assert metrics['whole_image/ciou_u'] == 50
    assert metrics['whole_image/f_loc'] == 0
    assert (metrics['n'], metrics['threshold']) == (1, 0.75)


def test_all_seeds_count() -> None:
    """Pooled: a silent map and a full one are half active, not full."""
    samples = [
        make_sample('a', LEFT, stripe(0.25)),
        negative('a', 'noise', stripe(0.)),
        negative('a', 'noise', stripe(1.)),
    ]
    for seed, sample in zip((1234, 2345), samples[1:]):
        sample.set_metainfo(dict(sample_id=f'a+noise{seed}'))
    for order in (samples, samples[::-1]):
        metrics = evaluate(order, threshold=0.75)
        assert metrics['audio_visual/pia/noise'] == 50
        # The rate is 1/2 at 20 thresholds and 1 at the last.
        assert metrics['audio_visual/auc_n/noise'] == pytest.approx(51.25)
        assert metrics['audio_visual/f_loc'] == 50
        assert metrics['n'] == 1


def test_clips_are_the_units_of_several_seeds() -> None:
    """Seeds that repeat the first change neither number nor interval."""
    metric = METRICS.build(dict(type=TYPE, threshold=0.75))
    metric.dataset_meta = VGGSS
    found = []
    for seeds in ((1234, ), (1234, 2345, 3456)):
        samples = []
        for index in range(9):
            samples.append(make_sample(f'c{index}', LEFT, stripe(index / 9)))
            samples += [
                make_sample(
                    f'c{index}+noise{seed}', [],
                    stripe(index % 4 / 8),
                    negative_kind='noise') for seed in seeds
            ]
        rows = metric.make_rows([sample.to_dict() for sample in samples])
        found.append((metric.summarize(rows), metric.find_intervals(rows)))
    for one, three in zip(*found):
        assert one.keys() == three.keys()
        for key in one:
            assert three[key] == pytest.approx(one[key]), key
    assert 'audio_visual/f_auc' in found[1][1]


def many_samples(count: int = 40) -> List[AVDataSample]:
    """Clips whose negatives peak at another value each."""
    samples = []
    for index in range(count):
        clip = f'c_{index}'
        samples.append(make_sample(clip, LEFT, np.eye(7)))
        peak = -1 + 2 * index / count
        samples.append(negative(clip, 'noise', np.full((7, 7), peak)))
    return samples


def test_threshold_is_calibrated_on_other_clips() -> None:
    """Whatever the order; and scored clips play no part in it."""
    samples = many_samples()
    metrics = evaluate(samples)
    assert metrics == evaluate(samples[::-1])
    assert metrics['n'] + metrics['n_calibration'] == 40
    assert 10 < metrics['n'] < 30
    metric = METRICS.build(dict(type=TYPE))
    metric.dataset_meta = VGGSS
    metric.process(None, [sample.to_dict() for sample in samples[1:2]])
    metric.process(None, [s.to_dict() for s in samples if 'noise' in
                          s.sample_id][1:])  # yapf: disable
    scored, threshold, _ = metric._calibrate(metric.results)
    assert threshold == metrics['threshold']
    chosen = {row['sample_id'] for row in scored}
    peaks = [r['peak'] for r in metric.results if r['sample_id'] not in chosen]
    assert threshold == pytest.approx(np.quantile(peaks, 0.75))
    assert evaluate(samples, seed=1)['threshold'] != threshold


def test_published_thresholds() -> None:
    samples = many_samples(4)
    assert evaluate(samples, threshold='fnac')['threshold'] == 0.5538
    # On the cosine: the same pixels after (cos + 1) / 2.
    assert evaluate(
        samples, threshold='lvs')['threshold'] == pytest.approx(
            (0.6077 + 1) / 2)


def test_bad_input() -> None:
    positive = make_sample('a', LEFT, stripe(0.5))
    silent = negative('a', 'silence', stripe(0.5))
    with pytest.raises(ValueError, match='1 samples with their own sound'):
        evaluate([positive], threshold=0.5)
    with pytest.raises(ValueError, match='0 samples with their own sound'):
        evaluate([silent], threshold=0.5)
    with pytest.raises(ValueError, match='no negative among the clips'):
        evaluate([positive])
    with pytest.raises(ValueError, match="no published threshold of 'x'"):
        evaluate([positive], threshold='x')
    with pytest.raises(ValueError, match='calibration must be'):
        evaluate([positive], calibration=1.)
