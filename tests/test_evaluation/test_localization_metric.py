"""LocalizationMetric against golden numbers, numpy and closed forms."""
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.logging import MMLogger

from fnac_mm.evaluation import LocalizationMetric
from fnac_mm.functional import PROTOCOLS
from fnac_mm.registry import METRICS
from .samples import FLICKR, VGGSS, evaluate, make_sample, random_samples

LEFT = [[0., 0., 0.5, 1.]]
# Cosines that fall from left to right: their larger half is the left half.
LEFT_MAP = np.tile(-np.arange(7) / 7, (7, 1))
KINDS = ('audio_visual', 'object', 'fused', 'whole_image', 'centre',
         'oracle_cap')


@pytest.mark.parametrize('protocol,interpolation',
                         [('fnac_test', 'bilinear_align'),
                          ('fnac_test_bicubic', 'bicubic'),
                          ('fnac_val', 'bicubic')])
@pytest.mark.parametrize('meta,name', [(VGGSS, 'vggss'), (FLICKR, 'flickr')])
def test_golden(shared: Path, tmp_path: Path, protocol: str,
                interpolation: str, meta: dict, name: str) -> None:
    golden = np.load(shared / 'golden' / 'scores.npz')
    boxes = np.split(golden['boxes_xyxy_fraction'],
                     golden['n_boxes'].cumsum()[:-1])
    samples = [
        make_sample(f'{i:02}', box, map)
        for i, (box, map) in enumerate(zip(boxes, golden['maps']))
    ]
    out_file = tmp_path / 'out.json'
    metrics = evaluate(
        samples, meta, protocol=protocol, out_file=str(out_file))
    rows = json.loads(out_file.read_text())['results']
    found = [row['ciou']['audio_visual'] for row in rows]
    assert found == pytest.approx(
        golden[f'{interpolation}_{name}_ciou'].tolist(), abs=1e-6)
    keys = ('ciou@0.5', 'auc', 'mean_ciou')
    assert [metrics[f'audio_visual/{key}'] / 100
            for key in keys] == pytest.approx(
                golden[f'{interpolation}_{name}_ap50_auc_mean'].tolist(),
                abs=1e-6)
    assert metrics['n'] == metrics['n_listed'] == 24


def test_keys_and_registry() -> None:
    metric = METRICS.build(dict(type='fnac_mm.LocalizationMetric'))
    assert isinstance(metric, LocalizationMetric)
    metrics = evaluate(random_samples(2))
    assert set(metrics) == {'n', 'n_listed'} | {
        f'{kind}/{key}'
        for kind in KINDS
        for key in ('ciou@0.5', 'mean_ciou', 'auc')
    }
    plain = evaluate([make_sample('a', LEFT, LEFT_MAP)], prefix='vggss')
    assert 'vggss/audio_visual/auc' in plain
    assert not any('fused' in key for key in plain)


def test_closed_forms() -> None:
    """The left half: whole image 1/2, centre 1/3 or so, cap 1."""
    metrics = evaluate([make_sample('a', LEFT, LEFT_MAP)])
    assert metrics['audio_visual/mean_ciou'] == 100
    assert metrics['whole_image/mean_ciou'] == 50
    assert metrics['whole_image/ciou@0.5'] == 100
    assert metrics['oracle_cap/mean_ciou'] == 100
    # Half of a half-sized disc: 1/4 / (1/2 + 1/4).
    assert metrics['centre/mean_ciou'] == pytest.approx(100 / 3, abs=0.1)


def test_two_annotators_who_disagree() -> None:
    """Consensus: 0.5 on each half; only the left one is found."""
    boxes = LEFT + [[0.5, 0., 1., 1.]]
    metrics = evaluate([make_sample('a', boxes, LEFT_MAP)], FLICKR)
    assert metrics['audio_visual/mean_ciou'] == 50
    metrics = evaluate([make_sample('a', boxes, LEFT_MAP)], VGGSS)
    assert metrics['audio_visual/mean_ciou'] == 50
    metrics = evaluate([make_sample('a', LEFT, LEFT_MAP)], FLICKR)
    assert metrics['audio_visual/mean_ciou'] == 100


@pytest.mark.parametrize('protocol,expected',
                         [('fnac_test', 50), ('fnac_val', 50), ('ez', 50),
                          ('slavc', 50), ('sslalign', 0), ('lvs', 0),
                          ('vssl_eval', 0),
                          (dict(name='vssl_eval', threshold=0.3), 50)])
def test_constant_map(protocol: object, expected: float) -> None:
    """Everything is selected under ``>=``, nothing under ``>``."""
    sample = make_sample('a', LEFT, np.zeros((7, 7)))
    metrics = evaluate([sample], protocol=protocol)
    assert metrics['audio_visual/mean_ciou'] == expected


def test_absolute_threshold_is_on_half_cosine() -> None:
    """(cos + 1) / 2 > 0.5538 holds from cos = 0.1076 on."""
    map = np.full((8, 8), 0.107)
    map[:, :4] = 0.108
    protocol = dict(name='vssl_eval', mode='nearest')
    metrics = evaluate([make_sample('a', LEFT, map)], protocol=protocol)
    assert metrics['audio_visual/mean_ciou'] == 100


@pytest.mark.parametrize('protocol', sorted(PROTOCOLS))
def test_neither_order_nor_batches_matter(protocol: str) -> None:
    samples = random_samples(13)
    expected = evaluate(samples, batch_size=13, protocol=protocol)
    random.Random(0).shuffle(samples)
    assert evaluate(samples, batch_size=3, protocol=protocol) == expected


