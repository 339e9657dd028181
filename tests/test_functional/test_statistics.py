"""Numbers as functions of samples, and paired tests: scipy's answers."""
import math

import numpy as np
import pytest
from scipy import stats

from fnac_mm.functional import (SampleStatistic, mcnemar_test, paired_test,
                                swap_test)

RNG = np.random.default_rng(3)
CIOUS = np.random.default_rng(7).beta(2, 2, 249)


def median(values: np.ndarray) -> float:
    return float(np.median(values))


def test_mean_and_function_agree() -> None:
    """The mean as a function goes the slow way to the same number."""
    values = RNG.normal(10, 2, 80)
    fast = SampleStatistic((values, ))
    slow = SampleStatistic((values, ), function=lambda v: float(v.mean()))
    assert fast.value() == pytest.approx(slow.value())
    np.testing.assert_allclose(fast.interval(), slow.interval(), atol=0.15)


def test_swap_test_equals_scipy() -> None:
    """Paired samples that change places: 'samples' permutations."""
    first, second = RNG.normal(0, 1, (2, 14))
    second = second + 0.5

    def difference(left: np.ndarray, right: np.ndarray) -> float:
        return float(np.median(right) - np.median(left))

    expected = stats.permutation_test((first, second),
                                      difference,
                                      permutation_type='samples',
                                      n_resamples=np.inf).pvalue
    found = swap_test(median, [first], [second], n_resamples=4000)
    assert found['difference'] == pytest.approx(difference(first, second))
    assert found['p_value'] == pytest.approx(expected, abs=0.03)


def test_groups_change_places_together() -> None:
    """With one group there are two arrangements, both as far from 0."""
    first, second = RNG.normal(0, 1, (2, 20))
    found = swap_test(median, [first], [second], ['g'] * 20, n_resamples=50)
    assert found['p_value'] == 1
    assert np.isnan(found['low'])


def test_compare_of_equal_models() -> None:
    columns = RNG.normal(0, 1, (30, 3)), RNG.normal(0, 1, 30)

    def function(matrix: np.ndarray, vector: np.ndarray) -> float:
        return float((matrix.max(axis=1) * vector).sum())

    statistic = SampleStatistic(columns, function=function)
    found = statistic.compare(statistic)
    assert found == dict(difference=0, low=0, high=0, p_value=1)


def test_columns_must_fit() -> None:
    with pytest.raises(ValueError, match='1 and 2 columns'):
        swap_test(median, [np.ones(3)], [np.ones(3), np.ones(3)])
    with pytest.raises(ValueError, match=r'lengths \[3, 4\]'):
        swap_test(median, [np.ones(3)], [np.ones(4)])


class TestPairs:
    """Two models on the same samples."""

    @pytest.mark.parametrize('n', [6, 60])
    def test_agrees_with_scipy(self, n: int) -> None:
        """Exact for few samples, drawn for many."""
        rng = np.random.default_rng(n)
        first = rng.random(n)
        second = first + rng.normal(0.05, 0.2, n)
        expected = stats.permutation_test((second - first, ),
                                          np.mean,
                                          permutation_type='samples').pvalue
        ours = paired_test(first, second)
        assert ours['p_value'] == pytest.approx(
            expected, abs=1e-12 if n == 6 else .02)
        assert ours['difference'] == pytest.approx((second - first).mean())
        assert ours['low'] < ours['difference'] < ours['high']

    def test_symmetric_and_seeded(self) -> None:
        other = RNG.random(249)
        ours, turned = paired_test(CIOUS, other), paired_test(other, CIOUS)
        assert ours == paired_test(CIOUS, other)
        assert ours['difference'] == -turned['difference']
        assert ours['p_value'] == pytest.approx(turned['p_value'], abs=.02)

    def test_clear_and_none(self) -> None:
        better = paired_test(CIOUS, CIOUS + 0.1 + 0.01 * RNG.random(249))
        assert better['p_value'] == 1e-4 and better['low'] > 0.1
        same = paired_test(CIOUS, CIOUS)
        assert same == dict(difference=0, low=0, high=0, p_value=1)
        single = paired_test([0.1], [0.2])
        assert single['p_value'] == 1 and math.isnan(single['low'])

    def test_groups(self) -> None:
        """Copies of a sample are no further evidence."""
        first, second = RNG.random((2, 6))
        keys = np.repeat(np.arange(6), 4).tolist()
        ours = paired_test(np.repeat(first, 4), np.repeat(second, 4), keys)
        assert ours['p_value'] == paired_test(first, second)['p_value']

    def test_mcnemar(self) -> None:
        """Two-sided sign test of 1 against 9."""
        first = np.array([1] * 5 + [0] * 9 + [1], bool)
        second = np.array([1] * 5 + [1] * 9 + [0], bool)
        ours = mcnemar_test(first, second)
        assert (ours['only_first'], ours['only_second']) == (1, 9)
        assert ours['p_value'] == pytest.approx(2 * (1 + 10) / 2**10)
        assert mcnemar_test(first, first)['p_value'] == 1

    @pytest.mark.parametrize('first, second', [([1, 0], [1]), ([], []),
                                               ([[1]], [[0]])])
    def test_refusals(self, first: list, second: list) -> None:
        for test in (paired_test, mcnemar_test):
            with pytest.raises(ValueError):
                test(first, second)
