"""Numbers of samples and groups: toys, definitions, published lists."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fnac_mm.functional import (group_cious, sample_scores, success_auc,
                                success_rate, summarize_cious,
                                summarize_groups)

# A worked example of the specification.
TOY_CIOUS = [0, .15, .3, .5, .55, .99, 1]
CIOUS = np.random.default_rng(7).beta(2, 2, 249)
QUICK = settings(max_examples=60, deadline=None, database=None)
SCORE = st.sampled_from([k / 20 for k in range(21)]) | st.floats(0, 1)


class TestAggregates:
    """cIoU@0.5, mean cIoU, AUC."""

    @pytest.mark.parametrize('kind', [list, np.array, torch.tensor])
    def test_toy(self, kind: type) -> None:
        cious = kind(TOY_CIOUS) if kind is not torch.tensor else torch.tensor(
            TOY_CIOUS, dtype=torch.float64)
        assert success_rate(cious) == pytest.approx(0.571429, abs=1e-6)
        assert success_auc(cious) == pytest.approx(0.5, abs=1e-12)
        summary = summarize_cious(cious)
        assert summary == pytest.approx({
            'ciou@0.5': 57.142857,
            'mean_ciou': 49.857143,
            'auc': 50.0
        })

    @pytest.mark.parametrize('k', range(21))
    def test_thresholds_are_the_published_products(self, k: int) -> None:
        """``0.05 * 3`` is above 0.15."""
        passed = sum(k / 20 >= 0.05 * j for j in range(21))
        assert passed == k + 1 - (k in (3, 6, 7, 12, 14, 17, 19))
        rates = (np.arange(21) < passed).astype(float)
        expected = np.trapezoid(rates, dx=0.05)
        assert success_auc([k / 20]) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize('function',
                             [success_rate, success_auc, summarize_cious])
    @pytest.mark.parametrize('cious, message',
                             [([], 'at least one sample'),
                              ([0.5, float('nan')], 'NaN'),
                              (torch.tensor([float('inf')]), 'infinity')])
    def test_refusals(self, function: object, cious: object,
                      message: str) -> None:
        with pytest.raises(ValueError, match=message):
            function(cious)


class TestThreeNumbers:
    """cIoU@0.5, mean cIoU, AUC."""

    def test_contributions_add_up(self) -> None:
        cious = np.concatenate((CIOUS, np.arange(21) / 20))
        scores = sample_scores(cious)
        assert {
            k: v.mean()
            for k, v in scores.items()
        } == pytest.approx(summarize_cious(cious))


def test_a_group_is_right_if_all_of_it_is() -> None:
    groups = ['a', 'b', 'a', 'c', 'b']
    found = summarize_groups([0.9, 0.5, 0.49, 1, 0.7], groups)
    assert found['iiou@0.5'] == pytest.approx(200 / 3)
    assert (found['n_groups'], found['n_single']) == (3, 1)
    assert group_cious([0.9, 0.5, 0.49, 1, 0.7],
                       groups).tolist() == [0.49, 0.5, 1]


@given(st.lists(st.tuples(SCORE, st.integers(0, 5)), min_size=1))
@QUICK
def test_equals_the_definition(samples: list) -> None:
    cious, groups = zip(*samples)
    rates = []
    for k in range(21):
        right = [
            all(c >= 0.05 * k for c, g in samples if g == group)
            for group in set(groups)
        ]
        rates.append(sum(right) / len(right))
    found = summarize_groups(cious, groups)
    # Threshold 0.5 is number 10.
    assert found['iiou@0.5'] == pytest.approx(100 * rates[10])
    assert found['iauc'] == pytest.approx(100 * np.trapezoid(rates, dx=0.05))


@pytest.mark.parametrize('cious, groups, message', [
    ([], [], 'at least one sample'),
    ([0.5, float('nan')], 'aa', 'NaN'),
    ([0.5, 0.4], 'a', '2 cIoUs but 1 group'),
    ([0.5, 0.4], ['a', None], 'sample 1 has no group'),
])
def test_refusals(cious: list, groups: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        summarize_groups(cious, groups)