def test_half_precision_maps() -> None:
    map = torch.tensor(LEFT_MAP).bfloat16()
    sample = make_sample('a', LEFT, np.zeros((7, 7)))
    sample.set_pred_map(map)
    exact = make_sample('a', LEFT, map.float().numpy())
    assert evaluate([sample]) == evaluate([exact])


def test_empty_target_counts_and_is_said(
        caplog: pytest.LogCaptureFixture) -> None:
    samples = [
        make_sample('full', LEFT, LEFT_MAP),
        make_sample('flat', [[0.2, 0.2, 0.2, 0.9]], LEFT_MAP),
        make_sample('none', [], LEFT_MAP)
    ]
    text = capture_log(caplog, samples, VGGSS)
    assert '2 samples have an empty target' in text
    assert 'flat, none' in text
    assert evaluate(samples)['audio_visual/mean_ciou'] == pytest.approx(100 /
                                                                        3)


def capture_log(caplog: pytest.LogCaptureFixture, samples: list,
                meta: dict) -> str:
    """Text that an evaluation logs."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        evaluate(samples, meta)
    finally:
        logger.removeHandler(caplog.handler)
    return caplog.text


def test_log_shows_protocol_baselines_and_n(
        caplog: pytest.LogCaptureFixture) -> None:
    meta = dict(VGGSS, n_listed=7, n_found=3)
    text = capture_log(caplog, random_samples(2), meta)
    assert 'vggss: n = 2 of 7' in text
    assert 'fnac_test: bilinear, align_corners=True' in text
    for title in ('audio-visual', 'fused (0.4)', 'whole image', 'centre',
                  'oracle cap'):
        assert title in text
    assert 'scored 2 of the 3 samples of the data set' in text
    assert 'not comparable' in text
    assert 'prefix is not set' not in text


@pytest.mark.parametrize('bad', [np.nan, np.inf])
@pytest.mark.parametrize('kind', ['pred_map', 'pred_object_map'])
def test_map_not_finite(bad: float, kind: str) -> None:
    samples = random_samples(3)
    getattr(samples[1], kind).data[0, 2, 3] = bad
    with pytest.raises(ValueError, match=f"'001': its {kind} holds NaN"):
        evaluate(samples)


def test_missing_parts() -> None:
    sample = make_sample('x', LEFT, LEFT_MAP)
    del sample.gt_boxes
    with pytest.raises(ValueError, match="'x' has no annotated boxes"):
        evaluate([sample])
    sample = make_sample('x', LEFT, LEFT_MAP)
    del sample.pred_map
    with pytest.raises(ValueError, match="'x' has no pred_map"):
        evaluate([sample])
    sample = make_sample('x', [[0.1, 0.1, float('nan'), 1]], LEFT_MAP)
    with pytest.raises(ValueError, match="'x': a box holds NaN"):
        evaluate([sample])
    with pytest.raises(ValueError, match="no 'combine'"):
        evaluate([make_sample('x', LEFT, LEFT_MAP)], meta={})
    nameless = make_sample('x', LEFT, LEFT_MAP)
    nameless.pop('sample_id')
    with pytest.raises(ValueError, match='without sample_id'):
        evaluate([nameless])
    with pytest.raises(ValueError, match='no sample was scored'):
        evaluate([])


def test_maps_that_do_not_fit_together() -> None:
    samples = random_samples(2)
    with pytest.raises(ValueError, match="'z'.*batch_size=1"):
        evaluate(samples + [make_sample('z', LEFT, np.eye(3), np.eye(3))])
    mixed = samples + [make_sample('z', LEFT, LEFT_MAP)]
    with pytest.raises(ValueError, match="'z' has no pred_object_map"):
        evaluate(mixed)
    with pytest.raises(ValueError, match="compare 'z'"):
        evaluate(mixed, batch_size=1)
    sizes = samples + [make_sample('z', LEFT, np.eye(3), np.eye(3))]
    assert evaluate(sizes, batch_size=1)['n'] == 3


def test_duplicates() -> None:
    samples = random_samples(3)
    with pytest.raises(ValueError, match="more than once.*'000', '002'"):
        evaluate(samples + [samples[0], samples[2]])


def test_combine_without_data_set() -> None:
    metric = dict(combine='consensus', consensus=2)
    samples = random_samples(3)
    assert evaluate(samples, {}, **metric) == evaluate(samples, FLICKR)


boxes = st.lists(
    st.tuples(*[st.floats(-0.5, 1.5, allow_nan=False)] * 4).map(list),
    max_size=4)


@settings(max_examples=25, deadline=None)
@given(
    boxes=boxes,
    seed=st.integers(0, 1000),
    meta=st.sampled_from([VGGSS, FLICKR]),
    protocol=st.sampled_from(['fnac_test', 'lvs', 'slavc', 'fnac_val']))
def test_bounds(boxes: list, seed: int, meta: dict, protocol: str) -> None:
    """Scores are in [0, 100] and no map without ties beats the cap."""
    rng = np.random.default_rng(seed)
    sample = make_sample('a', boxes, rng.standard_normal((7, 7)))
    metrics = evaluate([sample], meta, protocol=protocol)
    for key, value in metrics.items():
        assert key in ('n', 'n_listed') or 0 <= value <= 100 + 1e-9
    cap = metrics['oracle_cap/mean_ciou'] + 1e-9
    # The centre disc has ties, by 12 pixels of 25,088.
    assert metrics['centre/mean_ciou'] <= cap + 0.1
    assert metrics['audio_visual/mean_ciou'] <= cap + 0.1
