"""Scores against masks: the worked example, loops, scikit-learn."""
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from torch import Tensor

from fnac_mm.functional import (f_measure_curve, f_measure_thresholds,
                                frame_iou, max_f_measure,
                                pixel_average_precision,
                                summarize_segmentation)

TOY_TARGET = torch.tensor([[[1., 1], [0, 0]]])
TOY_MAP = torch.tensor([[[.9, .4], [.6, .1]]])
QUICK = settings(max_examples=60, deadline=None, database=None)
# Values with ties; 254ths lie on the thresholds or beside them.
VALUE = st.integers(0, 254).map(lambda k: k / 254) | st.floats(0, 1, width=32)
PIXELS = st.lists(st.tuples(VALUE, st.booleans()), min_size=1, max_size=30)


def compared(map_: Tensor, target: Tensor) -> np.ndarray:
    """The published F-measure: 255 comparisons of every pixel."""
    curve = []
    for threshold in torch.linspace(0, 1 - 1e-10, 255):
        chosen = map_ >= threshold
        hit = (chosen & (target == 1)).sum().item()
        precision = hit / (chosen.sum().item() + 1e-20)
        recall = hit / (target.sum().item() + 1e-20)
        below = 0.3 * precision + recall
        curve.append(1.3 * precision * recall / below if below else 0)
    return np.array(curve)


def frame(pixels: list) -> tuple[Tensor, Tensor]:
    """One row of pixels as a map and a mask."""
    values, mask = zip(*pixels)
    return torch.tensor([[values]]), torch.tensor([[mask]]).float()


class TestIoU:
    """AVSBench's mIoU."""

    def test_toy(self) -> None:
        ours = frame_iou(TOY_MAP > 0.5, TOY_TARGET)
        assert ours.dtype == torch.float64
        assert ours.item() == pytest.approx(0.333333, abs=1e-6)

    def test_nothing_sounds(self) -> None:
        """Silence is right to the extent that nothing is predicted."""
        region = torch.zeros(3, 4, 4, dtype=torch.bool)
        region[1, 0], region[2] = True, True
        ours = frame_iou(region, torch.zeros(3, 4, 4))
        assert ours.tolist() == pytest.approx([1, 0.75, 0], abs=1e-7)

    def test_equals_the_definition(self) -> None:
        rng = np.random.default_rng(0)
        region, mask = rng.random((2, 40, 3, 4)) < rng.random((40, 1, 1))
        ours = frame_iou(torch.from_numpy(region), torch.from_numpy(mask))
        for score, p, y in zip(ours, region, mask):
            shared, either = ((p & y).sum(),
                              (p | y).sum()) if y.any() else ((~p).sum(),
                                                              p.size)
            assert score.item() == pytest.approx(
                shared / (either + 1e-7), abs=1e-12)


class TestFMeasure:
    """Histogram against comparisons."""

    def test_toy(self) -> None:
        curves = f_measure_curve(TOY_MAP, TOY_TARGET)
        assert curves.shape == (1, 255)
        assert max_f_measure(curves) == pytest.approx(0.8125)

    def test_thresholds(self) -> None:
        ours = f_measure_thresholds()
        assert ours.dtype == np.float32 and len(ours) == 255
        assert (ours[0], ours[-1]) == (0, 1)

    @given(PIXELS)
    @QUICK
    def test_equals_comparisons(self, pixels: list) -> None:
        map_, target = frame(pixels)
        ours = f_measure_curve(map_, target)[0].numpy()
        if target.any():
            np.testing.assert_allclose(
                ours, compared(map_, target), rtol=0, atol=1e-12)
        else:
            assert np.isnan(ours).all()

    def test_maximum_of_the_data_set(self) -> None:
        """Frames without object do not count; nor does any batch."""
        maps, target = torch.rand(6, 8, 8), (torch.rand(6, 8, 8) > 0.5) * 1.
        target[2] = 0
        curves = f_measure_curve(maps, target)
        mean = np.mean(
            [compared(m, t) for m, t in zip(maps, target) if t.any()], axis=0)
        assert max_f_measure(curves) == pytest.approx(mean.max(), abs=1e-12)
        assert math.isnan(max_f_measure(curves[2:3]))
        parts = [
            f_measure_curve(maps[i:i + 1], target[i:i + 1]) for i in range(6)
        ]
        torch.testing.assert_close(torch.cat(parts), curves, equal_nan=True)


class TestPixelPrecision:
    """Against scikit-learn."""

    @given(PIXELS)
    @QUICK
    def test_equals_scikit_learn(self, pixels: list) -> None:
        map_, target = frame(pixels)
        ours = pixel_average_precision(map_, target).item()
        if target.any():
            assert ours == pytest.approx(
                average_precision_score(target.ravel(), map_.ravel()),
                abs=1e-12)
        else:
            assert math.isnan(ours)


def test_summary() -> None:
    maps = torch.cat((TOY_MAP, TOY_MAP))
    target = torch.cat((TOY_TARGET, torch.zeros(1, 2, 2)))
    found = summarize_segmentation(
        frame_iou(maps > 0.5, target), f_measure_curve(maps, target),
        pixel_average_precision(maps, target))
    # Two of the four pixels are predicted in the frame without object.
    assert found == pytest.approx(
        dict(
            miou=100 * (1 / 3 + 1 / 2) / 2,
            max_f=81.25,
            pixel_ap=100 * (1 + 2 / 3) / 2,
            n_empty=1),
        abs=1e-4)
    empty = summarize_segmentation([1.], torch.full((1, 255), math.nan),
                                   [math.nan])
    assert empty['miou'] == 100 and empty['n_empty'] == 1
    assert math.isnan(empty['max_f']) and math.isnan(empty['pixel_ap'])
    with pytest.raises(ValueError, match='at least one'):
        summarize_segmentation([], torch.zeros(0, 255), [])


@pytest.mark.parametrize('maps, target, message', [
    (torch.rand(1, 4, 4), torch.rand(1, 4, 4), 'binarise'),
    (torch.rand(1, 4, 4), torch.full((1, 4, 4), 255.), 'largest: 255'),
    (torch.rand(1, 4, 4), torch.ones(1, 4, 5), r'\(1, 4, 5\)'),
    (torch.rand(4, 4), torch.ones(4, 4), r'\(4, 4\)'),
    (torch.full((1, 4, 4), math.nan), torch.ones(1, 4, 4), 'NaN'),
])
def test_refusals(maps: Tensor, target: Tensor, message: str) -> None:
    for function in (f_measure_curve, pixel_average_precision):
        with pytest.raises(ValueError, match=message):
            function(maps, target)
    if message != 'NaN':
        with pytest.raises(ValueError, match=message):
            frame_iou(maps > 0.5, target)


def test_a_region_is_boolean() -> None:
    with pytest.raises(ValueError, match='float32'):
        frame_iou(torch.rand(1, 2, 2), TOY_TARGET)
