"""Numbers as functions of samples: scipy's answers and properties."""
import numpy as np
import pytest
from scipy import stats

from fnac_mm.functional import SampleStatistic, swap_test

RNG = np.random.default_rng(3)


def median(values: np.ndarray) -> float:
    return float(np.median(values))


def test_mean_and_function_agree() -> None:
    """The mean as a function goes the slow way to the same number."""
    values = RNG.normal(10, 2, 80)
    fast = SampleStatistic((values, ))
    slow = SampleStatistic((values, ), function=lambda v: float(v.mean()))
    assert fast.value() == pytest.approx(slow.value())
    np.testing.assert_allclose(fast.interval(), slow.interval(), atol=0.15)


def test_interval_of_a_function_equals_scipy() -> None:
    values = RNG.exponential(3, 60)
    found = SampleStatistic((values, ), function=median).interval()
    expected = stats.bootstrap((values, ),
                               np.median,
                               n_resamples=4000,
                               method='percentile').confidence_interval
    np.testing.assert_allclose(found, expected, atol=0.4)


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
