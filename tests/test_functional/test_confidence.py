"""Intervals and tests against closed forms and scipy."""
import math

import numpy as np
import pytest
from scipy import stats

from fnac_mm.functional import (bootstrap_interval, detection_ap, mcnemar_test,
                                mean_interval, paired_test, sample_scores,
                                summarize_cious, summarize_intervals)

RNG = np.random.default_rng(7)
CIOUS = RNG.beta(2, 2, 249)


class TestMeanInterval:
    """Percentile bootstrap of means."""

    @pytest.mark.parametrize('right, n', [(100, 249), (12, 64), (900, 3000)])
    def test_binomial(self, right: int, n: int) -> None:
        """Draws of a success rate are binomial: closed-form quantiles."""
        values = np.arange(n) < right
        ours = mean_interval(values, n_resamples=4000)
        expected = stats.binom.ppf((.025, .975), n, right / n) / n
        assert ours == pytest.approx(expected, abs=max(1.1 / n, 0.004))

    def test_coverage(self) -> None:
        """The truth is inside in about 95 of 100 experiments."""
        rng = np.random.default_rng(0)
        inside = 0
        for _ in range(300):
            low, high = mean_interval(rng.random(100) < 0.4, n_resamples=300)
            inside += low <= 0.4 <= high
        # Six standard deviations of a binomial around 0.94.
        assert 0.86 < inside / 300 <= 1

    def test_normal(self) -> None:
        values = RNG.normal(3, 2, 1000)
        error = values.std() / math.sqrt(1000)
        for level, width in ((0.95, 1.96), (0.68, 0.9945)):
            low, high = mean_interval(values, level=level)
            assert low == pytest.approx(values.mean() - width * error, abs=.02)
            assert high == pytest.approx(
                values.mean() + width * error, abs=.02)

    def test_seed(self) -> None:
        first = mean_interval(CIOUS, seed=1)
        assert np.array_equal(first, mean_interval(CIOUS, seed=1))
        assert not np.array_equal(first, mean_interval(CIOUS, seed=2))

    def test_rows_are_drawn_alike(self) -> None:
        rows = mean_interval([CIOUS, 2 * CIOUS + 1])
        assert rows.shape == (2, 2)
        np.testing.assert_allclose(rows[:, 1], 2 * rows[:, 0] + 1)
        np.testing.assert_allclose(rows[:, 0], mean_interval(CIOUS))

    def test_groups_are_drawn_together(self) -> None:
        """Five copies of a sample say as much as the sample."""
        copies, keys = np.repeat(CIOUS, 5), np.repeat(np.arange(249), 5)
        shuffled = RNG.permutation(len(keys))
        alone = mean_interval(CIOUS)
        together = mean_interval(copies[shuffled], keys[shuffled].tolist())
        naive = mean_interval(copies)
        assert np.ptp(together) == pytest.approx(np.ptp(alone), rel=.15)
        assert np.ptp(together) / np.ptp(naive) == pytest.approx(
            math.sqrt(5), rel=.15)

    def test_constant_and_single(self) -> None:
        assert mean_interval([0.3] * 9) == pytest.approx([0.3, 0.3])
        assert np.isnan(mean_interval([0.3])).all()
        assert np.isnan(mean_interval([[0.3], [1]])).shape == (2, 2)
        assert np.isnan(mean_interval([0.3, 0.6], groups='aa')).all()

    @pytest.mark.parametrize('values, groups, message',
                             [([], None, 'at least one'),
                              ([1, math.nan], None, 'finite'),
                              ([1, 2], 'a', '2 samples but 1 group')])
    def test_refusals(self, values: list, groups: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            mean_interval(values, groups)


class TestAnyStatistic:
    """Bootstrap of what is not a mean."""

    def test_agrees_with_the_mean(self) -> None:
        ours = bootstrap_interval(np.mean, CIOUS, n_resamples=4000)
        assert ours == pytest.approx(mean_interval(CIOUS), abs=.005)

    def test_agrees_with_scipy(self) -> None:
        values = RNG.exponential(size=200)
        expected = stats.bootstrap((values, ),
                                   np.median,
                                   n_resamples=4000,
                                   method='percentile').confidence_interval
        ours = bootstrap_interval(np.median, values, n_resamples=4000)
        assert ours == pytest.approx(expected, abs=.03)

    def test_several_columns(self) -> None:
        """Rows stay together: the correlation of x with 2 x is 1."""
        low, high = bootstrap_interval(lambda x, y: np.corrcoef(x, y)[0, 1],
                                       CIOUS, 2 * CIOUS)
        assert (low, high) == pytest.approx((1, 1))

    def test_average_precision(self) -> None:
        confidence, positive = RNG.random(200), RNG.random(200) < 0.5
        columns = (confidence, RNG.random(200), positive)

        def statistic(*drawn: np.ndarray) -> float:
            return detection_ap(*drawn, 'standard')

        low, high = bootstrap_interval(statistic, *columns, n_resamples=200)
        assert 0 < low < statistic(*columns) < high < 1
        assert (low, high) == bootstrap_interval(
            statistic, *columns, n_resamples=200)

    def test_groups(self) -> None:
        copies, keys = np.repeat(CIOUS, 5), np.repeat(np.arange(249), 5)
        ours = bootstrap_interval(np.mean, copies, groups=keys.tolist())
        assert ours == pytest.approx(mean_interval(CIOUS), abs=.01)

    def test_draws_without_a_value(self) -> None:
        """A fifth of the draws hold no positive: NaN, left out."""
        positive = np.array([True, False])

        def rate(drawn: np.ndarray) -> float:
            return float(drawn.mean()) if drawn.any() else math.nan

        assert bootstrap_interval(rate, positive) == (0.5, 1)
        assert all(
            map(math.isnan, bootstrap_interval(lambda _: math.nan, CIOUS)))

    def test_edges(self) -> None:
        assert all(map(math.isnan, bootstrap_interval(np.mean, [1.])))
        with pytest.raises(ValueError, match=r'\[2, 1\]'):
            bootstrap_interval(np.mean, [1, 2], [1])
        with pytest.raises(ValueError, match='columns'):
            bootstrap_interval(np.mean)


class TestThreeNumbers:
    """cIoU@0.5, mean cIoU, AUC."""

    def test_contributions_add_up(self) -> None:
        cious = np.concatenate((CIOUS, np.arange(21) / 20))
        scores = sample_scores(cious)
        assert {
            k: v.mean()
            for k, v in scores.items()
        } == pytest.approx(summarize_cious(cious))

    def test_intervals_hold_the_numbers(self) -> None:
        intervals, numbers = summarize_intervals(CIOUS), summarize_cious(CIOUS)
        assert list(intervals) == list(numbers)
        for name, (low, high) in intervals.items():
            assert 0 < low < numbers[name] < high < 100
        low, high = intervals['ciou@0.5']
        n, rate = len(CIOUS), numbers['ciou@0.5'] / 100
        assert high - low == pytest.approx(
            100 * 2 * 1.96 * math.sqrt(rate * (1 - rate) / n), rel=.1)


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

    def test_level(self) -> None:
        """Alike models differ with p <= 0.1 in about one of ten trials."""
        rng = np.random.default_rng(0)
        trials = [
            paired_test(*rng.random((2, 40)), n_resamples=199)['p_value']
            for _ in range(150)
        ]
        assert 0.03 < np.mean(np.array(trials) <= 0.1) < 0.2

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
