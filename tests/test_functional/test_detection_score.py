"""Detection with negatives: the worked example, loops, scikit-learn."""
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from fnac_mm.functional import (detection_ap, detection_curve, detection_f1,
                                location_accuracy, map_confidence,
                                size_subsets, summarize_detections)

NAN = math.nan
# The worked example of the specification.
TOY = ([.9, .8, .7, .4, .85, .6, .5, .3], [.7, .4, .6, .9, NAN, NAN, NAN,
                                           NAN], [1] * 4 + [0] * 4)
TOY_THRESHOLDS = [.85, .8, .7, .6, .5, .4, .3]

# Confidences with ties, and one rare enough to be nearly without.
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 4).map(float) | st.floats(0, 1),
        st.sampled_from([0., .25, .5, .75, 1.]), st.booleans()),
    min_size=1,
    max_size=40)
QUICK = settings(max_examples=80, deadline=None, database=None)


def counted(samples: list, threshold: float, mode: str,
            iou: float) -> tuple[float, float]:
    """Precision and recall as the definition reads, sample by sample."""
    right = false = missed = 0
    for confidence, ciou, positive in samples:
        located = positive and ciou >= iou
        if confidence >= threshold:
            right, false = right + located, false + (not located)
            if mode == 'standard':
                missed += positive and not located
        else:
            missed += positive
    return (right / (right + false) if right + false else 1.,
            right / (right + missed) if right + missed else 1.)


class TestToy:
    """The worked example."""

    def test_curve(self) -> None:
        precision, recall = detection_curve(*TOY, TOY_THRESHOLDS)
        assert precision == pytest.approx(
            [.5, .3333, .5, .4, .3333, .428571, .375], abs=4e-5)
        assert recall == pytest.approx([.25, .3333, .6667, .6667, .6667, 1, 1],
                                       abs=4e-5)

    def test_numbers(self) -> None:
        found = summarize_detections(*TOY)
        assert found['ap'] == pytest.approx(35.1190, abs=1e-4)
        assert found['max_f1'] == pytest.approx(60)
        assert found['loc_acc'] == 75
        # The third of the F1 by ascending threshold: that at 0.5.
        assert found['f1'] == pytest.approx(44.44, abs=0.005)

    def test_standard(self) -> None:
        """Hits at ranks 1, 4 and 7, of 4 positives."""
        found = summarize_detections(*TOY, mode='standard')
        assert found['ap'] == pytest.approx(100 * (1 + 2 / 4 + 3 / 7) / 4)
        # Precision 3/7 and recall 3/4 at 0.4.
        assert found['max_f1'] == pytest.approx(100 * 2 * 3 / (7 + 4))
        assert found['loc_acc'] == 75


class TestDefinition:
    """Against loops over samples and against scikit-learn."""

    @pytest.mark.parametrize('mode', ['slavc', 'standard'])
    @given(SAMPLES)
    @QUICK
    def test_curve(self, mode: str, samples: list) -> None:
        columns = list(zip(*samples))
        thresholds = sorted({s[0] for s in samples} | {-1000, 2.5, 1000})
        for iou in (0.5, 0.75):
            ours = detection_curve(*columns, thresholds, mode, iou)
            expected = [counted(samples, t, mode, iou) for t in thresholds]
            np.testing.assert_allclose(
                np.transpose(ours), expected, rtol=1e-12)

    @given(SAMPLES)
    @QUICK
    def test_slavc(self, samples: list) -> None:
        columns = list(zip(*samples))
        ascending = sorted(columns[0])
        curve = [counted(samples, t, 'slavc', .5) for t in ascending]
        points = curve[:-1][::-1]
        expected = sum(
            max(p for p, _ in points[i:]) * (points[i + 1][1] - points[i][1])
            for i in range(len(points) - 1))
        assert detection_ap(*columns) == pytest.approx(expected, abs=1e-12)
        some = curve[::max(1, len(curve) // 10)]
        best = max(2 * p * r / (p + r) if p + r else 0 for p, r in some)
        assert detection_f1(*columns) == pytest.approx(best, abs=1e-12)

    @given(SAMPLES)
    @QUICK
    def test_standard(self, samples: list) -> None:
        confidence, cious, positive = columns = list(zip(*samples))
        hits = np.array(positive) & (np.array(cious) >= .5)
        ours = detection_ap(*columns, 'standard')
        if not any(positive):
            assert math.isnan(ours)
            assert math.isnan(detection_f1(*columns, 'standard'))
            return
        # It counts hits as all there is to find; ours are all positives.
        expected = average_precision_score(
            hits, confidence) * hits.sum() / sum(positive) if any(hits) else 0
        assert ours == pytest.approx(expected, abs=1e-12)
        curve = [
            counted(samples, t, 'standard', .5) for t in sorted(confidence)
        ]
        best = max(2 * p * r / (p + r) if p + r else 0 for p, r in curve)
        assert detection_f1(*columns, 'standard') == pytest.approx(
            best, abs=1e-12)

    def test_many_samples(self) -> None:
        """Every second threshold from 400 on, as published."""
        rng = np.random.default_rng(0)
        samples = list(
            zip(rng.random(450), rng.random(450),
                rng.random(450) < 0.5))
        thresholds = sorted(s[0] for s in samples)[:-1][::-1][::2]
        points = [counted(samples, t, 'slavc', .5) for t in thresholds]
        expected = sum(
            max(p for p, _ in points[i:]) * (points[i + 1][1] - points[i][1])
            for i in range(len(points) - 1))
        assert detection_ap(*zip(*samples)) == pytest.approx(
            expected, abs=1e-12)


class TestEdges:
    """What has no obvious answer."""

    def test_equal_confidences(self) -> None:
        columns = ([.5] * 4, [1, 1, 0, 0], [1, 1, 1, 0])
        assert detection_ap(*columns) == 0
        assert detection_ap(*columns,
                            'standard') == pytest.approx(2 / 3 * 2 / 4)

    def test_one_sample(self) -> None:
        assert summarize_detections([.7], [.6], [True]) == dict(
            ap=0, max_f1=100, f1=100, loc_acc=100)
        assert summarize_detections([.7], [.6], [True], 'standard') == dict(
            ap=100, max_f1=100, f1=100, loc_acc=100)

    def test_no_positive(self) -> None:
        found = summarize_detections([.7, .2], [NAN, NAN], [False] * 2)
        assert math.isnan(found['loc_acc']) and found['max_f1'] == 0

    def test_subsets_by_size(self) -> None:
        areas = [0, 1023, 1024, 9215.5, 9216, 20735, 20736, 50176, 5]
        subsets = size_subsets(areas, [True] * 8 + [False])
        assert {
            name: np.flatnonzero(chosen).tolist()
            for name, chosen in subsets.items()
        } == dict(
            small=[0, 1], medium=[2, 3], large=[4, 5], huge=[6, 7])
        assert location_accuracy(range(9), subsets['small']) == 0.5
        nothing = size_subsets(areas, [False] * 9)['small']
        assert math.isnan(location_accuracy(range(9), nothing))

    @pytest.mark.parametrize('columns, mode, message', [
        (([], [], []), 'slavc', 'got 0'),
        (([1, 2], [1], [1, 1]), 'slavc', 'got 2, 1 and 2'),
        (([NAN], [1], [1]), 'slavc', 'NaN'),
        (([1], [NAN], [1]), 'standard', 'NaN'),
        (([1], [1], [1]), 'voc', "'voc'"),
    ])
    def test_refusals(self, columns: tuple, mode: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            summarize_detections(*columns, mode)


class TestConfidence:
    """Mean of the top quarter."""

    @pytest.mark.parametrize('shape', [(8, 8), (7, 9), (1, 1), (1, 3)])
    @pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
    def test_published_slice(self, shape: tuple, dtype: torch.dtype) -> None:
        maps = torch.rand(5, *shape, dtype=dtype)
        size = maps[0].numel()
        for ours, map_ in zip(map_confidence(maps), maps):
            top = np.sort(map_.double().numpy().ravel())[-size // 4:]
            assert ours.item() == pytest.approx(top.mean(), abs=1e-12)

    @pytest.mark.parametrize('maps, share, message', [
        (torch.rand(4, 4), .25, r'\(4, 4\)'),
        (torch.full((1, 2, 2), NAN), .25, 'NaN'),
        (torch.rand(1, 4, 4), 0, 'share'),
        (torch.rand(1, 4, 4), 1.1, 'share'),
    ])
    def test_refusals(self, maps: torch.Tensor, share: float,
                      message: str) -> None:
        with pytest.raises(ValueError, match=message):
            map_confidence(maps, share)
